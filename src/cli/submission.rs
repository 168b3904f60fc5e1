//! From a message text and a command line to an envelope in the queue.

use super::caller::Caller;
use super::dead_letter::DeadLetter;
use super::invocation::Invocation;
use super::start::complain;
use crate::addr::{self, bare_bytes, one_line};
use crate::daemon::{DaemonAcceptor, Mta, full_name};
use crate::envelope::{
    BodyType, Envelope, EnvelopeFlags, Recipient, RecipientFlags, RecipientState, receive, set_sender,
};
use crate::logging::{Priority, Quiet, SenderLine};
use crate::message::{Collector, Header, set_dates};
use crate::queue::{Lease, QueueError};
use crate::rewrite::{AddressKind, Rewriter};
use crate::schema::{DeliveryMode, EnhancedStatus, Privacy, Reply, Sysexit};
use crate::smtp::server::{Acceptor, Client, Verified};
use crate::sys::{clock, startup};
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::sync::Arc;

/// Whom alerts name where nobody is at the other end of a connection.
const UNKNOWN_CLIENT: &[u8] = b"[UNKNOWN]";

/// How a submission ended.
pub(super) struct Submitted {
    pub(super) status: Sysexit,
    /// What is to be delivered now.
    pub(super) queued: Option<(Lease, Box<Envelope>)>,
}

/// One message being handed in.
pub(super) struct Submission<'a> {
    mta: &'a Arc<Mta>,
    acceptor: DaemonAcceptor,
    invocation: &'a Invocation,
    caller: Caller,
    dead_letter: Option<DeadLetter>,
    client: Client,
    envelope: Envelope,
    status: Sysexit,
}

impl<'a> Submission<'a> {
    pub(super) fn new(
        mta: &'a Arc<Mta>,
        invocation: &'a Invocation,
        caller: Caller,
        dead_letter: Option<DeadLetter>,
    ) -> Self {
        let config = &mta.site.config;
        let mut client = Client::local_user(&caller.name);
        let modifiers = config.options.direct_submission_modifiers.clone();
        client.daemon.modifiers = modifiers.unwrap_or_else(|| b"cu".to_vec());
        let acceptor = DaemonAcceptor::new(mta.clone(), config.options.delivery_mode);
        let envelope = Envelope { id: acceptor.next_id(), created: clock::now(), ..Envelope::default() };
        Self { mta, acceptor, invocation, caller, dead_letter, client, envelope, status: Sysexit::OK }
    }

    /// Everything up to the queue.
    pub(super) async fn submit(&mut self, message: &[u8]) -> Submitted {
        match self.queue(message).await {
            Ok(queued) => Submitted { status: self.status, queued },
            Err(status) => Submitted { status, queued: None },
        }
    }

    async fn queue(&mut self, message: &[u8]) -> Result<Option<(Lease, Box<Envelope>)>, Sysexit> {
        self.alert_newlines();
        self.set_macros();
        self.set_sender().await?;
        self.set_dsn()?;
        let mut body = Vec::new();
        let text = self.trimmed(message);
        let mut collector = Collector::default();
        collector.push(&text, &mut body);
        let fields = collector.finish(&mut body);
        let wanted = self.wanted(&fields)?;
        for recipient in wanted {
            self.add(&recipient).await;
        }
        if self.envelope.recipients.is_empty() {
            self.save_dead_letter(message);
            return Ok(None);
        }
        self.envelope.size = text.len() as u64;
        self.envelope.flags.set(EnvelopeFlags::EIGHT_BIT, !text.is_ascii());
        if let [only] = self.envelope.recipients.as_slice() {
            let text = only.text.clone();
            self.envelope.scope.set_named(&self.mta.site.config, b"u", &text);
        }
        receive(&self.mta.site, &mut self.envelope, fields).await;
        self.envelope.hop_count = self.envelope.hop_count.max(self.invocation.hops);
        let lease = self.commit(&body).await.map_err(|error| {
            complain(&error.to_string());
            Sysexit::IOERR
        })?;
        self.log_sender();
        if !self.status.is_ok() {
            self.save_dead_letter(message);
        }
        let envelope = std::mem::take(&mut self.envelope);
        let mode = self.mta.site.config.options.delivery_mode;
        let now = !matches!(mode, DeliveryMode::Queue | DeliveryMode::Defer) && envelope.quarantine.is_none();
        Ok(now.then(|| (lease, Box::new(envelope))))
    }

    async fn commit(&mut self, body: &[u8]) -> Result<Lease, QueueError> {
        let queue = &self.mta.queue;
        self.envelope.location = queue.location(0);
        let mut sink = queue.create_body(&self.envelope.key())?;
        sink.write(body)?;
        self.envelope.body = sink.finish().await?;
        queue.commit(&self.envelope).await
    }

    fn alert_newlines(&self) {
        for word in &self.invocation.newlines {
            self.mta.log.alert_newline(Some(b"NOQUEUE"), UNKNOWN_CLIENT, word);
        }
    }

    fn set_macros(&mut self) {
        let config = &self.mta.site.config;
        let scope = &mut self.envelope.scope;
        self.client.set_macros(config, scope);
        set_dates(config, scope, self.envelope.created);
        scope.set_named(config, b"i", self.envelope.id.as_bytes());
        if let Some(protocol) = &self.invocation.protocol {
            let mut parts = protocol.splitn(2, |byte| *byte == b':');
            scope.set_named(config, b"r", parts.next().unwrap_or_default());
            if let Some(host) = parts.next() {
                scope.set_named(config, b"s", host);
            }
        }
        let name = self.invocation.full_name.clone().or_else(|| {
            startup::callers_variable(OsStr::new("NAME"))
                .map(OsString::into_encoded_bytes)
                .filter(|name| !name.is_empty())
        });
        let own = || match &self.caller.account {
            Some(user) if self.invocation.from.is_none() => full_name(user),
            _ => Vec::new(),
        };
        let name = name.unwrap_or_else(own);
        if !name.is_empty() {
            scope.set_named(config, b"x", &one_line(&name));
        }
    }

    async fn set_sender(&mut self) -> Result<(), Sysexit> {
        let given = self.invocation.from.clone();
        let text = match &given {
            Some(from) if from.is_empty() => b"<>".to_vec(),
            Some(from) => from.clone(),
            None => self.caller.name.clone(),
        };
        let parsed = set_sender(&self.mta.site, &mut self.envelope, &mut Quiet, &text).await;
        if parsed.address.is_none() {
            for problem in &parsed.problems {
                print_problem(&text, problem);
            }
            return Err(parsed.problems.first().map_or(Sysexit::TEMPFAIL, status_of));
        }
        self.envelope.auth = Some(self.envelope.sender.text.clone());
        if given.is_some_and(|given| given != self.caller.name) {
            self.warn_about_sender(&text);
        }
        Ok(())
    }

    /// Who says to be somebody else is named, unless trusted (class t).
    fn warn_about_sender(&mut self, text: &[u8]) {
        let config = &self.mta.site.config;
        let trusted = config.macro_id("t").and_then(|id| config.classes.get(id));
        let trusted = trusted.is_some_and(|class| class.contains(&self.caller.name)) || self.caller.uid == 0;
        if trusted || !config.options.privacy_options.contains(Privacy::AUTH_WARNINGS) {
            return;
        }
        let host = config.expand(b"\x81j");
        let warning =
            [b" ", &host[..], b": ", &self.caller.name, b" set sender to ", text, b" using -f"].concat();
        self.envelope.headers.0.push(Header::generated(b"X-Authentication-Warning", &warning));
    }

    fn set_dsn(&mut self) -> Result<(), Sysexit> {
        let invocation = self.invocation;
        let refused = |text: &str| {
            complain(text);
            Sysexit::USAGE
        };
        if let Some(kind) = &invocation.body_type {
            self.envelope.body_type = BodyType::parse(kind);
            if self.envelope.body_type.is_none() {
                complain(&format!("Illegal body type {}", String::from_utf8_lossy(kind)));
            }
        }
        if let Some(ret) = &invocation.ret {
            let headers = ret.eq_ignore_ascii_case(b"hdrs");
            if !headers && !ret.eq_ignore_ascii_case(b"full") {
                return Err(refused("Invalid -R value"));
            }
            self.envelope.flags |= EnvelopeFlags::RETURN_GIVEN;
            self.envelope.flags.set(EnvelopeFlags::NO_BODY_RETURN, headers);
        }
        if let Some(envid) = &invocation.envelope_id {
            if !crate::smtp::proto::is_xtext(envid) {
                return Err(refused("Invalid syntax in -V flag"));
            }
            self.envelope.envid = Some(envid.clone());
        }
        self.notify().map(drop).ok_or_else(|| refused("Invalid -N argument"))
    }

    /// -N as flags; `None` for what is none.
    fn notify(&self) -> Option<RecipientFlags> {
        let Some(text) = &self.invocation.notify else { return Some(RecipientFlags::DEFAULT_NOTIFY) };
        let mut flags = RecipientFlags::HAS_NOTIFY;
        if text.eq_ignore_ascii_case(b"never") {
            return Some(flags);
        }
        for word in text.split(|byte| *byte == b',') {
            flags |= match word.to_ascii_lowercase().as_slice() {
                b"success" => RecipientFlags::SUCCESS,
                b"failure" => RecipientFlags::FAILURE,
                b"delay" => RecipientFlags::DELAY,
                _ => return None,
            };
        }
        Some(flags)
    }

    /// The message as it is meant: no `From ` line before it, nothing behind a lone dot.
    fn trimmed(&self, message: &[u8]) -> Vec<u8> {
        let mut rest = message;
        if rest.starts_with(b"From ") && !self.invocation.save_from_line {
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            rest = &rest[end..];
        }
        let dots = self.invocation.ignore_dots || self.mta.site.config.options.ignore_dots;
        let mut text = Vec::with_capacity(rest.len() + 1);
        for line in rest.split_inclusive(|byte| *byte == b'\n') {
            let plain = line.strip_suffix(b"\n").unwrap_or(line);
            let plain = plain.strip_suffix(b"\r").unwrap_or(plain);
            if plain == b"." && !dots {
                break;
            }
            text.extend_from_slice(plain);
            text.push(b'\n');
        }
        text
    }

    /// Recipients of the command line, with -t those of the header as well.
    fn wanted(&self, fields: &[Header]) -> Result<Vec<Vec<u8>>, Sysexit> {
        let mut wanted: Vec<Vec<u8>> = Vec::new();
        for word in &self.invocation.recipients {
            if word.contains(&b'\n') {
                let id = self.envelope.id.as_bytes();
                self.mta.log.alert_newline(Some(id), UNKNOWN_CLIENT, word);
            }
            wanted.extend(split_list(&one_line(word)));
        }
        if self.invocation.from_headers {
            let named = |field: &Header, name: &str| field.name.eq_ignore_ascii_case(name.as_bytes());
            let resent = ["Resent-To", "Resent-Cc", "Resent-Bcc"];
            let is_resent = fields.iter().any(|field| resent.iter().any(|name| named(field, name)));
            let names = if is_resent { resent } else { ["To", "Cc", "Bcc"] };
            for field in fields.iter().filter(|field| names.iter().any(|name| named(field, name))) {
                wanted.extend(split_list(&one_line(&field.value)));
            }
        }
        if wanted.is_empty() {
            complain("No recipient addresses found in header");
        }
        Ok(wanted)
    }

    async fn add(&mut self, text: &[u8]) {
        let site = self.mta.site.clone();
        let scope = &mut self.envelope.scope;
        let parsed = Rewriter::quiet(&site, scope).parse(text, AddressKind::RECIPIENT).await;
        let Some(address) = parsed.address else {
            let later = Reply::new(451, Some(EnhancedStatus(4, 3, 2)), "Please try again later");
            return self.refuse(text, parsed.problems.first().unwrap_or(&later));
        };
        let address = match self.acceptor.verify(&mut self.envelope, address).await {
            Verified::Good(address) | Verified::Later(address) => address,
            Verified::Refused(reply) => return self.refuse(text, &reply),
        };
        let flags = RecipientFlags::PRIMARY | self.notify().unwrap_or(RecipientFlags::DEFAULT_NOTIFY);
        let recipient =
            Recipient { text: text.to_vec(), address: Some(address), flags, ..Recipient::default() };
        self.envelope.add_recipient(&site.config, recipient);
    }

    /// A bad recipient: told to the caller, or by mail to the sender (-oem, -oee).
    fn refuse(&mut self, text: &[u8], reply: &Reply) {
        let mode = self.invocation.error_mode.unwrap_or(self.mta.site.config.options.error_mode);
        if matches!(mode, b'm' | b'e' | b'w') {
            self.envelope.recipients.push(Recipient {
                text: text.to_vec(),
                flags: RecipientFlags::PRIMARY | RecipientFlags::DEFAULT_NOTIFY,
                state: RecipientState::Failed,
                status: reply.enhanced,
                message: Some(reply.text.clone()),
                reply: Some(reply.clone()),
                ..Recipient::default()
            });
        }
        match mode {
            b'p' => print_problem(text, reply),
            b'e' => return,
            _ => {}
        }
        if self.status.is_ok() {
            self.status = status_of(reply);
        }
    }

    fn log_sender(&self) {
        let envelope = &self.envelope;
        let line = SenderLine {
            from: &envelope.sender.text,
            size: envelope.size,
            class: envelope.class,
            recipients: envelope.recipients.len(),
            message_id: envelope.message_id.as_deref(),
            body_type: envelope.body_type.map(BodyType::as_bytes),
            protocol: envelope.scope.get_named(&self.mta.site.config, b"r"),
            daemon: None,
            relay: &self.client.display,
        };
        self.mta.log.log(4, Priority::Info, Some(envelope.id.as_bytes()), &line.to_line());
    }

    /// What could not be sent is kept for its author.
    fn save_dead_letter(&mut self, message: &[u8]) {
        let Some(dead_letter) = self.dead_letter.take() else { return };
        let date = crate::message::ctime_date(&self.mta.site.config, clock::now());
        let line = [b"From ", &self.caller.name[..], b" ", &date, b"\n"].concat();
        let path = dead_letter.path.display().to_string();
        // as sendmail, without a word where there is no writing
        if dead_letter.save(&[&line[..], message, b"\n"].concat()).is_ok() {
            let _ = writeln!(std::io::stdout(), "{path}... Saved message in {path}");
        }
    }
}

/// `ADDRESS... text`, as callers read it.
pub(super) fn print_problem(address: &[u8], reply: &Reply) {
    // the rules' refusal names the address already
    let named = reply.text.strip_prefix(address).is_some_and(|rest| rest.starts_with(b"... "));
    let line = match named {
        true => [&reply.text[..], b"\n"].concat(),
        false => [address, b"... ", &reply.text, b"\n"].concat(),
    };
    // a closed stdout leaves nobody to tell; the exit status still says it
    let _ = std::io::stdout().write_all(&line);
}

/// The exit status for a refusal.
pub(super) fn status_of(reply: &Reply) -> Sysexit {
    match reply.enhanced {
        _ if reply.is_temporary() => Sysexit::TEMPFAIL,
        Some(EnhancedStatus(_, 1, 1)) => Sysexit::NOUSER,
        Some(EnhancedStatus(_, 1, 2)) => Sysexit::NOHOST,
        Some(EnhancedStatus(_, 2, _)) => Sysexit::UNAVAILABLE,
        Some(EnhancedStatus(_, 5, 2 | 4)) => Sysexit::USAGE,
        _ => Sysexit::UNAVAILABLE,
    }
}

/// Cuts an address list at its commas; group names and their semicolons go (RFC 5322, 3.4).
pub(super) fn split_list(text: &[u8]) -> Vec<Vec<u8>> {
    let groups = memchr::memchr(b';', text).is_some();
    let member = |part: &'_ [u8]| {
        let colon = bare_bytes(part).filter(|(_, byte)| groups && *byte == b':').last();
        colon.map_or(part, |(colon, _)| &part[colon + 1..]).trim_ascii().to_vec()
    };
    let members = addr::split_list(text, b",;").into_iter().map(member);
    members.filter(|member| !member.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::split_list;

    fn split(text: &str) -> Vec<String> {
        let list = split_list(text.as_bytes());
        list.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect()
    }

    #[test]
    fn lists() {
        assert_eq!(
            split(" a@b, \"x, y\" <c@d>,(a, b) e ,,f\n g"),
            ["a@b", "\"x, y\" <c@d>", "(a, b) e", "f\n g"]
        );
        assert_eq!(split("friends: a, b;, c"), ["a", "b", "c"]);
        assert!(split(" , ").is_empty());
    }
}
