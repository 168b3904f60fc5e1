//! `-q`: runs the queue, once or at an interval.

use super::invocation::Invocation;
use super::{queue_flags, rights, site, start};
use crate::daemon::{Service, serve};
use crate::schema::Sysexit;
use std::sync::Arc;

/// Runs the queue.
pub fn run(invocation: &Invocation) -> Sysexit {
    run_queue(invocation).unwrap_or_else(|status| status)
}

fn run_queue(invocation: &Invocation) -> Result<Sysexit, Sysexit> {
    let request = queue_flags::read(&invocation.queue).map_err(|refusal| refusal.report())?;
    let loaded = site::load_sound_site(invocation)?;
    rights::require_queue_run(invocation, &loaded.config, &request)?;
    let foreground = request.foreground || invocation.verbose;
    if !foreground && !start::into_background() {
        return Ok(Sysexit::OK);
    }
    let begun = start::begin_with(invocation, Arc::new(loaded.config))?;
    let (interval, selection) = (request.interval, request.selection);
    Ok(match interval {
        Some(_) => {
            let service = Service { listen: false, interval, selection, argv: invocation.argv.clone() };
            begun.run(true, |mta| serve(mta, service, start::announce))
        }
        None => begun.run(true, |mta| async move {
            mta.run_queue(&selection).await;
            Sysexit::OK
        }),
    })
}
