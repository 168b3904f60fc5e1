//! A message on standard input: `sendmail rcpt …`, `sendmail -t`.

use super::dead_letter::DeadLetter;
use super::invocation::Invocation;
use super::messages::ended;
use super::site;
use super::start;
use super::submission::{Submission, Submitted};
use super::waiting::{self, Waiting};
use crate::config::Loaded;
use crate::daemon::Mta;
use crate::schema::{DeliveryMode, Sysexit};
use crate::sys::{identity, process};
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
    if loaded.config.options.delivery_mode == DeliveryMode::Background {
        behind_caller(invocation, loaded)
    } else {
        submit(invocation, loaded, None)
    }
}

/// The caller goes on as soon as the message is in the queue; its delivery happens behind its back.
fn behind_caller(invocation: &Invocation, loaded: Loaded) -> Sysexit {
    let Ok((waiting, working)) = UnixStream::pair() else {
        return submit(invocation, loaded, None);
    };
    match process::into_background() {
        Ok(true) => {
            drop(waiting);
            submit(invocation, loaded, Some(working))
        }
        Ok(false) => {
            drop(working);
            waiting::attend(waiting)
        }
        Err(_) => submit(invocation, loaded, None),
    }
}

fn submit(invocation: &Invocation, loaded: Loaded, stream: Option<UnixStream>) -> Sysexit {
    let Loaded { config, misused, .. } = loaded;
    let mut caller = Waiting { stream };
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
        let submission =
            Submission::new(&mta, invocation, who.clone(), dead_letter.is_some()).misused(misused);
        match submission.submit(|| caller.message()).await {
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
