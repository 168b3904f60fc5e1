//! `-bd` and `-bD`: the daemon.

use super::invocation::Invocation;
use super::modes::Mode;
use super::{queue_flags, site, start};
use crate::daemon::{Service, serve};
use crate::logging::Priority;
use crate::schema::Sysexit;
use std::sync::Arc;

/// Runs the daemon.
pub fn run(invocation: &Invocation) -> Sysexit {
    run_daemon(invocation).unwrap_or_else(|status| status)
}

fn run_daemon(invocation: &Invocation) -> Result<Sysexit, Sysexit> {
    let request = queue_flags::read(&invocation.queue).map_err(|refusal| refusal.report())?;
    let loaded = site::load_sound_site(invocation)?;
    let not_yet = loaded.config.not_yet();
    not_yet.iter().for_each(|text| start::complain(&format!("WARNING: {text}")));
    if invocation.mode == Mode::Daemon && !start::into_background() {
        return Ok(Sysexit::OK);
    }
    let begun = start::begin_with(invocation, Arc::new(loaded.config))?;
    for text in &not_yet {
        begun.log.log(0, Priority::Warning, None, text.as_bytes());
    }
    let service = Service {
        listen: true,
        interval: request.interval,
        selection: request.selection,
        argv: invocation.argv.clone(),
    };
    Ok(begun.run(true, |mta| serve(mta, service, start::announce)))
}
