//! `-bv`: what becomes of an address, without sending anything.

use super::invocation::Invocation;
use super::start::{self, Startup};
use super::submission::Submission;
use super::{rights, site};
use crate::config::Loaded;
use crate::logging::say;
use crate::schema::{Privacy, Sysexit};
use crate::sys::identity;
use std::io::Read;
use std::sync::Arc;

/// Verifies the recipients of the command line; with -t those of a header as well.
pub fn run(invocation: &Invocation) -> Sysexit {
    let mut message = Vec::new();
    if invocation.from_headers && std::io::stdin().lock().read_to_end(&mut message).is_err() {
        return Sysexit::IOERR;
    }
    let loaded = begin(invocation).and_then(|(begun, misused)| Ok((begun.confined()?, misused)));
    let (begun, misused) = match loaded {
        Ok(begun) => begun,
        Err(status) => return status,
    };
    let caller = begun.caller.clone();
    begun.run(false, |mta| async move {
        let status = Submission::new(&mta, invocation, caller, false).verify(&message).await;
        let status = if status.is_temporary() { Sysexit::OK } else { status };
        // a configuration with times in units that nobody knows is used, but the exit status tells
        start::settled(&mta, if misused && status.is_ok() { Sysexit::USAGE } else { status })
    })
}

/// Under PrivacyOptions restrictexpand nobody looks behind addresses with borrowed rights.
fn begin(invocation: &Invocation) -> Result<(Startup, bool), Sysexit> {
    let Loaded { config, misused, .. } = site::load_sound_site(invocation)?;
    if config.options.privacy_options.contains(Privacy::RESTRICT_EXPAND) {
        rights::give_up()?;
    }
    if identity::real_uid() != 0 {
        say(b"Notice: -bv may give misleading output for non-privileged user");
    }
    Ok((start::begin_with(invocation, Arc::new(config))?, misused))
}
