//! `-bd` and `-bD`: the daemon.

use super::invocation::Invocation;
use super::modes::Mode;
use super::rights::{self, Privileged};
use super::supervise::{self, Daemon};
use super::{queue_flags, site, start};
use crate::config::unsupported;
use crate::milter;
use crate::net;
use crate::schema::Sysexit;
use crate::supervisor::Inheritance;
use crate::tls;

/// Runs the daemon.
pub fn run(invocation: &Invocation) -> Sysexit {
    run_daemon(invocation).unwrap_or_else(|status| status)
}

fn run_daemon(invocation: &Invocation) -> Result<Sysexit, Sysexit> {
    let inheritance = Inheritance::take();
    let request =
        queue_flags::read(&invocation.queue).map_err(|refusal| refusal.spoken_by(invocation).report())?;
    let loaded = site::load_sound_site(invocation)?;
    rights::require_trust(invocation, &loaded.config, Privileged::Daemon)?;
    let warnings: Vec<String> = unsupported(&loaded.config)
        .into_iter()
        .chain(tls::warnings(&loaded.config))
        .chain(net::warning(&loaded.config))
        .map(|asked| format!("WARNING: {}: {}", asked.message, asked.help))
        .chain(milter::missing_sockets(&loaded.config))
        .collect();
    warnings.iter().for_each(|text| start::complain(text));
    let background = invocation.mode == Mode::Daemon && !inheritance.restarted;
    if background && !start::into_service() {
        return Ok(Sysexit::OK);
    }
    let daemon = Daemon { listen: true, warnings };
    Ok(supervise::run(invocation, loaded.config, &daemon, request, inheritance))
}
