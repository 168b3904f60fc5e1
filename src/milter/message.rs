//! The end of a message: each filter in turn is told all of it, as those before it have left it, and may change it.

use super::filter::{Milter, Outcome, Shared, State};
use super::log::FilterLog;
use super::moment::Moment;
use super::protocol::{
    Actions, Answer, BODY, CHUNK, END_OF_HEADER, END_OF_MESSAGE, HEADER, Packet, Request, Stage, Steps, texts,
};
use super::session::Milters;
use crate::logging::Priority;
use crate::message::{Header, HeaderKind};
use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

/// Something about a message that takes its time.
pub type Working<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The filter that asks for a change.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Values of header fields stand with their leading blank.
    pub leading_blank: bool,
    /// The log.
    pub log: &'a FilterLog,
}

/// The message as filters meet it.
pub trait Message: Send {
    /// Its id and macros.
    fn moment(&self) -> Moment<'_>;
    /// Its header, fields that were made here among them.
    fn fields(&self) -> Vec<&Header>;
    /// Reads its body, LF line ends, from `offset`; 0 bytes at its end. `None`: it cannot be read.
    fn read_body(&mut self, offset: u64, buffer: &mut [u8]) -> Option<usize>;
    /// Does what a filter asks for. `false`: the body could not be replaced.
    fn change<'a>(&'a mut self, asking: Asking<'a>, request: Request) -> Working<'a, bool>;
    /// The filter has said all of it.
    fn end_of_changes(&mut self) -> bool;
}

/// Above these Milter.LogLevels a line is logged.
mod level {
    pub(super) const FAILURE: u8 = 0;
    pub(super) const LIED: u8 = 9;
    pub(super) const REJECTED: u8 = 10;
    pub(super) const DECIDED: u8 = 12;
    pub(super) const PARTS: u8 = 17;
    pub(super) const FIELDS: u8 = 21;
}

/// What a filter needs to have said in the negotiation for a request, and how the log says that it has not.
fn right(request: &Request) -> Option<(Actions, &'static str)> {
    Some(match request {
        Request::Progress => return None,
        Request::Quarantine(_) => (Actions::QUARANTINE, ": lied about quarantining, honoring request anyway"),
        Request::AddHeader(..) | Request::InsertHeader(..) => {
            (Actions::ADD_HEADERS, ": lied about adding headers, honoring request anyway")
        }
        Request::ChangeHeader(..) => {
            (Actions::CHANGE_HEADERS, ": lied about changing headers, honoring request anyway")
        }
        Request::AddRecipient(_, None) => {
            (Actions::ADD_RECIPIENTS, " lied about adding recipients, honoring request anyway")
        }
        Request::AddRecipient(_, Some(_)) => (
            Actions::ADD_RECIPIENTS_WITH_PARAMETERS,
            " lied about adding recipients with parameters, honoring request anyway",
        ),
        Request::DeleteRecipient(_) => {
            (Actions::DELETE_RECIPIENTS, ": lied about removing recipients, honoring request anyway")
        }
        Request::ChangeSender(..) => {
            (Actions::CHANGE_SENDER, " lied about changing sender, honoring request anyway")
        }
        Request::ReplaceBody(_) => {
            (Actions::CHANGE_BODY, ": lied about replacing body, rejecting request and tempfailing message")
        }
    })
}

impl Milters {
    /// The final dot is there, and nobody has refused the message before.
    pub async fn message(&mut self, message: &mut dyn Message) -> Outcome {
        let mut outcome = Outcome::Continue;
        for at in 0..self.filters.len() {
            let milter = &mut self.filters[at];
            if milter.state == State::Failed {
                match milter.on_failure() {
                    Some(failure) => outcome = failure,
                    None => continue,
                }
                break;
            }
            if !milter.listens() {
                continue;
            }
            milter.state = State::InMessage;
            let macros = [Stage::EndOfHeader, Stage::EndOfMessage].map(|stage| self.macros(stage).to_vec());
            let mut telling = Telling { milter: &mut self.filters[at], shared: &self.shared, message };
            outcome = telling.whole(&macros).await;
            let milter = &mut self.filters[at];
            match milter.state {
                State::Failed if outcome == Outcome::Continue => {
                    outcome = milter.on_failure().unwrap_or(Outcome::Continue);
                }
                State::Failed => {}
                // it has had its say, whatever that was
                _ => milter.state = State::Done,
            }
            if outcome != Outcome::Continue {
                break;
            }
        }
        self.end_if_refused(&outcome, &message.moment()).await;
        if outcome == Outcome::Reject {
            self.log(level::REJECTED, &message.moment(), &[b"Milter: reject, data"]);
        }
        outcome
    }
}

/// One filter that is told a message.
struct Telling<'a> {
    milter: &'a mut Milter,
    shared: &'a Shared,
    message: &'a mut dyn Message,
}

impl Telling<'_> {
    async fn whole(&mut self, [header_macros, end_macros]: &[Vec<Vec<u8>>; 2]) -> Outcome {
        if !self.milter.steps.contains(Steps::NO_HEADERS) {
            let outcome = self.fields().await;
            if self.is_over(&outcome) {
                return outcome;
            }
        }
        if !self.milter.steps.contains(Steps::NO_EOH) {
            let moment = self.message.moment();
            self.milter.put_macros(Stage::EndOfHeader, &END_OF_HEADER, header_macros, &moment);
            let outcome = self.milter.tell(&END_OF_HEADER, b"", self.shared, &moment, "eoh").await;
            if self.is_over(&outcome) {
                return outcome;
            }
        }
        if !self.milter.steps.contains(Steps::NO_BODY) {
            let outcome = self.body().await;
            if self.is_over(&outcome) {
                return outcome;
            }
        }
        let moment = self.message.moment();
        self.milter.put_macros(Stage::EndOfMessage, &END_OF_MESSAGE, end_macros, &moment);
        self.end().await
    }

    /// Nothing more is to be said to it.
    fn is_over(&self, outcome: &Outcome) -> bool {
        *outcome != Outcome::Continue || matches!(self.milter.state, State::Done | State::Failed)
    }

    fn log(&self, level: u8, text: &[&[u8]]) {
        self.shared.log.info(level, self.message.moment().id, text);
    }

    /// The fields that came with the message, or that a filter has added.
    async fn fields(&mut self) -> Outcome {
        let name = self.milter.definition.name.clone();
        self.log(level::PARTS, &[b"Milter (", &name, b"): headers, send"]);
        let mut outcome = Outcome::Continue;
        let moment = self.message.moment();
        let told = self.message.fields().into_iter().filter(|field| field.kind.contains(HeaderKind::USER));
        for field in told {
            self.shared.log.info(
                level::FIELDS,
                moment.id,
                &[b"Milter (", &name, b"): header, ", &field.name],
            );
            let value = match self.milter.steps.contains(Steps::LEADING_BLANK) {
                true => &field.value[..],
                false => field.value.strip_prefix(b" ").unwrap_or(&field.value),
            };
            let data = texts([&field.name[..], value]);
            outcome = self.milter.tell(&HEADER, &data, self.shared, &moment, "header").await;
            if self.is_over(&outcome) {
                break;
            }
        }
        self.log(level::PARTS, &[b"Milter (", &name, b"): headers, sent"]);
        outcome
    }

    async fn body(&mut self) -> Outcome {
        let name = self.milter.definition.name.clone();
        self.log(level::PARTS, &[b"Milter (", &name, b"): body, send"]);
        let outcome = match self.milter.state {
            State::Skipping => Outcome::Continue,
            _ => self.pieces().await,
        };
        self.log(level::PARTS, &[b"Milter (", &name, b"): body, sent"]);
        outcome
    }

    /// The body with CRLF line ends, cut where a packet is full.
    async fn pieces(&mut self) -> Outcome {
        let (mut offset, mut last) = (0, 0);
        let mut buffer = vec![0; 8192];
        let mut piece = Vec::with_capacity(CHUNK.min(1 << 14));
        loop {
            let count = match self.message.read_body(offset, &mut buffer) {
                Some(0) => break,
                Some(count) => count,
                None => return Outcome::TemporaryFailure,
            };
            offset += count as u64;
            for &byte in &buffer[..count] {
                if byte == b'\n' && last != b'\r' {
                    piece.push(b'\r');
                    if let Some(outcome) = self.piece_if_full(&mut piece).await {
                        return outcome;
                    }
                }
                piece.push(byte);
                last = byte;
                if let Some(outcome) = self.piece_if_full(&mut piece).await {
                    return outcome;
                }
            }
        }
        match piece.is_empty() {
            true => Outcome::Continue,
            false => {
                let moment = self.message.moment();
                self.milter.tell(&BODY, &piece, self.shared, &moment, "last body chunk").await
            }
        }
    }

    /// `Some`: that was enough.
    async fn piece_if_full(&mut self, piece: &mut Vec<u8>) -> Option<Outcome> {
        if piece.len() < CHUNK {
            return None;
        }
        let moment = self.message.moment();
        let outcome = self.milter.tell(&BODY, piece, self.shared, &moment, "body chunk").await;
        piece.clear();
        (self.is_over(&outcome) || self.milter.state == State::Skipping).then_some(outcome)
    }

    /// The end, and what it has to say.
    async fn end(&mut self) -> Outcome {
        self.milter.put(END_OF_MESSAGE.letter, b"");
        if !self.milter.flush(self.shared, &self.message.moment(), "eom").await {
            return self.milter.on_failure().unwrap_or(Outcome::Continue);
        }
        let sent = Instant::now();
        let mut replaced = true;
        let answer = loop {
            if self.milter.definition.end_timeout.is_some_and(|limit| sent.elapsed() >= limit) {
                let moment = self.message.moment();
                let name = self.milter.definition.name.clone();
                let text = [b"milter_data(", &name[..], b"): EOM ACK/NAK timeout"].concat();
                self.shared.log.error(level::FAILURE, moment.id, &[&text]);
                self.milter.fail(self.shared, &moment);
                break None;
            }
            let packet = self.milter.read(self.shared, &self.message.moment(), "eom").await;
            let Some(packet) = packet else { break None };
            if let Some(request) = packet.request() {
                if let Some(request) = request {
                    replaced &= self.change(request).await;
                }
                continue;
            }
            break self.answer(&packet);
        };
        replaced &= self.message.end_of_changes();
        let Some(answer) = answer else { return self.milter.on_failure().unwrap_or(Outcome::Continue) };
        self.milter.state = State::Done;
        match self.decided(answer) {
            Outcome::Continue if !replaced => Outcome::TemporaryFailure,
            outcome => outcome,
        }
    }

    fn answer(&mut self, packet: &Packet) -> Option<Answer> {
        if let Some(answer) = packet.answer(END_OF_MESSAGE.refusal).filter(|answer| *answer != Answer::Skip) {
            return Some(answer);
        }
        let moment = self.message.moment();
        let name = self.milter.definition.name.clone();
        let text = [b"milter_data(", &name[..], b"): returned bogus response ", &[packet.letter]].concat();
        self.shared.log.error(level::FAILURE, moment.id, &[&text]);
        self.milter.fail(self.shared, &moment);
        None
    }

    fn decided(&self, answer: Answer) -> Outcome {
        let say =
            |what: &[u8]| self.log(level::DECIDED, &[b"milter=", &self.milter.definition.name, b", ", what]);
        match answer {
            Answer::Continue | Answer::Accept | Answer::Skip => Outcome::Continue,
            Answer::Reject => {
                say(b"reject");
                Outcome::Reject
            }
            Answer::TemporaryFailure => {
                say(b"tempfail");
                Outcome::TemporaryFailure
            }
            Answer::Discard => {
                say(b"discard");
                Outcome::Discard
            }
            Answer::Reply(text) => {
                say(&[b"reject=", &text[..]].concat());
                Outcome::Reply(text)
            }
        }
    }

    /// What it asks for is done even if it has not said before that it would; but nobody's body is replaced so.
    async fn change(&mut self, request: Request) -> bool {
        let name = self.milter.definition.name.clone();
        if let Some((needed, lie)) = right(&request)
            && !self.milter.actions.contains(needed)
        {
            let refused = needed == Actions::CHANGE_BODY;
            let text = [b"milter_data(", &name[..], b")", lie.as_bytes()].concat();
            let (level, priority) = match refused {
                true => (level::FAILURE, Priority::Error),
                false => (level::LIED, Priority::Warning),
            };
            self.shared.log.log(level, priority, self.message.moment().id, &[&text]);
            if refused {
                return false;
            }
        }
        match request {
            Request::Progress => true,
            request => {
                let leading_blank = self.milter.steps.contains(Steps::LEADING_BLANK);
                let asking = Asking { name: &name, leading_blank, log: &self.shared.log };
                self.message.change(asking, request).await
            }
        }
    }
}
