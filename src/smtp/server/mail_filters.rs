//! The mail filters of the configuration (milters) as the last filter of a session: what their outcomes mean at each stage, in
//! sendmail's words.

use super::client::Client;
use super::filter::{Arrived, Context, Deciding, Decision, Extent, Filter, Stage, Working};
use super::mail_filter_message::Told;
use crate::config::Config;
use crate::milter::{Milters, Moment, Outcome};
use crate::rewrite::{Verdict, expand};
use crate::schema::{EnhancedStatus, Reply, Sysexit};

/// Above these Milter.LogLevels a line is logged.
const REFUSED: u8 = 3;
const ACCEPTED: u8 = 9;

const TRY_AGAIN: &str = "451 4.3.2 Please try again later";
const REJECTED: &str = "550 5.7.1 Command rejected";

/// All of one session.
pub(super) struct MailFilters {
    milters: Milters,
    /// They have been connected to, and are still asked.
    active: bool,
    /// What the last MAIL or RCPT was about.
    about: Option<Vec<u8>>,
}

/// Reads a line as it is said: a filter's percent signs are doubled.
fn reply(line: &[u8]) -> Reply {
    let mut text = Vec::with_capacity(line.len());
    let mut bytes = line.iter().peekable();
    while let Some(byte) = bytes.next() {
        text.push(*byte);
        if *byte == b'%' {
            bytes.next_if(|next| **next == b'%');
        }
    }
    let mut reply = Reply::parse(&text);
    // each line of several has both codes; the last one's count
    let lines = text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let texts: Vec<Vec<u8>> = lines.map(|line| Reply::parse(line).text).collect();
    reply.text = texts.join(&b'\n');
    reply
}

fn refusing(line: &[u8], extent: Extent) -> Decision {
    let verdict = Verdict::Reject { reply: reply(line), status: Sysexit::UNAVAILABLE };
    Decision { verdict, extent, ..Decision::accept() }
}

/// Does it ask for the end of the connection (RFC 5321, section 3.8)?
fn ends_connection(line: &[u8]) -> bool {
    line.starts_with(b"421 ") || line.starts_with(b"421-")
}

/// `421 4.7.0 HOST closing connection`
fn closing(context: &Context<'_>) -> Vec<u8> {
    let host = expand(context.site, context.scope, b"\x81j");
    [b"421 4.7.0 ", &host[..], b" closing connection"].concat()
}

fn moment<'a>(context: &'a Context<'_>) -> Moment<'a> {
    Moment { id: context.id, site: context.site, scope: context.scope }
}

/// An address as typed, and the parameters behind it.
fn words<'a>(address: &'a [u8], parameters: &'a [u8]) -> Vec<&'a [u8]> {
    let more = parameters.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    std::iter::once(address).chain(more).collect()
}

impl MailFilters {
    pub(super) fn new(milters: Milters) -> Self {
        Self { milters, active: false, about: None }
    }

    fn is_asked(&self, context: &Context<'_>) -> bool {
        self.active && !context.discard
    }

    fn log(&self, level: u8, context: &Context<'_>, text: &[&[u8]]) {
        self.milters.log(level, &moment(context), text);
    }

    async fn begin(&mut self, context: &mut Context<'_>) -> Decision {
        let opened = self.milters.open(&moment(context)).await;
        let (why, decision): (&[u8], _) = match opened {
            Outcome::Reject => (b"rejecting commands", refusing(REJECTED.as_bytes(), Extent::Session)),
            Outcome::TemporaryFailure => {
                (b"temp failing commands", refusing(TRY_AGAIN.as_bytes(), Extent::LaterInSession))
            }
            Outcome::ShutDown => (b"closing connection", refusing(&closing(context), Extent::Command)),
            Outcome::Continue | Outcome::Discard | Outcome::Reply(_) => {
                self.active = !self.milters.filters.is_empty();
                return self.greet(context).await;
            }
        };
        self.log(REFUSED, context, &[b"Milter: initialization failed, ", why]);
        decision
    }

    async fn greet(&mut self, context: &mut Context<'_>) -> Decision {
        if !self.is_asked(context) {
            return Decision::accept();
        }
        let (Client { name, address, .. }, text) = (context.client, context.client.address_text());
        let outcome =
            self.milters.connect(name, address.map(|address| (address, &text[..])), &moment(context)).await;
        let (what, decision): (&[u8], _) = match outcome {
            Outcome::Continue | Outcome::Discard => return Decision::accept(),
            Outcome::ShutDown => (b"shutdown", refusing(&closing(context), Extent::Connection)),
            // of several lines it is one more 4yz here
            Outcome::Reply(line) if line.starts_with(b"421 ") => {
                (b"shutdown", refusing(&closing(context), Extent::Connection))
            }
            Outcome::Reply(line) if line.starts_with(b"4") => {
                (b"temp failing commands", refusing(TRY_AGAIN.as_bytes(), Extent::LaterInSession))
            }
            Outcome::TemporaryFailure => {
                (b"temp failing commands", refusing(TRY_AGAIN.as_bytes(), Extent::LaterInSession))
            }
            Outcome::Reject | Outcome::Reply(_) => {
                (b"rejecting commands", refusing(REJECTED.as_bytes(), Extent::Session))
            }
        };
        self.active = false;
        let shown = if address.is_some() { &text[..] } else { b"localhost" };
        let host = &context.client.pointer;
        self.log(REFUSED, context, &[b"Milter: connect: host=", host, b", addr=", shown, b", ", what]);
        decision
    }

    async fn introduce(&mut self, context: &mut Context<'_>, name: &[u8]) -> Decision {
        if !self.is_asked(context) {
            return Decision::accept();
        }
        let outcome = self.milters.helo(name, &moment(context)).await;
        let (what, decision): (Vec<u8>, _) = match outcome {
            // nobody's message is meant yet
            Outcome::Continue | Outcome::Discard => return Decision::accept(),
            Outcome::Reject => {
                (b"Command rejected".to_vec(), refusing(b"550 5.0.0 Command rejected", Extent::Session))
            }
            Outcome::TemporaryFailure => {
                (TRY_AGAIN.into(), refusing(TRY_AGAIN.as_bytes(), Extent::LaterInSession))
            }
            Outcome::Reply(line) => {
                let extent = if ends_connection(&line) { Extent::Connection } else { Extent::Session };
                (line.clone(), refusing(&with_status(&line), extent))
            }
            Outcome::ShutDown => {
                let line = closing(context);
                (line.clone(), refusing(&line, Extent::Connection))
            }
        };
        self.active = false;
        self.log(REFUSED, context, &[b"Milter: helo=", name, b", reject=", &what]);
        decision
    }

    /// What MAIL, RCPT and unknown commands come to: `what=about, reject=…` in the log.
    fn decide_command(&self, outcome: Outcome, what: &str, context: &Context<'_>) -> Decision {
        let about = self.about.as_deref().unwrap_or(b"(null)");
        let what = [what.as_bytes(), b"=", about].concat();
        if outcome == Outcome::ShutDown {
            self.log(REFUSED, context, &[b"Milter: ", &what, b", reject=421, errormode=4"]);
            return refusing(b"421 4.3.0 closing connection", Extent::Connection);
        }
        self.decide(outcome, &what, REJECTED, context)
    }

    /// `what, reject=…` in the log; `rejected`: what is said where the filter has no words of its own.
    fn decide(&self, outcome: Outcome, what: &[u8], rejected: &str, context: &Context<'_>) -> Decision {
        let log = |words: &[u8]| self.log(REFUSED, context, &[b"Milter: ", what, b", ", words]);
        let refuse = |line: &[u8]| {
            log(&[b"reject=", line].concat());
            refusing(line, if ends_connection(line) { Extent::Connection } else { Extent::Command })
        };
        match outcome {
            Outcome::Continue => Decision::accept(),
            Outcome::Reject => refuse(rejected.as_bytes()),
            Outcome::TemporaryFailure => refuse(TRY_AGAIN.as_bytes()),
            Outcome::Reply(line) => refuse(&line),
            Outcome::ShutDown => refuse(&closing(context)),
            Outcome::Discard => {
                log(b"discard");
                Decision { verdict: Verdict::Discard, ..Decision::accept() }
            }
        }
    }

    async fn sender(&mut self, context: &mut Context<'_>, address: &[u8], parameters: &[u8]) -> Decision {
        self.about = Some(address.to_vec());
        if !self.is_asked(context) {
            return Decision::accept();
        }
        let outcome = self.milters.mail(&words(address, parameters), &moment(context)).await;
        self.decide_command(outcome, "from", context)
    }

    async fn recipient(
        &mut self,
        context: &mut Context<'_>,
        address: &[u8],
        parameters: &[u8],
        refused: Option<&Reply>,
    ) -> Decision {
        self.about = Some(address.to_vec());
        if !self.is_asked(context) {
            return Decision::accept();
        }
        if let Some(reply) = refused {
            let config = &context.site.config;
            let status = reply.enhanced.unwrap_or(EnhancedStatus(5, 0, 0)).to_string();
            context.scope.set_named(config, b"rcpt_mailer", b"error");
            context.scope.set_named(config, b"rcpt_host", status.as_bytes());
            context.scope.set_named(config, b"rcpt_addr", &reply.to_line());
        }
        let words = words(address, parameters);
        let outcome = self.milters.rcpt(&words, refused.is_some(), &moment(context)).await;
        self.decide_command(outcome, "to", context)
    }

    async fn last_word(&mut self, message: &mut dyn Arrived) -> Decision {
        let asked = self.is_asked(&message.context());
        let outcome = match asked {
            true => self.milters.message(&mut Told::new(message)).await,
            false => Outcome::Continue,
        };
        let context = message.context();
        if !asked {
            // it is thrown away: nobody need wait for its end
            self.milters.abort(&moment(&context)).await;
        }
        let accepted = outcome == Outcome::Continue;
        let decision = self.decide(outcome, b"data", "554 5.7.1 Command rejected", &context);
        if accepted && self.active {
            self.log(ACCEPTED, &context, &[b"Milter accept: message"]);
        }
        decision
    }
}

/// A reply that has no enhanced status is given one where it is said again and again.
fn with_status(line: &[u8]) -> Vec<u8> {
    match line {
        b"550 Command rejected" => b"550 5.0.0 Command rejected".to_vec(),
        line => line.to_vec(),
    }
}

impl Filter for MailFilters {
    /// Where there are none, the log says so when a client connects, and that is all.
    fn hears(&self, _config: &Config, stage: Stage) -> bool {
        stage == Stage::Connect || !self.milters.filters.is_empty()
    }

    fn connect<'a>(&'a mut self, context: &'a mut Context<'_>) -> Deciding<'a> {
        Box::pin(self.begin(context))
    }

    fn helo<'a>(&'a mut self, context: &'a mut Context<'_>, name: &'a [u8]) -> Deciding<'a> {
        Box::pin(self.introduce(context, name))
    }

    fn mail<'a>(
        &'a mut self,
        context: &'a mut Context<'_>,
        address: &'a [u8],
        parameters: &'a [u8],
    ) -> Deciding<'a> {
        Box::pin(self.sender(context, address, parameters))
    }

    fn looked_up<'a>(
        &'a mut self,
        context: &'a mut Context<'_>,
        address: &'a [u8],
        parameters: &'a [u8],
        refused: Option<&'a Reply>,
    ) -> Deciding<'a> {
        Box::pin(self.recipient(context, address, parameters, refused))
    }

    fn data<'a>(&'a mut self, context: &'a mut Context<'_>, _recipients: usize) -> Deciding<'a> {
        Box::pin(async move {
            if !self.is_asked(context) {
                return Decision::accept();
            }
            let outcome = self.milters.data(&moment(context)).await;
            self.decide(outcome, b"cmd=data", REJECTED, context)
        })
    }

    fn end<'a>(&'a mut self, message: &'a mut dyn Arrived) -> Deciding<'a> {
        Box::pin(self.last_word(message))
    }

    /// Only commands that are none.
    fn unknown<'a>(
        &'a mut self,
        context: &'a mut Context<'_>,
        line: &'a [u8],
        digit: &'static [u8],
    ) -> Deciding<'a> {
        Box::pin(async move {
            if !self.is_asked(context) || digit != b"5" {
                return Decision::accept();
            }
            let outcome = self.milters.unknown(line, &moment(context)).await;
            self.decide_command(outcome, "unknown", context)
        })
    }

    fn abort<'a>(&'a mut self, context: &'a mut Context<'_>) -> Working<'a, ()> {
        Box::pin(async move { self.milters.abort(&moment(context)).await })
    }

    fn quit<'a>(&'a mut self, context: &'a mut Context<'_>) -> Working<'a, ()> {
        Box::pin(async move { self.milters.quit(&moment(context)).await })
    }
}
