//! Many questions put to one configuration, by several threads.

use super::asker::{Answer, Ask, Asker};
use super::side::Side;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Is told how many questions have been answered since it was called last.
pub type Tell<'t> = &'t (dyn Fn(u64) + Sync);

/// Questions that a thread takes at a time, those of one client and sender together: it remembers their macros.
const BLOCK: usize = 256;

/// All answers, in the order of the questions.
///
/// # Errors
/// When the system has no threads or descriptors left.
pub fn answers(side: &Side, asks: &[&Ask], threads: usize, tell: Tell<'_>) -> io::Result<Vec<Answer>> {
    let next = AtomicUsize::new(0);
    let mut order: Vec<usize> = (0..asks.len()).collect();
    order.sort_by(|one, other| asks[*one].circumstances().cmp(&asks[*other].circumstances()));
    let threads = threads.clamp(1, asks.len().div_ceil(BLOCK).max(1));
    // one runtime for all of them: the keeper's answers to all are read in the one that asked first
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let work = || {
        let mut asker = Asker::new(side);
        let mut done = Vec::new();
        loop {
            let block = next.fetch_add(1, Ordering::Relaxed);
            let Some(places) = order.chunks(BLOCK).nth(block) else { return done };
            runtime.block_on(async {
                for place in places {
                    done.push((*place, asker.ask(asks[*place]).await));
                }
            });
            tell(places.len() as u64);
        }
    };
    let mut given = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut given = Vec::with_capacity(asks.len());
        for worker in workers {
            given.extend(worker.join().map_err(|_| io::Error::other("a thread broke down"))?);
        }
        Ok::<_, io::Error>(given)
    })?;
    given.sort_unstable_by_key(|(place, _)| *place);
    Ok(given.into_iter().map(|(_, answer)| answer).collect())
}
