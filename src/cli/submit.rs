//! A message on standard input: `sendmail rcpt …`, `sendmail -t`.

use super::dead_letter::DeadLetter;
use super::invocation::Invocation;
use super::messages::ended;
use super::site;
use super::start::{self, complain};
use super::submission::{NOBODY_NAMED, Submission, Submitted};
use crate::config::Loaded;
use crate::daemon::Mta;
use crate::logging::say;
use crate::schema::{DeliveryMode, Sysexit};
use crate::sys::{identity, process};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

/// Takes the message and hands it to the queue; delivers it as DeliveryMode says.
pub fn run(invocation: &Invocation) -> Sysexit {
    let mut loaded = match site::load_sound_site(invocation) {
        Ok(loaded) => loaded,
        Err(status) => return invocation.status(status),
    };
    let options = &mut loaded.config.options;
    if options.verbose {
        // whoever reads along waits
        options.delivery_mode = DeliveryMode::Interactive;
    }
    // whoever waits for an answer before he sends anything must have it
    if invocation.names_nobody() && invocation.dsn_problem().is_none() {
        say(NOBODY_NAMED);
    }
    let mut message = Vec::new();
    if let Err(error) = std::io::stdin().lock().read_to_end(&mut message) {
        complain(&format!("collect: I/O error: {error}"));
        return Sysexit::IOERR;
    }
    if loaded.config.options.delivery_mode == DeliveryMode::Background {
        behind_caller(invocation, loaded, message)
    } else {
        submit(invocation, loaded, message, None)
    }
}

/// The caller goes on as soon as the message is in the queue; its delivery happens behind its back.
fn behind_caller(invocation: &Invocation, loaded: Loaded, message: Vec<u8>) -> Sysexit {
    let Ok((mut waiting, working)) = UnixStream::pair() else {
        return submit(invocation, loaded, message, None);
    };
    match process::into_background() {
        Ok(true) => {
            drop(waiting);
            submit(invocation, loaded, message, Some(working))
        }
        Ok(false) => {
            drop(working);
            let mut status = [70u8];
            // without an answer the other process has died: an internal error
            let _ = waiting.read(&mut status);
            Sysexit(i32::from(status[0]))
        }
        Err(_) => submit(invocation, loaded, message, None),
    }
}

/// Who waits to be told how it went.
struct Waiting {
    /// Another process, where this one delivers behind its back.
    stream: Option<UnixStream>,
    /// A configuration with times in units that nobody knows is used, but the exit status tells.
    misused: bool,
}

fn submit(invocation: &Invocation, loaded: Loaded, message: Vec<u8>, stream: Option<UnixStream>) -> Sysexit {
    let Loaded { config, misused, .. } = loaded;
    let caller = Waiting { stream, misused };
    let printing = config.options.error_mode == b'p';
    // SafeFileEnvironment keeps mail out of home directories
    // and root who works as somebody else (RunAsUser of a submit.cf) has no home to write to
    let elsewhere = identity::real_uid() == 0 && config.options.run_as_user.is_some_and(|ids| ids.uid != 0);
    let kept = printing && config.options.safe_file_environment.is_none() && !elsewhere;
    let dead_letter = kept.then(|| DeadLetter::prepare(config.options.temp_file_mode)).and_then(Result::ok);
    let begun = match start::begin_with(invocation, Arc::new(config)).and_then(start::Startup::confined) {
        Ok(begun) => begun,
        // what is wrong before that has its own way to be told
        Err(status) => return caller.hear(invocation.status(status)),
    };
    let who = begun.caller.clone();
    begun.run(false, |mta| async move {
        let submission = Submission::new(&mta, invocation, who.clone(), dead_letter.is_some());
        match submission.submit(&message).await {
            Ok(submitted) => deliver(&mta, submitted, dead_letter, caller).await,
            Err(status) => caller.hear(ended(&mta.site.config, status)),
        }
    })
}

/// One attempt, before or behind the caller's back; what fails behind it is told by mail.
async fn deliver(
    mta: &Arc<Mta>,
    submitted: Submitted,
    mut dead_letter: Option<DeadLetter>,
    caller: Waiting,
) -> Sysexit {
    let Submitted { lease, mut envelope, now } = submitted;
    let behind = caller.stream.is_some() && now && lease.is_some();
    let mut waiting = Some(caller);
    let mut tell =
        |status| waiting.take().map_or(status, |caller| caller.hear(ended(&mta.site.config, status)));
    let told = behind.then(|| tell(envelope.attempt.exit));
    if behind {
        (envelope.attempt.failure, envelope.attempt.console) = Default::default();
    }
    let mut unsent = |text: Vec<u8>| {
        if let Some(dead_letter) = dead_letter.take() {
            dead_letter.save(&text);
        }
    };
    let status = mta.deliver_for_caller(lease, *envelope, now, &mut unsent).await;
    mta.deliveries_done().await;
    // the message is in the queue: whoever sent it has nothing to do again
    start::has_lost_keeper(mta);
    told.unwrap_or_else(|| tell(status))
}

impl Waiting {
    /// Is told how it went; its terminal is let go of.
    fn hear(self, status: Sysexit) -> Sysexit {
        let status = match status {
            // what is wrong with the configuration itself comes first
            status if self.misused && status != Sysexit::CONFIG => Sysexit::USAGE,
            // the message is safe in the queue, so a temporary failure is nothing to worry about
            status if status.is_temporary() => Sysexit::OK,
            status => status,
        };
        if let Some(mut stream) = self.stream {
            let _ = std::io::stdout().flush();
            let _ = process::close_standard_streams();
            let _ = stream.write_all(&[u8::try_from(status.0).unwrap_or(70)]);
        }
        status
    }
}
