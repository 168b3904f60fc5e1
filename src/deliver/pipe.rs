//! A mailer that is a program and speaks SMTP or LMTP on its standard input and output: the keeper starts it, the
//! dialogue is the front's as with any other host, and what its end was stands in the log.

use super::attempt::Attempt;
use super::header::Rendering;
use super::local::of_mailer;
use super::replies;
use super::result::DeliveryResult;
use crate::addr::one_line;
use crate::config::Mailer;
use crate::envelope::QueueId;
use crate::keeper::{Delivery, Target};
use crate::logging::{Logger, Priority};
use crate::schema::{Disposition, Sysexit};
use crate::smtp::client::ConnectionError;
use std::os::unix::net;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

/// The longest report of a program's end that is read, in bytes.
const MAX_REPORT: u64 = 256;

/// Starts the program of a mailer for the message of `member`.
///
/// # Errors
/// It could not be started: what that means for the mail.
pub(super) async fn begin(
    attempt: &Attempt<'_>,
    mailer: &Mailer,
    member: usize,
    host: &[u8],
) -> Result<UnixStream, DeliveryResult> {
    let rendering = Rendering::new(attempt, member, b"", host).await;
    let target = Target { host: one_line(host).into_owned(), ..Target::default() };
    let delivery = Delivery {
        mailer: mailer.name.clone(),
        macros: rendering.macros(),
        targets: vec![target],
        body: Some(Vec::new()),
        ..Delivery::default()
    };
    let name = &mailer.name;
    let lost = || replies::of_connection_error(&ConnectionError::Lost, name);
    let (dialogue, end) = match attempt.on.keeper.dialogue(delivery).await {
        Ok(both) => both,
        Err(mailed) => {
            let why = mailed.text.clone().unwrap_or_default();
            let result = of_mailer(name, &mailer.path, mailed);
            if result.disposition != Disposition::Delayed {
                return Err(result);
            }
            let id = Some(attempt.envelope.id.as_bytes());
            attempt.on.logger.syserr(Priority::Critical, id, &why);
            return Err(lost());
        }
    };
    watch(end, attempt.on.logger.clone(), (name.clone(), attempt.envelope.id.clone()));
    in_runtime(dialogue).map_err(|_| lost())
}

fn in_runtime(socket: net::UnixStream) -> std::io::Result<UnixStream> {
    socket.set_nonblocking(true)?;
    UnixStream::from_std(socket)
}

/// Tells the log of an end that was none of status 0; the mail has been judged by what was answered.
fn watch(end: net::UnixStream, logger: Logger, (mailer, id): (Vec<u8>, QueueId)) {
    let Ok(mut end) = in_runtime(end) else { return };
    tokio::spawn(async move {
        let mut report = Vec::new();
        if (&mut end).take(MAX_REPORT).read_to_end(&mut report).await.is_err() || report.is_empty() {
            return;
        }
        let status = match std::str::from_utf8(&report).ok().and_then(|text| text.parse::<i32>().ok()) {
            Some(0) => return,
            Some(status) => status,
            None => {
                let text = [b"mailer ", &mailer[..], b" ", &one_line(&report)].concat();
                logger.syserr(Priority::Critical, Some(id.as_bytes()), text);
                Sysexit::TEMPFAIL.0
            }
        };
        let text = [b"smtpquit: mailer ", &mailer[..], b" exited with exit value "].concat();
        logger.log(
            1,
            Priority::Error,
            Some(id.as_bytes()),
            &[text, status.to_string().into_bytes()].concat(),
        );
    });
}
