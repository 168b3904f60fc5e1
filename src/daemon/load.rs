//! Load average and free space: when mail is only queued, or not taken at all.

use crate::schema::Options;
use crate::sys::load;

/// Must a message of this priority wait for a calmer time? QueueLA=0 makes the test always apply.
pub fn should_queue(options: &Options, priority: i64) -> bool {
    should_queue_at(load::average(), queue_la(options), options.queue_factor, priority)
}

/// A message whose priority is greater must wait at this load; `None`: none must.
pub fn threshold(options: &Options) -> Option<i64> {
    threshold_at(load::average(), queue_la(options), options.queue_factor)
}

/// QueueLA; without one it grows with the number of processors.
fn queue_la(options: &Options) -> i64 {
    if options.queue_la >= 0 { options.queue_la } else { 8 * load::processors() }
}

fn should_queue_at(now: i64, limit: i64, factor: i64, priority: i64) -> bool {
    threshold_at(now, limit, factor).is_some_and(|threshold| priority > threshold)
}

fn threshold_at(now: i64, limit: i64, factor: i64) -> Option<i64> {
    (now >= limit).then(|| factor / (now - limit + 1))
}

/// Are connections refused at this load?
pub fn refuses(options: &Options, own: Option<i64>) -> Option<i64> {
    let configured = if options.refuse_la >= 0 { options.refuse_la } else { 12 * load::processors() };
    let limit = own.unwrap_or(configured);
    let now = load::average();
    (limit > 0 && now >= limit).then_some(now)
}

/// Do commands wait at this load? The load, and DelayLA.
pub fn delays(options: &Options, own: Option<i64>) -> Option<(i64, i64)> {
    let limit = own.unwrap_or(options.delay_la);
    let now = load::average();
    (limit > 0 && now >= limit).then_some((now, limit))
}

/// Is there room for `size` bytes and MinFreeBlocks beside them?
pub fn has_room(options: &Options, size: u64) -> bool {
    let wanted = u64::try_from(options.min_free_blocks).unwrap_or(0);
    if wanted == 0 && size == 0 {
        return true;
    }
    let Some((free, block)) = free_blocks(options) else { return true };
    free > wanted.saturating_add(size / block)
}

/// Free blocks where the queue is, and the size of one.
fn free_blocks(options: &Options) -> Option<(u64, u64)> {
    let directory = options.queue_directory.as_ref()?;
    let path = crate::sys::accounts::path(directory.strip_suffix(b"*").unwrap_or(directory));
    let info = nix::sys::statvfs::statvfs(&path).ok()?;
    Some((info.blocks_available(), info.fragment_size().max(1)))
}

/// Room for the queue in kilobytes; -1 where that is not known.
pub fn free_kilobytes(options: &Options) -> i64 {
    free_blocks(options)
        .and_then(|(free, block)| i64::try_from(free.saturating_mul(block) / 1024).ok())
        .unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    use super::should_queue_at;

    #[test]
    fn priority_and_load() {
        assert!(!should_queue_at(3, 8, 600_000, 30_000));
        assert!(should_queue_at(8, 8, 20_000, 30_000));
        assert!(should_queue_at(0, 0, 1, 30_032));
        assert!(!should_queue_at(9, 8, 600_000, 30_000));
    }
}
