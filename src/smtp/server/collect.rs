//! Message data: from the wire through the decoder into headers and body.

use super::acceptor::{Acceptor, BodySink};
use super::collecting::{Collecting, Failure, Limits};
use super::filter::FilterCall;
use super::session::{Flow, Session};
use super::transaction::Stage;
use super::wire::Lost;
use crate::envelope::{EnvelopeFlags, receive};
use crate::logging::Priority;
use crate::message::{Collector, Header, HeaderFacts};
use crate::schema::{EightBitMode, Reply};
use crate::smtp::proto::{BareCharacter, DataDecoder, DataEvent, Strictness, Violation, Where};

impl<A: Acceptor> Session<A> {
    /// Reads the message up to its dot, then decides about it.
    pub(super) async fn collect(&mut self) -> Flow {
        let mut collecting = self.begin_message(DataDecoder::new(self.features.strictness));
        loop {
            match self.collect_pending(&mut collecting, usize::MAX).await.1 {
                DataEvent::End => return self.collected(collecting).await,
                DataEvent::Refused(violation) => return self.bare_character(&collecting, violation),
                DataEvent::More => {}
            }
            if let Err(lost) = self.wire.fill(self.server.policy.data_timeout).await {
                return self.cut_off(&collecting, lost);
            }
        }
    }

    /// A message begins to come in.
    pub(super) fn begin_message(&mut self, decoder: DataDecoder) -> Collecting<A::Sink> {
        let sink = self.acceptor.create_body(&mut self.transaction.envelope);
        let collector = Collector::with_from_line(self.server.site.config.options.save_from_line);
        let policy = &self.server.policy;
        // without MaxHeadersLength the session's memory is the limit
        let budget = self.transaction.budget.left().max(1);
        let header = match policy.max_headers_length {
            0 => budget,
            most => most.min(budget),
        };
        let limits = Limits { header, message: policy.max_message_size };
        let mut collecting = Collecting::new(decoder, collector, sink, limits);
        collecting.seven_bit = self.seven_bit;
        collecting
    }

    /// Takes what has arrived, `most` bytes of it; gives the number of bytes used.
    async fn collect_pending(
        &mut self,
        collecting: &mut Collecting<A::Sink>,
        most: usize,
    ) -> (usize, DataEvent) {
        let pending = self.wire.pending();
        let (used, event) = collecting.take(&pending[..pending.len().min(most)]);
        self.wire.consume(used);
        if !matches!(event, DataEvent::Refused(_)) {
            self.hear(collecting).await;
        }
        (used, event)
    }

    /// Reads so many bytes of a message.
    ///
    /// # Errors
    /// The session is over.
    pub(super) async fn collect_chunk(
        &mut self,
        collecting: &mut Collecting<A::Sink>,
        mut left: u64,
    ) -> Result<(), Flow> {
        while left > 0 {
            if self.wire.pending().is_empty()
                && let Err(lost) = self.wire.fill(self.server.policy.data_timeout).await
            {
                return Err(self.cut_off(collecting, lost));
            }
            let most = usize::try_from(left).unwrap_or(usize::MAX);
            let (used, event) = self.collect_pending(collecting, most).await;
            if let DataEvent::Refused(violation) = event {
                return Err(self.bare_character(collecting, violation));
            }
            left -= used as u64;
        }
        Ok(())
    }

    /// The last chunk is there.
    pub(super) async fn collected_chunks(&mut self, mut collecting: Collecting<A::Sink>) -> Flow {
        if let DataEvent::Refused(violation) = collecting.finish_data() {
            return self.bare_character(&collecting, violation);
        }
        self.hear(&mut collecting).await;
        self.collected(collecting).await
    }

    /// A bare CR or LF ends the connection: nobody knows what the client means to send next.
    fn bare_character(&mut self, collecting: &Collecting<A::Sink>, violation: Violation) -> Flow {
        let (info, place) = match violation {
            Violation::LineFeed => (BARE_LF, collecting.decoder.bare_line_feeds),
            Violation::CarriageReturn => (BARE_CR, collecting.decoder.bare_carriage_returns),
        };
        self.transaction.envelope.size = collecting.size;
        if place.body {
            self.take_class(collecting);
        }
        // a line that is no field ends the header before any empty line
        let place = match collecting.collector.in_body() && !place.body {
            true => Where { header: false, body: true },
            false => place,
        };
        let line = self.collect_line(info, place, Some("tempfail"));
        self.log(1, Priority::Notice, &line);
        self.say("421", Some("4.5.0"), info.as_bytes());
        Flow::Close
    }

    /// The connection is lost within a message.
    fn cut_off(&mut self, collecting: &Collecting<A::Sink>, lost: Lost) -> Flow {
        self.take_class(collecting);
        self.broken_off(collecting.size, lost)
    }

    /// The log tells the class of a message that is not taken, too.
    fn take_class(&mut self, collecting: &Collecting<A::Sink>) {
        let facts = HeaderFacts::of(&self.server.site.config, collecting.collector.fields());
        self.transaction.envelope.class = facts.class;
    }

    pub(super) fn broken_off(&mut self, size: u64, lost: Lost) -> Flow {
        self.transaction.envelope.size = size;
        let text = match lost {
            Lost::TimedOut => self.tell_of_time_out(),
            _ => self.tell_of_close(),
        };
        self.say("421", Some("4.4.1"), &text);
        Flow::Close
    }

    /// A client that says nothing for Timeout.datablock is told what the log is told.
    fn tell_of_time_out(&self) -> Vec<u8> {
        let line = self.collect_line("read timeout", Where::default(), None);
        let id = self.transaction.envelope.id.as_bytes();
        self.server.log.syserr(Priority::Critical, Some(id), &line);
        line
    }

    fn tell_of_close(&self) -> Vec<u8> {
        let problem = "unexpected close";
        self.log(1, Priority::Warning, format!("collect: premature EOM: {problem}").as_bytes());
        self.log(0, Priority::Notice, &self.collect_line(problem, Where::default(), None));
        let from = &self.transaction.envelope.sender.text;
        let text = format!("collect: {problem} on connection from ");
        [text.as_bytes(), &self.client.pointer, b", from=", from].concat()
    }

    fn collect_line(&self, info: &str, place: Where, status: Option<&str>) -> Vec<u8> {
        let sender = &self.transaction.envelope.sender.text;
        let mut line =
            [b"collect: relay=", &self.client.pointer[..], b", from=", sender, b", info=", info.as_bytes()]
                .concat();
        for (key, value) in [("where", place.name()), ("status", status)] {
            if let Some(value) = value {
                line.extend_from_slice(format!(", {key}={value}").as_bytes());
            }
        }
        line
    }

    /// Tells the filters what has come in since they were told last.
    async fn hear(&mut self, collecting: &mut Collecting<A::Sink>) {
        if collecting.failed.is_some() || !collecting.collector.in_body() {
            return;
        }
        if !collecting.header_heard {
            collecting.header_heard = true;
            let refused = self.hear_header(collecting.collector.fields()).await;
            collecting.failed = refused.map(Failure::Refused);
        }
        self.hear_body(collecting).await;
    }

    async fn hear_body(&mut self, collecting: &mut Collecting<A::Sink>) {
        let wanted = self.filters.iter().any(|filter| filter.wants_body());
        if wanted && collecting.failed.is_none() && !collecting.body.is_empty() {
            let refused = self.ask(FilterCall::Body(&collecting.body), None).await;
            collecting.failed = refused.map(Failure::Refused);
        }
    }

    /// Values in which a line feed that is no line end has made a fold of what looked like a field of its own.
    fn newlines(&self, decoder: &DataDecoder, fields: &[Header]) -> Vec<Vec<u8>> {
        let Strictness { line_feed, crlf_dot, .. } = self.features.strictness;
        if !decoder.bare_line_feeds.header || line_feed != BareCharacter::Allow || !crlf_dot {
            return Vec::new();
        }
        let folded = fields.iter().filter(|field| field.value.contains(&b'\n'));
        let text = |field: &Header| field.value.iter().copied().filter(|byte| *byte != b'\n').collect();
        folded.map(text).collect()
    }

    fn note_tolerated(&mut self, decoder: &DataDecoder) {
        let seen = [
            (BARE_LF, decoder.bare_line_feeds, self.features.strictness.line_feed),
            (BARE_CR, decoder.bare_carriage_returns, self.features.strictness.carriage_return),
        ];
        let told =
            seen.into_iter().filter(|(_, place, _)| place.name().is_some()).map(|(info, place, manner)| {
                self.collect_line(info, place, (manner == BareCharacter::Replace).then_some("replaced"))
            });
        let told: Vec<_> = told.collect();
        if let Stage::Data { notes } = &mut self.transaction.stage {
            notes.extend(told);
        }
    }

    /// All of it is there.
    pub(super) async fn collected(&mut self, mut collecting: Collecting<A::Sink>) -> Flow {
        let id = self.transaction.envelope.id.clone();
        self.note_tolerated(&collecting.decoder);
        let header_is_too_large = collecting.header_is_too_large();
        let fields = collecting.finish_header();
        let newlines = self.newlines(&collecting.decoder, &fields);
        if !collecting.header_heard && collecting.failed.is_none() {
            collecting.failed = self.hear_header(&fields).await.map(Failure::Refused);
            self.hear_body(&mut collecting).await;
        }
        if collecting.failed.is_none() && self.server.policy.reject_nul && collecting.decoder.nul {
            collecting.failed = Some(Failure::Nul);
        }
        let too_large = header_is_too_large.then_some(collecting.limits.header);
        self.log_header_limit(too_large);
        let eight_bit = collecting.decoder.eight_bit && !collecting.seven_bit;
        if collecting.failed.is_none() && eight_bit && !self.may_be_eight_bit(&fields) {
            collecting.failed = Some(Failure::EightBit);
        }
        if collecting.failed.is_none() {
            collecting.failed = self.look_up_errors_to(&fields).await.map(Failure::Refused);
        }
        self.receive(fields, collecting.size, eight_bit).await;
        let failed = collecting.failed.take();
        let exceeded = match &failed {
            Some(Failure::MessageTooLarge(limit)) => Some(*limit),
            _ => None,
        };
        let mut sink = collecting.sink.take();
        // the rulesets judge the message that has come; then the log has a line of it, and then others may change it
        let mut refused = match (failed, &mut sink) {
            (Some(failure), _) => Some(failure.into_reply()),
            (None, Some(sink)) => self.end_of_message(sink, 0..self.server.judges).await,
            (None, None) => None,
        };
        self.log_sender();
        for text in newlines {
            self.server.log.alert_newline(Priority::Alert, Some(id.as_bytes()), &self.client.pointer, &text);
        }
        if let Some(limit) = exceeded {
            self.log_size_limit(collecting.size, limit);
        }
        if refused.is_none()
            && let Some(mut sink) = sink
        {
            refused = self.end_of_message(&mut sink, self.server.judges..usize::MAX).await;
            if refused.is_none() {
                refused = self.store(sink).await.err();
            }
        }
        match refused {
            Some(reply) => self.refuse_message(&reply).await,
            None => self.accept().await,
        }
    }

    /// With EightBitMode strict, a message with eighth bits must say what it is (RFC 6152, 2; RFC 2045, 4).
    fn may_be_eight_bit(&self, fields: &[Header]) -> bool {
        self.server.site.config.options.eight_bit_mode != EightBitMode::Strict
            || self.transaction.envelope.body_type.is_some()
            || fields.iter().any(|field| field.name.eq_ignore_ascii_case(b"mime-version"))
    }

    fn log_header_limit(&self, limit: Option<u64>) {
        let Some(limit) = limit else { return };
        let text = [
            format!("headers too large ({limit} max) from ").as_bytes(),
            &self.client.pointer,
            b" during message collect",
        ]
        .concat();
        let id = Some(self.transaction.envelope.id.as_bytes());
        self.server.log.always(Priority::Notice, id, &text);
    }

    fn log_size_limit(&self, size: u64, limit: u64) {
        self.log(6, Priority::Notice, format!("message size ({size}) exceeds maximum ({limit})").as_bytes());
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
        let hops = self.client.hops;
        let envelope = &mut self.transaction.envelope;
        envelope.hop_count = envelope.hop_count.max(hops);
        // addresses that VRFY and EXPN have shown count
        let shown = i64::try_from(self.transaction.shown).unwrap_or(0);
        self.transaction.envelope.priority += shown * config.options.recipient_factor;
    }

    /// The body becomes durable.
    async fn store(&mut self, sink: A::Sink) -> Result<(), Reply> {
        self.transaction.envelope.body = sink.finish().await?;
        Ok(())
    }
}

const BARE_LF: &str = "Bare linefeed (LF) not allowed";
const BARE_CR: &str = "Bare carriage return (CR) not allowed";
