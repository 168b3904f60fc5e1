//! `-q`: runs the queue, once or at an interval.

use super::invocation::Invocation;
use super::messages::tell;
use super::supervise::{self, Daemon};
use super::{mailq, quarantine, queue_flags, rights, site, start};
use crate::config::{Config, QueueGroup};
use crate::queue::{EntryKind, QueueOptions};
use crate::schema::{DeliveryMode, Sysexit};
use crate::supervisor::Inheritance;
use crate::sys::nice;
use std::sync::Arc;

/// Runs the queue.
pub fn run(invocation: &Invocation) -> Sysexit {
    run_queue(invocation).unwrap_or_else(|status| status)
}

/// How nice a process is that runs these groups, one or all of them: as nice as the least nice of them (N=, else NiceQueueRun).
fn niceness(config: &Config, group: Option<u16>) -> i64 {
    let own = |group: &QueueGroup| if group.line > 0 { group.nice } else { config.options.nice_queue_run };
    let chosen = |(number, _): &(usize, &QueueGroup)| group.is_none_or(|only| usize::from(only) == *number);
    let groups = config.queue_groups.iter().enumerate().filter(chosen);
    groups.map(|(_, group)| own(group)).min().unwrap_or(config.options.nice_queue_run)
}

fn run_queue(invocation: &Invocation) -> Result<Sysexit, Sysexit> {
    let inheritance = Inheritance::take();
    let request = queue_flags::requested(invocation)?;
    let mut config = site::load_sound_site(invocation)?.config;
    if config.options.delivery_mode == DeliveryMode::Defer {
        // what was deferred is looked up now
        config.options.delivery_mode = DeliveryMode::Background;
    }
    // the queue is looked at with the group that is borrowed for it; the keeper is forked without
    rights::take_up()?;
    start::warn_of_caller(invocation, &config);
    let permitted = rights::require_queue_run(invocation, &config, &request);
    rights::put_aside()?;
    let group = queue_flags::group(&QueueOptions::from_config(&config), &request);
    permitted?;
    let group = group?;
    if let Some(reason) = &invocation.quarantine {
        if request.selection.kind == EntryKind::Lost {
            return Err(tell(b"Can not use -Q with -qL", Sysexit::USAGE));
        }
        let queue = mailq::open_queue(&Arc::new(config))?;
        let selection = request.selection.in_group(group);
        return quarantine::run(invocation, &queue, &selection, reason);
    }
    let foreground = request.foreground || invocation.verbose || inheritance.restarted;
    if !foreground && !start::into_service() {
        return Ok(Sysexit::OK);
    }
    nice::be_nicer(niceness(&config, group));
    if request.interval.is_some() {
        rights::give_up()?; // whose runner it is, his are the rights
        let daemon = Daemon { listen: false, warnings: Vec::new() };
        return Ok(supervise::run(invocation, config, &daemon, request, inheritance));
    }
    let begun = start::begin_with(invocation, Arc::new(config))?;
    let selection = request.selection.in_group(group);
    // sendmail has a silent process for each message (ForkEachJob, flag f), and for each of several places, but for those of a
    // group that is named
    let alone = foreground && (group.is_some() || begun.mta.queue.is_one_location(&selection));
    let told = alone && !begun.mta.queue.options().forks(&selection);
    if told {
        begun.mta.queue.speak();
    }
    let verbose = invocation.verbose;
    Ok(begun.confined()?.run(true, |mta| async move {
        let status = match verbose {
            true => mta.clone().run_queue_aloud(&selection).await,
            false => mta.clone().run_queue(&selection).await,
        };
        mta.deliveries_done().await;
        start::settled(&mta, if told || verbose { status } else { Sysexit::OK })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_as_nice_as_the_least_nice_of_its_groups() {
        let mut config = Config::default();
        config.options.nice_queue_run = 10;
        let group = |nice, line| QueueGroup { nice, line, ..QueueGroup::default() };
        config.queue_groups = vec![group(0, 0), group(15, 7), group(5, 8)];
        let nices = [None, Some(0), Some(1), Some(2)].map(|group| niceness(&config, group));
        assert_eq!(nices, [5, 10, 15, 5]);
    }
}
