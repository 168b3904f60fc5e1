//! Whether a host is called at all, and what is remembered of the call.
//!
//! In: a next hop, then what came of it. Out: a lock, or the result that stands for a call that would be of no use; the words of
//! its host status file. Never here: files (`known_hosts`), connections.

use super::attempt::Attempt;
use super::host_status::HostStatus;
use super::known_hosts::{Known, KnownHosts};
use super::next_hop::NextHop;
use super::replies;
use super::result::DeliveryResult;
use crate::schema::{Disposition, EnhancedStatus, Reply, Sysexit};
use crate::smtp::client::{Answer, Answers, ConnectionError, Extensions, ServerConnection};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

impl HostStatus {
    /// Of a host with which no transaction was begun.
    pub(super) fn of_failure(result: &DeliveryResult, now: i64) -> Self {
        let temporary = result.disposition == Disposition::Delayed;
        let exit = if temporary { Sysexit::TEMPFAIL } else { result.exit };
        Self {
            errno: result.errno,
            h_errno: i32::from(exit == Sysexit::NOHOST),
            exit: exit.0,
            status: Some(result.dsn.to_string().into_bytes()),
            reply: result.reply.as_ref().filter(|_| result.errno == 0).map(|reply| reply.to_line()),
            updated: now,
        }
    }

    /// Of one that was told QUIT before it could be said what is wrong: with SingleThreadDelivery sendmail has given the file
    /// back by then.
    fn said_goodbye(now: i64) -> Self {
        Self { updated: now, ..Self::default() }
    }

    /// Of a host with which a transaction was begun. What is said of recipients alone says nothing of the host.
    pub(super) fn of_answers(answers: &Answers, host: &[u8], extensions: &Extensions, now: i64) -> Self {
        let mut status = Self { updated: now, ..Self::default() };
        if let Some(error @ (ConnectionError::Lost | ConnectionError::TimedOut)) = &answers.error {
            let result = replies::of_connection_error(error, host);
            let reply = answers.mail.is_some().then(|| replies::read_error(host));
            return Self { reply, ..Self::of_failure(&result, now) };
        }
        let odd = |answer: &&Answer| replies::is_protocol_error(answer);
        let said = match (&answers.mail, answers.dot.last()) {
            (_, Some(answer)) => Some((answer, replies::of_dot(answer, extensions))),
            (Some(answer), None) if !answer.is_positive() && !answer.is_closing() => {
                replies::of_mail(answer, extensions).map(|result| (answer, result))
            }
            _ => None,
        };
        if let Some((answer, result)) = said {
            let farewell = answers.farewell.as_ref().filter(|_| answer.is_closing());
            let at_dot = !answers.dot.is_empty() && result.disposition == Disposition::Delayed;
            status.exit = if at_dot { Sysexit::TEMPFAIL.0 } else { 0 };
            status.status = Some(result.dsn.to_string().into_bytes());
            status.reply = Some(farewell.unwrap_or(answer).first_line().to_vec());
        } else if let Some(answer) = answers.recipients.iter().flatten().find(odd) {
            status.status = Some(b"5.5.1".to_vec());
            status.reply = Some(answer.first_line().to_vec());
        }
        status
    }

    /// What it means for mail that the host is passed over.
    pub(super) fn passed_over(&self, host: &[u8]) -> DeliveryResult {
        let exit = Sysexit(self.exit);
        let reply = self.reply.as_deref().map(Reply::parse);
        let dsn = self.status.as_deref().and_then(EnhancedStatus::parse);
        if exit != Sysexit::TEMPFAIL {
            let result = DeliveryResult::of_exit(exit);
            return DeliveryResult { dsn: dsn.unwrap_or(result.dsn), reply, ..result };
        }
        let text = match self.errno {
            0 => Vec::new(),
            errno => replies::unreachable(&io::Error::from_raw_os_error(errno), host).text,
        };
        DeliveryResult { reply, ..DeliveryResult::delayed(text, dsn.unwrap_or(EnhancedStatus(4, 0, 0))) }
    }
}

impl Attempt<'_> {
    /// May a host be called now? With SingleThreadDelivery under the lock that comes back.
    ///
    /// # Errors
    /// It is passed over: what that means for mail.
    pub(super) async fn may_call(
        &mut self,
        hop: &NextHop,
        host: &[u8],
    ) -> Result<Option<Arc<File>>, DeliveryResult> {
        let Some((hosts, path)) = self.host_file(host) else { return Ok(None) };
        if hosts.single {
            // over a connection of another mailer's no message of this one goes
            self.connections.leave(hop).await;
        }
        match hosts.look(&path, self.on.clock.now()).await {
            Known::Failed(status) => Err(status.passed_over(host)),
            Known::Free(held) => Ok(held),
            Known::Busy => Err(DeliveryResult::of_exit(Sysexit::TEMPFAIL)),
        }
    }

    /// A host did not get as far as a transaction.
    pub(super) async fn note_failure(&self, host: &[u8], result: &DeliveryResult, held: Option<Arc<File>>) {
        if let Some((hosts, path)) = self.host_file(host) {
            let now = self.on.clock.now();
            let mut status = HostStatus::of_failure(result, now);
            if hosts.single && result.dsn == EnhancedStatus(4, 5, 0) {
                status = HostStatus::said_goodbye(now);
            } else if hosts.single && result.dsn == EnhancedStatus(4, 4, 2) {
                status.reply = Some(replies::read_error(host));
            }
            hosts.note(&path, status, held).await;
        }
    }

    /// Nothing is to be known of this host.
    pub(super) async fn note_nothing(&self, host: &[u8], held: Option<Arc<File>>) {
        if let (Some((hosts, path)), Some(held)) = (self.host_file(host), held) {
            hosts.forget(&path, held).await;
        }
    }

    /// What a server has said.
    pub(super) async fn note_answers(&self, server: &ServerConnection, answers: &Answers) {
        if let Some((hosts, path)) = self.host_file(&server.host) {
            let now = self.on.clock.now();
            let closed = answers.dot.last().is_some_and(Answer::is_closing);
            let mut status = HostStatus::of_answers(answers, &server.host, &server.extensions, now);
            if closed && hosts.single {
                status = HostStatus::said_goodbye(now);
            } else if answers.error.is_some() && hosts.single {
                status.reply = Some(replies::read_error(&server.host));
            }
            hosts.note(&path, status, server.held.clone()).await;
        }
    }

    fn host_file(&self, host: &[u8]) -> Option<(Arc<KnownHosts>, PathBuf)> {
        let hosts = self.on.hosts.clone()?;
        let path = hosts.path(host)?;
        Some((hosts, path))
    }
}
