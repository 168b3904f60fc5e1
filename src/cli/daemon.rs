//! `-bd`, `-bD` and the queue runs of `-q`.

use super::start::{self, complain};
use super::{Invocation, Mode, queue_flags, sendmail, site};
use crate::daemon::{Service, serve};
use crate::schema::Sysexit;
use crate::sys::process;
use std::sync::Arc;

/// Runs the daemon.
pub fn run(invocation: &Invocation) -> Sysexit {
    let request = match queue_flags::read(&invocation.queue) {
        Ok(request) => request,
        Err(refusal) => return sendmail::report(refusal),
    };
    let loaded = match site::load_sound_site(invocation) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    if invocation.mode == Mode::Daemon && !into_background() {
        return Sysexit::OK;
    }
    let begun = match start::begin_with(invocation, Arc::new(loaded.config)) {
        Ok(begun) => begun,
        Err(status) => return status,
    };
    let service = Service {
        listen: true,
        interval: request.interval,
        selection: request.selection,
        argv: invocation.argv.clone(),
    };
    begun.run(true, |mta| serve(mta, service, announce))
}

fn announce(begun: Result<(), &str>) {
    if let Err(error) = begun {
        complain(error);
    }
}

/// `true` in the process that goes on.
fn into_background() -> bool {
    process::into_background().unwrap_or_else(|error| {
        complain(&format!("cannot go into the background: {error}"));
        true
    })
}

/// Runs the queue: once, or at an interval.
pub fn run_queue(invocation: &Invocation) -> Sysexit {
    let request = match queue_flags::read(&invocation.queue) {
        Ok(request) => request,
        Err(refusal) => return sendmail::report(refusal),
    };
    let loaded = match site::load_sound_site(invocation) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    let foreground = request.foreground || invocation.verbose;
    if !foreground && !into_background() {
        return Sysexit::OK;
    }
    let begun = match start::begin_with(invocation, Arc::new(loaded.config)) {
        Ok(begun) => begun,
        Err(status) => return status,
    };
    match request.interval {
        Some(interval) => {
            let argv = invocation.argv.clone();
            let service =
                Service { listen: false, interval: Some(interval), selection: request.selection, argv };
            begun.run(true, |mta| serve(mta, service, announce))
        }
        None => begun.run(true, |mta| async move {
            mta.run_queue(&request.selection).await;
            Sysexit::OK
        }),
    }
}
