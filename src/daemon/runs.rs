//! Queue runs: everything that was left, once or again and again.

use super::load;
use super::mta::{Mta, Phase};
use crate::addr::shorten;
use crate::deliver::Connections;
use crate::envelope::{Envelope, MessageKey, NotePlace, SHOWN_OF_SENDER, set_sender};
use crate::logging::{Errors, Priority, Quiet};
use crate::message::set_dates;
use crate::queue::{EntryKind, Lease, Loaded, Selection};
use crate::rewrite::Parsed;
use crate::schema::{DeliveryMode, Reply, Sysexit};
use crate::sys::clock;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;

/// Messages that a run learns of at a time. For each such lot the whole queue is read: with a million of them once, for
/// a hundred bytes each; beyond that memory does not grow.
const MAX_DUE: usize = 1_000_000;

/// Why a message is taken out of the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Occasion {
    /// Of a run: held messages, or those that wait.
    kind: EntryKind,
    /// A run of what somebody asks for (`-qR` and the like, ETRN).
    selected: bool,
    /// No run: there is room for it now.
    recalled: bool,
}

impl Occasion {
    const RECALL: Self = Self { kind: EntryKind::Normal, selected: false, recalled: true };

    /// That of a run.
    pub(super) fn of(selection: &Selection) -> Self {
        Self { kind: selection.kind, selected: selection.is_limited(), recalled: false }
    }
}

impl Mta {
    /// One pass over the queue, all groups side by side; returns when all that it took is done, with the exit status of the
    /// last message of the last group.
    pub async fn run_queue(self: Arc<Self>, selection: &Selection) -> Sysexit {
        let groups = self.queue.options().groups_of(selection);
        self.run_groups(&groups, selection).await
    }

    async fn run_groups(self: Arc<Self>, groups: &[u16], selection: &Selection) -> Sysexit {
        if self.is_too_busy_for_any() {
            return Sysexit::OK;
        }
        let mut runs = JoinSet::new();
        for group in groups.iter().copied() {
            let (mta, selection) = (self.clone(), selection.clone().in_group(Some(group)));
            runs.spawn(async move { (group, mta.run_group(group, &selection).await) });
        }
        let mut last = (0, Sysexit::OK);
        while let Some(ended) = runs.join_next().await {
            // a run that broke has no status
            last = ended.map_or(last, |ended| if ended.0 >= last.0 { ended } else { last });
        }
        last.1
    }

    /// J= limits what it takes, R= how many at a time.
    async fn run_group(self: Arc<Self>, group: u16, selection: &Selection) -> Sysexit {
        let runners = self.queue.options().groups.get(usize::from(group)).map_or(0, |group| group.runners);
        let at_a_time = (runners > 1).then(|| Arc::new(Semaphore::new(runners)));
        let last = Arc::new(Mutex::new((0, Sysexit::OK)));
        let occasion = Occasion::of(selection);
        let mut turn = 0;
        let mut progress = self.queue.begin_run(load::threshold(&self.site.config.options));
        let mut left = self.queue.options().jobs(group);
        // each delivery holds an end; they go on when nobody waits for this run any more
        let (running, mut done) = mpsc::channel::<()>(1);
        while left > 0 && !self.is(Phase::Draining) {
            let limit = left.min(MAX_DUE);
            let due = match self.queue.due(selection, limit, &mut progress).await {
                Ok(due) => due,
                Err(error) => {
                    self.complain(None, &error);
                    break;
                }
            };
            // fewer than asked for: the queue need not be read again to see that these were all
            left = if due.len() < limit { 0 } else { left - due.len() };
            for key in due {
                // it comes back by itself
                if self.deliverer.pools.will_recall(&key) {
                    continue;
                }
                let turn_of = match &at_a_time {
                    Some(at_a_time) => at_a_time.clone().acquire_owned().await.ok(),
                    None => None,
                };
                let runner = (self.runner().await, turn_of);
                let Some(preparing) = self.prepare().await else { break };
                let (mta, held) = (self.clone(), (runner, self.begin(), running.clone()));
                let last = last.clone();
                turn += 1;
                tokio::spawn(async move {
                    let status = mta.run_one(&key, preparing, occasion).await;
                    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                    *last = (*last).max((turn, status));
                    drop(held);
                });
            }
        }
        drop(running);
        while done.recv().await.is_some() {}
        let (_, status) = *last.lock().unwrap_or_else(PoisonError::into_inner);
        status
    }

    /// MaxQueueChildren: so many messages of queue runs are worked on at the same time.
    async fn runner(&self) -> Option<OwnedSemaphorePermit> {
        self.runners.clone()?.acquire_owned().await.ok()
    }

    /// Messages that found no room come back when there is some.
    pub(super) fn recall_messages(self: &Arc<Self>) {
        let mta = Arc::downgrade(self);
        self.deliverer.pools.on_recall(move |key, recalled| {
            let (Some(mta), Ok(runtime)) = (mta.upgrade(), Handle::try_current()) else { return };
            let under_way = mta.begin();
            runtime.spawn(async move {
                if let Some(preparing) = mta.prepare().await {
                    mta.run_one(&key, preparing, Occasion::RECALL).await;
                }
                drop((recalled, under_way));
            });
        });
    }

    async fn run_one(
        self: &Arc<Self>,
        key: &MessageKey,
        preparing: OwnedSemaphorePermit,
        occasion: Occasion,
    ) -> Sysexit {
        if self.is(Phase::Stopping) {
            return Sysexit::OK;
        }
        match self.take(key, occasion).await {
            Ok((lease, envelope)) => without_delay(self.deliver(lease, *envelope, Some(preparing)).await),
            Err(status) => status,
        }
    }

    /// The next message of a run that is watched.
    pub(super) async fn run_next(
        self: &Arc<Self>,
        key: &MessageKey,
        occasion: Occasion,
        connections: &mut Connections,
    ) -> Sysexit {
        match self.take(key, occasion).await {
            Ok((lease, mut envelope)) => {
                envelope.attempt.console.steps = true;
                envelope.attempt.console.utf8 = self.site.config.options.utf8_addresses;
                envelope.attempt.console.errors = Errors::Said;
                let held = self.hold(lease);
                without_delay(self.deliver_over(held, *envelope, connections, &mut |_| ()).await)
            }
            Err(status) => status,
        }
    }

    /// Leases a message that is to be delivered now.
    ///
    /// # Errors
    /// There is nothing to deliver; the exit status.
    async fn take(
        self: &Arc<Self>,
        key: &MessageKey,
        occasion: Occasion,
    ) -> Result<(Lease, Box<Envelope>), Sysexit> {
        let Occasion { kind, selected, recalled } = occasion;
        let runs_held = kind != EntryKind::Normal;
        match self.queue.load(key, kind).await {
            // a file that says itself that it is held gets the name of such
            Ok(Loaded::Ready(mut lease, mut envelope)) if !runs_held && envelope.quarantine.is_some() => {
                envelope.tell_notes(NotePlace::END, &self.log);
                envelope.last_attempt = clock::now();
                envelope.name_recipients(&self.site.config);
                if let Err(error) = self.queue.update(&mut lease, &envelope).await {
                    self.complain(Some(&key.id), &error);
                }
                Err(Sysexit::OK)
            }
            // the load is too high for it: it stays as it is
            Ok(Loaded::Ready(_, envelope)) if !recalled && self.waits_for_load(&envelope) => Err(Sysexit::OK),
            Ok(Loaded::Ready(lease, mut envelope)) => {
                envelope.attempt.recalled = recalled;
                envelope.attempt.selected = selected;
                envelope.forget_delays();
                envelope.attempt.read_back = !recalled;
                let config = &self.site.config;
                if envelope.scope.defers(config) {
                    // what was deferred is looked up now
                    envelope.scope.set_delivery_mode(config, DeliveryMode::Background);
                }
                self.restore_envelope(&mut envelope).await;
                Ok((lease, envelope))
            }
            Ok(Loaded::SetAside { distrust, .. }) if !distrust.is_fault() => Err(Sysexit::OK),
            Ok(Loaded::Incomplete(faults)) if faults.is_empty() => Err(Sysexit::OK),
            Ok(Loaded::Incomplete(_) | Loaded::SetAside { .. }) => Err(Sysexit::SOFTWARE),
            // somebody else works on it, or it is gone or not whole: the next run looks again
            Ok(_) => Err(Sysexit::OK),
            Err(error) => {
                self.complain(Some(&key.id), &error);
                Err(Sysexit::OSERR)
            }
        }
    }

    /// No message is so urgent that it could be delivered at this load: the queue need not be read.
    pub(super) fn is_too_busy_for_any(&self) -> bool {
        let options = &self.site.config.options;
        let too_busy = load::should_queue(options, options.recipient_factor);
        if too_busy {
            let text = b"runqueue: Skipping queue run -- load average too high";
            self.log.log(8, Priority::Info, None, text);
        }
        too_busy
    }

    /// QueueLA and QueueFactor, by the priority that the queue has for it.
    fn waits_for_load(&self, envelope: &Envelope) -> bool {
        let stored = envelope.priority.wrapping_sub(self.queue.options().retry_factor);
        load::should_queue(&self.site.config.options, stored)
    }

    /// What a queue file does not hold: the sender resolved, the macros of the moment.
    async fn restore_envelope(&self, envelope: &mut Envelope) {
        let config = &self.site.config;
        set_dates(config, &mut envelope.scope, clock::now());
        envelope.scope.set_named(config, b"i", envelope.id.as_bytes());
        let text = envelope.sender.text.clone();
        envelope.tell_notes(NotePlace::BeforeSender, &self.log);
        let parsed = match text.is_empty() {
            true => Parsed::default(),
            false => set_sender(&self.site, envelope, &mut Quiet, &text).await,
        };
        if parsed.address.is_none() && !parsed.temporary {
            self.replace_sender(envelope, &text, &parsed.problems).await;
        }
    }

    /// A sender that is none: nobody is whoever runs the queue, anything else this host's daemon.
    async fn replace_sender(&self, envelope: &mut Envelope, text: &[u8], problems: &[Reply]) {
        let config = &self.site.config;
        let from = envelope.scope.value(b'_').unwrap_or(b"localhost");
        let shown = shorten(text, SHOWN_OF_SENDER);
        let said = [b"setsender: ", &shown[..], b": invalid or unparsable, received from ", from].concat();
        self.log.log(2, Priority::Notice, Some(envelope.id.as_bytes()), &said);
        // whoever runs the queue takes his place
        envelope.attempt.own_sender = true;
        for problem in problems {
            envelope.attempt.fail_with(problem.enhanced.map_or(Sysexit::UNAVAILABLE, Sysexit::of_status));
            envelope.note_reply(problem);
            // a warning behind it does not say that it is nothing but that
            envelope.attempt.more_than_delayed = true;
        }
        let name = match text.is_empty() {
            true => self.log.caller().to_vec(),
            false => config.expand(config.macro_value("n").unwrap_or(b"MAILER-DAEMON")),
        };
        set_sender(&self.site, envelope, &mut Quiet, &name).await;
    }

    /// The daemon's runs: what a crash left is taken up at once, then one run per interval. Groups with an interval of
    /// their own (I=) go by that.
    pub(super) async fn runs(self: Arc<Self>, interval: Duration, selection: Selection) {
        let groups = self.queue.options().groups_of(&selection);
        let own = |group: &u16| self.queue.options().groups.get(usize::from(*group))?.interval;
        let (apart, together): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| own(group).is_some());
        let mut runs = JoinSet::new();
        for group in apart {
            let interval = own(&group).unwrap_or(interval);
            runs.spawn(self.clone().run_again(vec![group], interval, selection.clone()));
        }
        runs.spawn(self.run_again(together, interval, selection));
        // they go on as long as this one does
        while runs.join_next().await.is_some() {}
    }

    async fn run_again(self: Arc<Self>, groups: Vec<u16>, interval: Duration, selection: Selection) {
        while !groups.is_empty() {
            self.clone().run_groups(&groups, &selection).await;
            tokio::time::sleep(interval).await;
        }
    }
}

/// It stays in the queue, which is no failure of a run.
fn without_delay(status: Sysexit) -> Sysexit {
    if status == Sysexit::TEMPFAIL { Sysexit::OK } else { status }
}
