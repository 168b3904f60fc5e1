//! `mailq` and `sendmail -bp`: what is in the queue.

use super::invocation::Invocation;
use super::messages::{log_fault, log_syserr, tell};
use super::process::complain;
use super::queue_flags::{self, QueueRequest};
use super::{rights, site, start};
use crate::config::Config;
use crate::daemon::should_queue;
use crate::queue::{Complaint, Queue, QueueError, QueueOptions, View};
use crate::schema::{Privacy, Sysexit};
use crate::sys::identity;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

/// `-bP`: sendmail counts what it has in shared memory, of which there is none here.
pub fn count(invocation: &Invocation) -> Sysexit {
    counts(invocation).unwrap_or_else(|status| status)
}

fn counts(invocation: &Invocation) -> Result<Sysexit, Sysexit> {
    begin(invocation)?;
    Err(tell(b"Data unavailable: shared memory not updated", Sysexit::OK))
}

/// What is asked for, of which queue group; the caller's rights are there.
fn begin(invocation: &Invocation) -> Result<(QueueRequest, Arc<Config>, Option<u16>), Sysexit> {
    let request = queue_flags::requested(invocation)?;
    let config = Arc::new(site::load_sound_site(invocation)?.config);
    rights::take_up()?;
    start::warn_of_caller(invocation, &config);
    let entered = rights::enter_queue(invocation, &config);
    // an unknown group is told of all the same
    let group = queue_flags::group(&QueueOptions::from_config(&config), &request);
    entered?;
    Ok((request, config, group?))
}

/// Prints the listing.
pub fn run(invocation: &Invocation) -> Sysexit {
    listing(invocation).unwrap_or_else(|status| status)
}

fn listing(invocation: &Invocation) -> Result<Sysexit, Sysexit> {
    let (request, config, group) = begin(invocation)?;
    if !is_permitted(&config) {
        let refusal = b"You are not permitted to see the queue\n\t\tTotal requests: 0";
        return Err(tell(refusal, Sysexit::OK));
    }
    let queue = open_queue(&config)?;
    let overloaded = |priority| should_queue(&config.options, priority);
    let complain = |complaint: Complaint<'_>| match complaint {
        Complaint::Message(text) => log_syserr(invocation, &config, text),
        Complaint::Location(fault) => log_fault(invocation, &config, fault),
    };
    let (verbose, selection) = (invocation.verbose, request.selection.in_group(group));
    let view = View { verbose, selection, overloaded: &overloaded, complain: &complain };
    let listing = view.render(&queue).map_err(|error| refused(&error))?;
    // a reader that has seen enough (`mailq | head`) is no error
    let _ = std::io::stdout().write_all(&listing.text);
    Ok(Sysexit::OK)
}

/// PrivacyOptions restrictmailq: only root and the group that owns the queue may look, the caller's own groups
/// being counted.
fn is_permitted(config: &Config) -> bool {
    if !config.options.privacy_options.contains(Privacy::RESTRICT_MAILQ) || identity::real_uid() == 0 {
        return true;
    }
    let groups = identity::Identity::current().groups;
    rights::queue_directory(config)
        .is_some_and(|about| about.gid() == identity::real_gid() || groups.contains(&about.gid()))
}

/// Opens the queue of a process that only looks at it.
///
/// # Errors
/// The exit status; the caller has been told.
pub(super) fn open_queue(config: &Arc<Config>) -> Result<Queue, Sysexit> {
    Queue::open(config.clone(), QueueOptions::from_config(config)).map_err(|error| refused(&error))
}

fn refused(error: &QueueError) -> Sysexit {
    complain(&error.to_string());
    Sysexit::OSFILE
}
