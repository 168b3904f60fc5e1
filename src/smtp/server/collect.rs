//! Message data: from the wire through the decoder into headers and body.

use super::acceptor::{Acceptor, BodySink};
use super::checks::{Question, question_line};
use super::session::{Flow, Session};
use super::wire::Lost;
use crate::config::HeaderCheck;
use crate::envelope::{EnvelopeFlags, receive};
use crate::logging::Priority;
use crate::message::{Collector, Header};
use crate::rewrite::{Rewriter, Verdict};
use crate::schema::{EnhancedStatus, Reply};
use crate::smtp::proto::{DataDecoder, DataEvent, Strictness, Violation, Where};
use crate::smtp::server::features::Features;

/// The longest header value that a check ruleset sees, in bytes.
const LONGEST_CHECKED_VALUE: usize = 256;

/// A message on its way in.
struct Collecting<B> {
    decoder: DataDecoder,
    collector: Collector,
    sink: Option<B>,
    /// The first failure; the rest of the data is read and dropped.
    failed: Option<Reply>,
    /// Bytes with LF line ends.
    size: u64,
    /// Reused from read to read.
    text: Vec<u8>,
    body: Vec<u8>,
}

impl<B: BodySink> Collecting<B> {
    fn new(strictness: Strictness, sink: Result<B, Reply>) -> Self {
        let (sink, failed) = match sink {
            Ok(sink) => (Some(sink), None),
            Err(reply) => (None, Some(reply)),
        };
        Self {
            decoder: DataDecoder::new(strictness),
            collector: Collector::default(),
            sink,
            failed,
            size: 0,
            text: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Takes what has arrived; gives the number of bytes used.
    fn take(&mut self, input: &[u8], most_headers: u64, most: u64) -> (usize, DataEvent) {
        self.text.clear();
        let (used, event) = self.decoder.push(input, &mut self.text);
        self.size += self.text.len() as u64;
        if self.failed.is_none() {
            self.body.clear();
            self.collector.push(&self.text, &mut self.body);
            self.judge(most_headers, most);
        }
        (used, event)
    }

    fn judge(&mut self, most_headers: u64, most: u64) {
        if most_headers > 0 && self.collector.header_size() > most_headers {
            let text = format!("Headers too large ({most_headers} max)");
            self.failed = Some(Reply::new(552, Some(EnhancedStatus(5, 6, 0)), text));
        } else if most > 0 && self.size > most {
            let text = format!("Message exceeds maximum fixed size ({most})");
            self.failed = Some(Reply::new(552, Some(EnhancedStatus(5, 2, 3)), text));
        } else if let Some(sink) = &mut self.sink
            && let Err(reply) = sink.write(&self.body)
        {
            self.failed = Some(reply);
        }
    }
}

impl<A: Acceptor> Session<A> {
    /// Reads the message to its end, then decides about it.
    pub(super) async fn collect(&mut self) -> Flow {
        let Features { strictness, .. } = self.features;
        let sink = self.acceptor.create_body(&mut self.transaction.envelope);
        let mut collecting = Collecting::new(strictness, sink);
        let policy = &self.server.policy;
        let (headers, most, limit) =
            (policy.max_headers_length, policy.max_message_size, policy.data_timeout);
        loop {
            let (used, event) = collecting.take(self.wire.pending(), headers, most);
            self.wire.consume(used);
            match event {
                DataEvent::End => return self.collected(collecting).await,
                DataEvent::Refused(violation) => return self.bare_character(&collecting, violation),
                DataEvent::More => {}
            }
            if let Err(lost) = self.wire.fill(limit).await {
                return self.broken_off(collecting.size, lost);
            }
        }
    }

    /// A bare CR or LF ends the connection: nobody knows what the client means to send next.
    fn bare_character(&mut self, collecting: &Collecting<A::Sink>, violation: Violation) -> Flow {
        let (info, place) = match violation {
            Violation::LineFeed => (BARE_LF, collecting.decoder.bare_line_feeds),
            Violation::CarriageReturn => (BARE_CR, collecting.decoder.bare_carriage_returns),
        };
        let line = self.collect_line(info, place, Some("tempfail"));
        self.server.log.always(Priority::Notice, Some(self.transaction.envelope.id.as_bytes()), &line);
        self.transaction.envelope.size = collecting.size;
        self.say("421", Some("4.5.0"), info.as_bytes());
        Flow::Close
    }

    fn broken_off(&mut self, size: u64, lost: Lost) -> Flow {
        let problem = if lost == Lost::TimedOut { "read timeout" } else { "unexpected close" };
        self.transaction.envelope.size = size;
        self.log(1, Priority::Warning, format!("collect: premature EOM: {problem}").as_bytes());
        let line = self.collect_line(problem, Where::default(), None);
        self.log(0, Priority::Notice, &line);
        let text = [
            format!("collect: {problem} on connection from ").as_bytes(),
            &self.client.name,
            b", from=",
            &self.transaction.envelope.sender.text,
        ]
        .concat();
        self.say("421", Some("4.4.1"), &text);
        Flow::Close
    }

    fn collect_line(&self, info: &str, place: Where, status: Option<&str>) -> Vec<u8> {
        let sender = &self.transaction.envelope.sender.text;
        let mut line =
            [b"collect: relay=", &self.client.name[..], b", from=", sender, b", info=", info.as_bytes()]
                .concat();
        for (key, value) in [("where", place.name()), ("status", status)] {
            if let Some(value) = value {
                line.extend_from_slice(format!(", {key}={value}").as_bytes());
            }
        }
        line
    }

    fn note_tolerated(&mut self, decoder: &DataDecoder) {
        let seen = [
            (BARE_LF, decoder.bare_line_feeds, self.features.strictness.line_feed),
            (BARE_CR, decoder.bare_carriage_returns, self.features.strictness.carriage_return),
        ];
        for (info, place, manner) in seen {
            if place.name().is_some() {
                let replaced = manner == crate::smtp::proto::BareCharacter::Replace;
                let line = self.collect_line(info, place, replaced.then_some("replaced"));
                self.transaction.afterwards.push(line);
            }
        }
    }

    /// The final dot is there.
    async fn collected(&mut self, mut collecting: Collecting<A::Sink>) -> Flow {
        self.note_tolerated(&collecting.decoder);
        let mut rest = Vec::new();
        let fields = std::mem::take(&mut collecting.collector).finish(&mut rest);
        let mut failed = collecting.failed.take();
        if failed.is_none() && self.server.policy.reject_nul && collecting.decoder.nul {
            failed = Some(Reply::new(554, Some(EnhancedStatus(5, 6, 1)), "NUL byte not allowed"));
        }
        if failed.is_none() {
            failed = self.check_headers(&fields).await;
        }
        self.log_size_limit(failed.as_ref());
        self.receive(fields, collecting.size, collecting.decoder.eight_bit).await;
        if failed.is_none() {
            failed = self.store(collecting.sink.take(), &rest).await;
        }
        if failed.is_none() {
            let size = collecting.size.to_string();
            failed = self.check(Question::new("check_eom", size.as_bytes())).await;
        }
        self.log_sender();
        self.log_afterwards();
        match failed {
            Some(reply) => self.refuse_message(&reply),
            None => self.accept().await,
        }
    }

    fn log_size_limit(&self, failed: Option<&Reply>) {
        let Some(reply) = failed else { return };
        if reply.text.starts_with(b"Headers too large") {
            let limit = self.server.policy.max_headers_length;
            let text = [
                format!("headers too large ({limit} max) from ").as_bytes(),
                &self.client.name,
                b" during message collect",
            ]
            .concat();
            let id = Some(self.transaction.envelope.id.as_bytes());
            self.server.log.always(Priority::Notice, id, &text);
        }
    }

    /// The envelope gets its headers: those of the message and those that the site adds.
    async fn receive(&mut self, fields: Vec<Header>, size: u64, eight_bit: bool) {
        let site = self.server.site.clone();
        let config = site.config.clone();
        // a local user's From shows the name that the accounts know
        let name = match self.envelope().sender.address.clone() {
            Some(address) => self.acceptor.full_name(&address).await,
            None => Vec::new(),
        };
        let envelope = self.envelope();
        if !name.is_empty() {
            envelope.scope.set_named(&config, b"x", &name);
        }
        envelope.size = size;
        envelope.flags.set(EnvelopeFlags::EIGHT_BIT, eight_bit);
        envelope.scope.set_named(&config, b"msg_size", size.to_string().as_bytes());
        receive(&site, envelope, fields).await;
    }

    async fn store(&mut self, sink: Option<A::Sink>, rest: &[u8]) -> Option<Reply> {
        let mut sink = sink?;
        if let Err(reply) = sink.write(rest) {
            return Some(reply);
        }
        match sink.finish().await {
            Ok(body) => {
                self.transaction.envelope.body = body;
                None
            }
            Err(reply) => Some(reply),
        }
    }

    // --- rulesets that look at headers

    async fn check_headers(&mut self, fields: &[Header]) -> Option<Reply> {
        let site = self.server.site.clone();
        for field in fields {
            let own = |check: &&HeaderCheck| check.name.eq_ignore_ascii_case(&field.name);
            let checks = &site.config.header_checks;
            let check = checks.iter().find(own).or_else(|| checks.iter().find(|check| check.name == b"*"));
            let Some(check) = check else { continue };
            if let Some(reply) = self.check_header(check, field).await {
                return Some(reply);
            }
        }
        let count = fields.len().to_string();
        let bytes: usize = fields.iter().map(|field| field.name.len() + field.value.len() + 2).sum();
        let bytes = bytes.to_string();
        let question =
            Question { second: Some(bytes.as_bytes()), ..Question::new("check_eoh", count.as_bytes()) };
        self.check(question).await
    }

    async fn check_header(&mut self, check: &HeaderCheck, field: &Header) -> Option<Reply> {
        let site = self.server.site.clone();
        let config = &site.config;
        let value = unfolded(&field.value);
        let scope = &mut self.transaction.envelope.scope;
        scope.set_named(config, b"hdr_name", &field.name);
        scope.set_named(config, b"hdrlen", field.value.len().to_string().as_bytes());
        scope.set_named(config, b"currHeader", &quoted(&value));
        scope.set_named(config, b"addr_type", b"h");
        let ruleset = config.rulesets.display_name(check.ruleset);
        let verdict = Rewriter::quiet(&site, scope).check(&ruleset, &value, None).await;
        let question = question_line(&String::from_utf8_lossy(&ruleset), &value, None);
        match verdict {
            Verdict::Accept => None,
            Verdict::Reject(reply) => {
                let line = self.finished(&reply, None).to_line();
                self.log_verdict(&question, &[b"reject=", &line[..]].concat(), true);
                Some(reply)
            }
            Verdict::Discard => {
                self.log_verdict(&question, b"discard", true);
                self.transaction.envelope.session.discard = true;
                None
            }
            Verdict::Quarantine(reason) => {
                self.log_verdict(&question, &[b"quarantine=", &reason[..]].concat(), true);
                self.transaction.envelope.quarantine = Some(reason);
                None
            }
        }
    }
}

const BARE_LF: &str = "Bare linefeed (LF) not allowed";
const BARE_CR: &str = "Bare carriage return (CR) not allowed";

fn unfolded(value: &[u8]) -> Vec<u8> {
    let value = value.trim_ascii();
    value
        .iter()
        .filter(|byte| **byte != b'\n')
        .map(|byte| if *byte == b'\t' { b' ' } else { *byte })
        .collect()
}

/// As one quoted token.
fn quoted(value: &[u8]) -> Vec<u8> {
    let mut token = vec![b'"'];
    for byte in value.iter().take(LONGEST_CHECKED_VALUE) {
        match byte {
            b'"' | b'\\' => token.extend_from_slice(&[b'\\', *byte]),
            0..=31 => token.push(b' '),
            byte => token.push(*byte),
        }
    }
    token.push(b'"');
    token
}
