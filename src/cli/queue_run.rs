//! `-q`: runs the queue, once or at an interval.

use super::invocation::Invocation;
use super::supervise::{self, Daemon};
use super::{queue_flags, rights, site, start};
use crate::schema::Sysexit;
use crate::supervisor::Inheritance;
use std::sync::Arc;

/// Runs the queue.
pub fn run(invocation: &Invocation) -> Sysexit {
    run_queue(invocation).unwrap_or_else(|status| status)
}

fn run_queue(invocation: &Invocation) -> Result<Sysexit, Sysexit> {
    let inheritance = Inheritance::take();
    let request = queue_flags::read(&invocation.queue).map_err(|refusal| refusal.report())?;
    let loaded = site::load_sound_site(invocation)?;
    rights::require_queue_run(invocation, &loaded.config, &request)?;
    let foreground = request.foreground || invocation.verbose || inheritance.restarted;
    if !foreground && !start::into_service() {
        return Ok(Sysexit::OK);
    }
    if request.interval.is_some() {
        rights::give_up()?; // whose runner it is, his are the rights
        let daemon = Daemon { listen: false, warnings: Vec::new() };
        return Ok(supervise::run(invocation, loaded.config, &daemon, request, inheritance));
    }
    let begun = start::begin_with(invocation, Arc::new(loaded.config))?;
    Ok(begun.confined()?.run(true, |mta| async move {
        mta.clone().run_queue(&request.selection).await;
        mta.deliveries_done().await;
        start::settled(&mta, Sysexit::OK)
    }))
}
