//! Permits, shared out fairly among destinations.
//!
//! In: a destination that somebody wants to deliver to. Out: a permit, at once or in turn; where too many wait
//! already, nothing: the caller lets go of all it holds and leaves a note, which comes back when it may wait.
//! Each destination has its share of the permits; those that are free go round among the destinations.
//! Never here: what a delivery is, tasks, time.

use super::next_hop::NextHop;
use crate::config::MailerId;
use crate::envelope::MessageKey;
use hashbrown::{HashMap, HashSet};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::oneshot;

/// Where mail goes, as far as it gets in the way of other mail.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Destination {
    /// Somebody of this host, or what acts for them: a mailbox, a file, a program.
    Mailbox(MailerId, Vec<u8>),
    /// A host, whichever mailer it is reached by.
    Hop(NextHop),
    /// `$h`, of which only the name is known.
    Name(Vec<u8>),
}

/// How many may do what at the same time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Permits in all.
    pub(super) total: usize,
    /// Permits of one destination.
    pub(super) each: usize,
    /// Who waits for one, in all; everybody beyond leaves a note.
    pub(super) waiting: usize,
}

/// A set of permits. Cloning shares it.
#[derive(Clone)]
pub(super) struct Permits(Arc<Shared>);

/// What is done with a note whose turn it is.
type Recall = Box<dyn Fn(MessageKey, Recalled) + Send + Sync>;

struct Shared {
    limits: Limits,
    state: Mutex<State>,
    recall: OnceLock<Recall>,
}

#[derive(Default)]
struct State {
    active: usize,
    waiting: usize,
    recalled: usize,
    lines: HashMap<Destination, Line>,
    /// Destinations below their share for which somebody waits; each once.
    turns: VecDeque<Destination>,
    /// Destinations with notes and few who wait; each once.
    recalls: VecDeque<Destination>,
    /// All notes.
    notes: HashSet<MessageKey>,
    /// Nobody is given one any more.
    closed: bool,
}

/// One destination.
#[derive(Default)]
struct Line {
    active: usize,
    recalled: usize,
    waiting: VecDeque<oneshot::Sender<()>>,
    notes: VecDeque<MessageKey>,
    in_turns: bool,
    in_recalls: bool,
}

impl Line {
    fn is_empty(&self) -> bool {
        self.active == 0 && self.recalled == 0 && self.waiting.is_empty() && self.notes.is_empty()
    }
}

/// The right to deliver, once [`Permit::ready`] has returned; given back when dropped.
pub(super) struct Permit {
    shared: Arc<Shared>,
    destination: Destination,
    /// Not yet given.
    granted: Option<oneshot::Receiver<()>>,
}

/// Whoever came back by a note: more notes are recalled when it has got its permit, or is gone.
pub struct Recalled {
    shared: Arc<Shared>,
    destination: Destination,
}

impl Permits {
    pub(super) fn new(limits: Limits) -> Self {
        Self(Arc::new(Shared { limits, state: Mutex::default(), recall: OnceLock::new() }))
    }

    /// What is to be done with notes; the first caller decides.
    pub(super) fn on_recall(&self, recall: Recall) {
        let _ = self.0.recall.set(recall);
    }

    /// A permit, or a place in the line for one. `None`: too many wait. Who was recalled always has a place.
    pub(super) fn enter(&self, destination: Destination, recalled: bool) -> Option<Permit> {
        let mut guard = self.0.lock();
        let state = &mut *guard;
        let Limits { total, each, waiting } = self.0.limits;
        // what is left of the places is shared by those who come, so no destination takes them all
        let places = waiting.saturating_sub(state.waiting + state.recalled) / 2;
        if state.closed {
            return None;
        }
        let line = state.lines.entry(destination.clone()).or_default();
        let mut granted = None;
        if state.active < total && line.active < each && line.waiting.is_empty() {
            line.active += 1;
            state.active += 1;
        } else if recalled || (line.notes.is_empty() && line.waiting.len() < places) {
            let (grant, place) = oneshot::channel();
            line.waiting.push_back(grant);
            state.waiting += 1;
            granted = Some(place);
            // all permits may be in use elsewhere while this destination is below its share
            state.offer_turn(&destination, each);
        } else {
            state.forget(&destination);
            return None;
        }
        drop(guard);
        Some(Permit { shared: self.0.clone(), destination, granted })
    }

    /// Leaves a note of somebody who found no place.
    pub(super) fn leave_note(&self, destination: &Destination, note: MessageKey) {
        let mut state = self.0.lock();
        if !state.closed && state.notes.insert(note.clone()) {
            state.lines.entry(destination.clone()).or_default().notes.push_back(note);
        }
        self.0.settle(state, destination);
    }

    /// Who waits is told that there is nothing to wait for, and notes are forgotten.
    pub(super) fn close(&self) {
        let mut state = self.0.lock();
        state.closed = true;
        state.waiting = 0;
        state.notes.clear();
        for line in state.lines.values_mut() {
            line.waiting.clear();
            line.notes.clear();
        }
    }

    /// Is there a note of it?
    pub(super) fn has_note(&self, note: &MessageKey) -> bool {
        self.0.lock().notes.contains(note)
    }

    /// Permits in use, who waits for one, notes.
    /// Who delivers to a destination, or waits for that.
    pub(super) fn deliveries_to(&self, destination: &Destination) -> usize {
        self.0.lock().lines.get(destination).map_or(0, |line| line.active + line.waiting.len())
    }

    pub(super) fn counts(&self) -> (usize, usize, usize) {
        let state = self.0.lock();
        (state.active, state.waiting, state.notes.len())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something has changed at a destination: permits that are free are given away, notes recalled.
    fn settle(self: &Arc<Self>, mut state: MutexGuard<'_, State>, destination: &Destination) {
        state.offer_turn(destination, self.limits.each);
        state.offer_recall(destination, self.limits.each);
        state.give_permits(self.limits);
        let recalls = state.recall_notes(self.limits);
        state.forget(destination);
        drop(state);
        for (note, destination) in recalls {
            let recalled = Recalled { shared: self.clone(), destination };
            if let Some(recall) = self.recall.get() {
                recall(note, recalled);
            }
        }
    }
}

impl State {
    fn offer_turn(&mut self, destination: &Destination, each: usize) {
        let Some(line) = self.lines.get_mut(destination) else { return };
        if !line.in_turns && line.active < each && !line.waiting.is_empty() {
            line.in_turns = true;
            self.turns.push_back(destination.clone());
        }
    }

    fn offer_recall(&mut self, destination: &Destination, each: usize) {
        let Some(line) = self.lines.get_mut(destination) else { return };
        if !line.in_recalls && !line.notes.is_empty() && line.waiting.len() + line.recalled < each {
            line.in_recalls = true;
            self.recalls.push_back(destination.clone());
        }
    }

    fn give_permits(&mut self, limits: Limits) {
        while self.active < limits.total {
            let Some(destination) = self.turns.pop_front() else { return };
            let Some(line) = self.lines.get_mut(&destination) else { continue };
            line.in_turns = false;
            while line.active < limits.each
                && let Some(grant) = line.waiting.pop_front()
            {
                self.waiting -= 1;
                // whoever waited may have given up
                if grant.send(()).is_ok() {
                    line.active += 1;
                    self.active += 1;
                    break;
                }
            }
            self.offer_turn(&destination, limits.each);
            self.offer_recall(&destination, limits.each);
            self.forget(&destination);
        }
    }

    fn recall_notes(&mut self, limits: Limits) -> Vec<(MessageKey, Destination)> {
        let mut recalls = Vec::new();
        while self.waiting + self.recalled < limits.waiting {
            let Some(destination) = self.recalls.pop_front() else { break };
            let Some(line) = self.lines.get_mut(&destination) else { continue };
            line.in_recalls = false;
            if line.waiting.len() + line.recalled < limits.each
                && let Some(note) = line.notes.pop_front()
            {
                line.recalled += 1;
                self.recalled += 1;
                self.notes.remove(&note);
                recalls.push((note, destination.clone()));
            }
            self.offer_recall(&destination, limits.each);
        }
        recalls
    }

    fn forget(&mut self, destination: &Destination) {
        if self.lines.get(destination).is_some_and(Line::is_empty) {
            self.lines.remove(destination);
        }
    }
}

impl Permit {
    /// Waits for the permit. `false`: it is not given any more.
    pub(super) async fn ready(&mut self) -> bool {
        if let Some(granted) = &mut self.granted {
            if granted.await.is_err() {
                return false;
            }
            self.granted = None;
        }
        true
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(mut granted) = self.granted.take() {
            granted.close();
            if granted.try_recv().is_err() {
                return; // still in the line, where it is passed over
            }
        }
        let mut state = self.shared.lock();
        state.active -= 1;
        if let Some(line) = state.lines.get_mut(&self.destination) {
            line.active -= 1;
        }
        self.shared.settle(state, &self.destination);
    }
}

impl Drop for Recalled {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.recalled -= 1;
        if let Some(line) = state.lines.get_mut(&self.destination) {
            line.recalled -= 1;
        }
        self.shared.settle(state, &self.destination);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::{QueueId, QueueLocation};
    use proptest::prelude::*;

    fn to(name: &str) -> Destination {
        Destination::Name(name.as_bytes().to_vec())
    }

    fn note(number: usize) -> MessageKey {
        let id = QueueId::new(format!("{number:014}").as_bytes()).expect("an identifier");
        MessageKey { id, location: QueueLocation::default() }
    }

    fn is_given(permit: &mut Permit) -> bool {
        permit.granted.as_mut().is_none_or(|granted| granted.try_recv().is_ok()) && {
            permit.granted = None;
            true
        }
    }

    #[test]
    fn a_destination_has_its_share_and_no_more() {
        let permits = Permits::new(Limits { total: 3, each: 2, waiting: 100 });
        let mut slow: Vec<_> = (0..10).map(|_| permits.enter(to("slow"), false).expect("a place")).collect();
        assert_eq!(slow.iter_mut().filter_map(|one| is_given(one).then_some(())).count(), 2);
        let mut other = permits.enter(to("other"), false).expect("a place");
        assert!(is_given(&mut other));
        let mut third = permits.enter(to("third"), false).expect("a place");
        assert!(!is_given(&mut third));
        // whoever comes free goes to those who have fewer
        drop(other);
        assert!(is_given(&mut third));
    }

    #[test]
    fn free_permits_go_round() {
        let permits = Permits::new(Limits { total: 1, each: 1, waiting: 100 });
        let first = permits.enter(to("many"), false).expect("a permit");
        let many: Vec<_> = (0..20).map(|_| permits.enter(to("many"), false).expect("a place")).collect();
        let mut few = permits.enter(to("few"), false).expect("a place");
        drop(first);
        let given = many.into_iter().position(|mut one| {
            let next = is_given(&mut one);
            drop(one);
            next && is_given(&mut few)
        });
        assert!(is_given(&mut few) && given.is_none_or(|place| place < 2), "{given:?}");
    }

    #[test]
    fn who_gives_up_waiting_is_passed_over() {
        let permits = Permits::new(Limits { total: 1, each: 1, waiting: 100 });
        let first = permits.enter(to("a"), false).expect("a permit");
        let second = permits.enter(to("a"), false).expect("a place");
        let mut third = permits.enter(to("a"), false).expect("a place");
        drop(second);
        drop(first);
        assert!(is_given(&mut third));
        drop(third);
        assert_eq!(permits.counts(), (0, 0, 0));
        assert!(permits.0.lock().lines.is_empty());
    }

    type Recalls = Arc<Mutex<Vec<(MessageKey, Recalled)>>>;

    /// Returns a set whose recalled messages are put into a list.
    fn recalling(limits: Limits) -> (Permits, Recalls) {
        let (permits, recalls) = (Permits::new(limits), Arc::new(Mutex::new(Vec::new())));
        let to = recalls.clone();
        permits.on_recall(Box::new(move |note, recalled| to.lock().expect("whole").push((note, recalled))));
        (permits, recalls)
    }

    #[test]
    fn a_note_comes_back_when_there_is_room() {
        let (permits, recalls) = recalling(Limits { total: 1, each: 1, waiting: 8 });
        let active = permits.enter(to("a"), false).expect("a permit");
        let waiting = [(); 3].map(|()| permits.enter(to("a"), false).expect("a place"));
        assert!(permits.enter(to("a"), false).is_none(), "another destination is to find a place, too");
        permits.leave_note(&to("a"), note(1));
        assert!(permits.has_note(&note(1)) && permits.enter(to("b"), false).is_some());
        drop(active);
        drop(waiting);
        let recalled = recalls.lock().expect("whole").pop();
        assert_eq!(recalled.as_ref().map(|(note, _)| note.clone()), Some(note(1)));
        assert!(!permits.has_note(&note(1)));
    }

    /// Takes one message that was recalled. More may be, when it goes.
    fn pop(recalls: &Mutex<Vec<(MessageKey, Recalled)>>) -> bool {
        let recalled = recalls.lock().expect("whole").pop();
        recalled.is_some()
    }

    proptest! {
        /// Whatever comes and goes: limits hold, every note comes back, and nothing is remembered at the end.
        #[test]
        fn limits_hold(steps in proptest::collection::vec((0usize..5, 0usize..4), 1..200)) {
            let limits = Limits { total: 3, each: 2, waiting: 5 };
            let (permits, recalls) = recalling(limits);
            let mut held: Vec<(usize, Permit)> = Vec::new();
            let (mut noted, mut back) = (0, 0);
            for (step, destination) in steps {
                match step {
                    0..3 => match permits.enter(to(&destination.to_string()), false) {
                        Some(permit) => held.push((destination, permit)),
                        None => {
                            permits.leave_note(&to(&destination.to_string()), note(noted));
                            noted += 1;
                        }
                    },
                    3 if !held.is_empty() => drop(held.remove(destination % held.len())),
                    _ => back += usize::from(pop(&recalls)),
                }
                let given = held.iter_mut().filter_map(|(to, one)| is_given(one).then_some(*to));
                let given: Vec<usize> = given.collect();
                prop_assert!(given.len() <= limits.total);
                prop_assert!((0..4).all(|to| given.iter().filter(|one| **one == to).count() <= limits.each));
            }
            held.clear();
            while pop(&recalls) {
                back += 1;
            }
            prop_assert_eq!((noted, permits.counts()), (back, (0, 0, 0)));
            prop_assert!(permits.0.lock().lines.is_empty());
        }
    }
}
