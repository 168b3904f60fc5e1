//! `mailq` and `sendmail -bp`: what is in the queue.

use super::invocation::Invocation;
use super::{rights, site};
use crate::config::Config;
use crate::daemon::should_queue;
use crate::queue::{Queue, QueueError, QueueOptions, Selection, View};
use crate::schema::{Privacy, Sysexit};
use crate::sys::identity;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

/// Prints the listing.
pub fn run(invocation: &Invocation) -> Sysexit {
    let config = match site::load_sound_site(invocation) {
        Ok(loaded) => Arc::new(loaded.config),
        Err(status) => return status,
    };
    if let Err(status) = rights::take_up() {
        return status;
    }
    let options = QueueOptions::from_config(&config);
    if !is_permitted(&config) {
        let refusal = b"You are not permitted to see the queue\n\t\tTotal requests: 0\n";
        // a closed stdout leaves nobody to tell
        let _ = std::io::stdout().write_all(refusal);
        return Sysexit::OK;
    }
    let queue = match Queue::open(config.clone(), options) {
        Ok(queue) => queue,
        Err(error) => return refused(&error),
    };
    let overloaded = |priority| should_queue(&config.options, priority);
    let view = View {
        verbose: invocation.verbose,
        selection: selection(&invocation.queue),
        group: group(&queue, &invocation.queue),
        overloaded: &overloaded,
    };
    match view.render(&queue) {
        Ok(listing) => {
            // a reader that has seen enough (`mailq | head`) is no error
            let _ = std::io::stdout().write_all(&listing.text);
            Sysexit::OK
        }
        Err(error) => refused(&error),
    }
}

/// What the `-q` arguments choose; `-q` alone and intervals choose nothing.
pub(super) fn selection(arguments: &[Vec<u8>]) -> Selection {
    let mut selection = Selection::default();
    for argument in arguments {
        selection.add(argument);
    }
    selection
}

/// `-qGname`
fn group(queue: &Queue, arguments: &[Vec<u8>]) -> Option<u16> {
    arguments.iter().find_map(|argument| queue.group(argument.strip_prefix(b"G")?))
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

fn refused(error: &QueueError) -> Sysexit {
    if let QueueError::Io { path, source, .. } = error
        && source.kind() == std::io::ErrorKind::PermissionDenied
    {
        let text = format!(
            "can not chdir({}/): Permission denied\n\
             Program mode requires special privileges, e.g., root or TrustedUser.\n",
            path.display()
        );
        return say(text.as_bytes(), Sysexit::CONFIG);
    }
    say(format!("{error}\n").as_bytes(), Sysexit::OSFILE)
}

fn say(text: &[u8], status: Sysexit) -> Sysexit {
    // a closed stderr leaves nobody to tell; the exit status still says it
    let _ = std::io::stderr().write_all(text);
    status
}
