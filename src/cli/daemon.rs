//! `-bd` and `-bD`: the daemon.

use super::invocation::Invocation;
use super::modes::Mode;
use super::rights::{self, Privileged};
use super::{queue_flags, site, start};
use crate::config::unsupported;
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
    rights::require_trust(invocation, &loaded.config, Privileged::Daemon)?;
    let in_vain: Vec<String> = unsupported(&loaded.config)
        .into_iter()
        .map(|asked| format!("WARNING: {}: {}", asked.message, asked.help))
        .collect();
    in_vain.iter().for_each(|text| start::complain(text));
    if invocation.mode == Mode::Daemon && !start::into_background() {
        return Ok(Sysexit::OK);
    }
    let begun = start::begin_with(invocation, Arc::new(loaded.config))?;
    for text in &in_vain {
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
