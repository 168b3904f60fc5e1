//! Threads that come with the work and go without it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

type Job = Box<dyn FnOnce() + Send>;

/// How long an idle thread waits for work.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                // a job that breaks must not take the thread's bookkeeping along
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
                state = self.lock();
                continue;
            }
            state.idle += 1;
            let waited =
                self.changed.wait_timeout(state, IDLE_TIMEOUT).unwrap_or_else(PoisonError::into_inner);
            state = waited.0;
            state.idle -= 1;
            if waited.1.timed_out() && state.jobs.is_empty() {
                break;
            }
        }
        state.threads -= 1;
        self.changed.notify_all();
    }
}

/// An elastic set of threads.
pub(super) struct Pool {
    name: &'static str,
    max_threads: usize,
    shared: Arc<Shared>,
}

impl Pool {
    /// At most `max_threads` threads; none yet.
    pub(super) fn new(name: &'static str, max_threads: usize) -> Self {
        let shared = Shared { state: Mutex::default(), changed: Condvar::new() };
        Self { name, max_threads, shared: Arc::new(shared) }
    }

    /// Has a job done, as soon as a thread is free.
    pub(super) fn run(&self, job: Job) {
        let mut state = self.shared.lock();
        state.jobs.push_back(job);
        if state.jobs.len() <= state.idle || state.threads >= self.max_threads {
            self.shared.changed.notify_one();
            return;
        }
        let shared = self.shared.clone();
        let spawned = std::thread::Builder::new().name(self.name.into()).spawn(move || shared.work());
        match spawned {
            Ok(_) => state.threads += 1,
            Err(_) if state.threads > 0 => self.shared.changed.notify_one(),
            Err(_) => {
                // no thread can be had: the reader does it itself, slowly but surely
                let job = state.jobs.pop_back();
                drop(state);
                if let Some(job) = job {
                    job();
                }
            }
        }
    }

    /// Waits until every job is done.
    pub(super) fn finish(&self) {
        let mut state = self.shared.lock();
        while !state.jobs.is_empty() || state.threads > state.idle {
            let short = Duration::from_millis(20);
            state = self.shared.changed.wait_timeout(state, short).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn all_jobs_are_done_even_when_one_breaks() {
        let (pool, done) = (Pool::new("test", 4), Arc::new(AtomicUsize::new(0)));
        for number in 0..100 {
            let done = done.clone();
            pool.run(Box::new(move || {
                done.fetch_add(1, Ordering::SeqCst);
                if number == 50 {
                    std::panic::resume_unwind(Box::new("broken"));
                }
            }));
        }
        pool.finish();
        assert_eq!(done.load(Ordering::SeqCst), 100);
    }
}
