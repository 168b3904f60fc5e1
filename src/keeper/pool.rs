//! Threads that come with the work and go without it, shared out fairly.
//!
//! Every job belongs to a share: a user, a destination. Shares take turns, and none has more than its part of the
//! threads, however much of it waits: one user's slow programs keep nobody else waiting.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Something to be done.
pub(super) type Job = Box<dyn FnOnce() + Send>;

/// How long an idle thread waits for work.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// How much a pool does at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The threads' name.
    pub name: &'static str,
    /// Threads.
    pub threads: usize,
    /// Threads that work for one share.
    pub per_share: usize,
    /// Jobs that wait.
    pub waiting: usize,
}

#[derive(Default)]
struct Share {
    waiting: VecDeque<Job>,
    running: usize,
}

#[derive(Default)]
struct State {
    shares: HashMap<Vec<u8>, Share>,
    /// The shares with work that may be begun now, each once.
    turns: VecDeque<Vec<u8>>,
    waiting: usize,
    threads: usize,
    idle: usize,
    /// No more work will come.
    finishing: bool,
}

impl State {
    /// Work for a share: it takes its place among the others unless it has one, or all that it may have runs.
    fn push(&mut self, name: &[u8], job: Job, per_share: usize) {
        let share = self.shares.entry(name.to_vec()).or_default();
        if share.waiting.is_empty() && share.running < per_share {
            self.turns.push_back(name.to_vec());
        }
        share.waiting.push_back(job);
        self.waiting += 1;
    }

    /// The next job, and whose it is.
    fn begin(&mut self, per_share: usize) -> Option<(Vec<u8>, Job)> {
        let name = self.turns.pop_front()?;
        let share = self.shares.get_mut(&name)?;
        let job = share.waiting.pop_front()?;
        self.waiting -= 1;
        share.running += 1;
        if !share.waiting.is_empty() && share.running < per_share {
            self.turns.push_back(name.clone());
        }
        Some((name, job))
    }

    /// A job is done.
    fn end(&mut self, name: &[u8], per_share: usize) {
        let Some(share) = self.shares.get_mut(name) else { return };
        if share.running == per_share && !share.waiting.is_empty() {
            self.turns.push_back(name.to_vec());
        }
        share.running -= 1;
        if share.running == 0 && share.waiting.is_empty() {
            self.shares.remove(name);
        }
    }

    /// The job of a share that came last, to be given back.
    fn take_back(&mut self, name: &[u8]) -> Option<Job> {
        let share = self.shares.get_mut(name)?;
        let job = share.waiting.pop_back()?;
        self.waiting -= 1;
        if share.waiting.is_empty() {
            self.turns.retain(|other| other != name);
        }
        Some(job)
    }
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    limits: Limits,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some((name, job)) = state.begin(self.limits.per_share) {
                drop(state);
                // a job that breaks must not take the thread's bookkeeping along
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
                state = self.lock();
                state.end(&name, self.limits.per_share);
                continue;
            }
            if state.finishing {
                break;
            }
            state.idle += 1;
            let waited =
                self.changed.wait_timeout(state, IDLE_TIMEOUT).unwrap_or_else(PoisonError::into_inner);
            state = waited.0;
            state.idle -= 1;
            if waited.1.timed_out() && state.turns.is_empty() {
                break;
            }
        }
        state.threads -= 1;
        self.changed.notify_all();
    }
}

/// An elastic set of threads.
pub(super) struct Pool {
    shared: Arc<Shared>,
}

impl Pool {
    /// No thread yet.
    pub(super) fn new(limits: Limits) -> Self {
        Self { shared: Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), limits }) }
    }

    /// Has a job done for a share, when it is its turn.
    ///
    /// # Errors
    /// The job, when too many wait already or no thread can be had.
    pub(super) fn run(&self, share: &[u8], job: Job) -> Result<(), Job> {
        let limits = self.shared.limits;
        let mut state = self.shared.lock();
        if state.waiting >= limits.waiting {
            return Err(job);
        }
        state.push(share, job, limits.per_share);
        if state.turns.len() <= state.idle || state.threads >= limits.threads {
            // whoever wakes needs the lock
            drop(state);
            self.shared.changed.notify_one();
            return Ok(());
        }
        let shared = self.shared.clone();
        let spawned = std::thread::Builder::new().name(limits.name.into()).spawn(move || shared.work());
        match spawned {
            Ok(_) => state.threads += 1,
            Err(_) if state.threads > 0 => self.shared.changed.notify_one(),
            Err(_) => return state.take_back(share).map_or(Ok(()), Err),
        }
        Ok(())
    }

    /// Waits until every job is done and every thread gone.
    pub(super) fn finish(&self) {
        let mut state = self.shared.lock();
        state.finishing = true;
        self.shared.changed.notify_all();
        while state.waiting > 0 || state.threads > 0 {
            let short = Duration::from_millis(20);
            state = self.shared.changed.wait_timeout(state, short).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    const LIMITS: Limits = Limits { name: "test", threads: 4, per_share: 2, waiting: 1000 };

    #[test]
    fn all_jobs_are_done_even_when_one_breaks() {
        let (pool, done) = (Pool::new(LIMITS), Arc::new(AtomicUsize::new(0)));
        for number in 0..100_usize {
            let done = done.clone();
            let job = Box::new(move || {
                done.fetch_add(1, Ordering::SeqCst);
                if number == 50 {
                    std::panic::resume_unwind(Box::new("broken"));
                }
            });
            assert!(pool.run(&[b'a' + (number % 7) as u8], job).is_ok());
        }
        pool.finish();
        assert_eq!(done.load(Ordering::SeqCst), 100);
        assert!(pool.shared.lock().shares.is_empty());
    }

    #[test]
    fn a_share_that_hangs_keeps_nobody_waiting() {
        let pool = Pool::new(LIMITS);
        let (held, holds) = mpsc::channel::<()>();
        let holds = Arc::new(Mutex::new(holds));
        for _ in 0..100 {
            let holds = holds.clone();
            let job = Box::new(move || {
                let _ = holds.lock().expect("held").recv();
            });
            assert!(pool.run(b"slow", job).is_ok());
        }
        let (said, heard) = mpsc::channel();
        for _ in 0..20 {
            let said = said.clone();
            let job = Box::new(move || said.send(()).expect("heard"));
            assert!(pool.run(b"quick", job).is_ok());
        }
        for _ in 0..20 {
            heard.recv_timeout(Duration::from_secs(20)).expect("the quick ones are done");
        }
        assert_eq!(pool.shared.lock().shares[&b"slow"[..]].running, LIMITS.per_share);
        drop(held);
        pool.finish();
    }

    #[test]
    fn shares_take_turns() {
        let (mut state, order) = (State::default(), Arc::new(Mutex::new(Vec::new())));
        for name in ["a", "a", "a", "b", "c"] {
            let order = order.clone();
            let job = Box::new(move || order.lock().expect("free").push(name));
            state.push(name.as_bytes(), job, 1);
        }
        while let Some((name, job)) = state.begin(1) {
            job();
            state.end(&name, 1);
        }
        assert_eq!(*order.lock().expect("free"), ["a", "b", "c", "a", "a"]);
    }

    #[test]
    fn what_is_too_much_comes_back() {
        let pool = Pool::new(Limits { waiting: 0, ..LIMITS });
        assert!(pool.run(b"a", Box::new(|| {})).is_err());
    }
}
