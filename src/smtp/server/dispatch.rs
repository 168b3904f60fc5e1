//! Command lines in, commands dispatched; what repeats itself is answered later and later, what makes no
//! sense too often ends the session.

use super::acceptor::{Acceptor, Closing};
use super::session::{Flow, Session};
use super::usage::{Pace, longer_and_longer};
use super::verb_row::{Command, VerbRow};
use super::verbs;
use super::wire::{Input, Lost};
use crate::addr::one_line;
use crate::logging::Priority;
use crate::schema::{EnhancedStatus, Reply, Sysexit};
use crate::smtp::proto::{BareCharacter, MAX_AUTH_LINE, split_verb};
use crate::sys::load;
use std::borrow::Cow;
use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;

/// A command line holds one.
struct BareCarriageReturn;

/// What a client hears that there is no room for (reply code 421 4.3.2, as ruleset ConnControl has it).
pub const TOO_MANY_CONNECTIONS: &[u8] = b"Too many open connections.";
/// How long a client that has to go may take to hear it.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long a command waits at a load of DelayLA.
const DELAY: Duration = Duration::from_secs(1);
/// How often the log hears of it.
const DELAY_LOG_INTERVAL: Duration = Duration::from_secs(15);

impl<A: Acceptor> Session<A> {
    /// Serves the client to the end. All that can go wrong with the connection is logged here. Gives the status of the first
    /// refusal that the rules made.
    ///
    /// A session spends most of its time waiting: what beginning and end need is not kept meanwhile.
    pub fn serve(self) -> impl Future<Output = Sysexit> + Send {
        Box::new(self).serve_boxed()
    }

    async fn serve_boxed(mut self: Box<Self>) -> Sysexit {
        let mut flow = Box::pin(self.greet()).await;
        while flow == Flow::Continue {
            self.served = true;
            flow = self.next_command().await;
        }
        Box::pin(self.finish()).await;
        self.wire.close().await;
        self.exit
    }

    async fn next_command(&mut self) -> Flow {
        let limit = self.server.policy.command_timeout;
        // what is being written must not be broken off by a word to end
        if (!self.wire.has_line() || self.wire.is_full())
            && let Err(lost) = self.wire.flush().await
        {
            return self.lost_input(lost, "server cmd read");
        }
        let input = tokio::select! {
            biased;
            why = self.acceptor.closing(self.transaction.has_begun()) => return Box::pin(self.shut_down(why)).await,
            input = self.wire.read_line(limit) => input,
        };
        match input {
            Ok(Input::Line(mut line)) => {
                if self.seven_bit {
                    line.iter_mut().for_each(|byte| *byte &= 0x7f);
                }
                let flow = self.command(&line).await;
                self.last_command = line;
                flow
            }
            Ok(Input::TooLong(length)) => self.too_long(length),
            Err(lost) => self.lost_input(lost, "server cmd read"),
        }
    }

    /// The session ends, whatever the client wants.
    pub(super) async fn shut_down(&mut self, why: Closing) -> Flow {
        match why {
            Closing::ShutDown => {
                let text = [&self.hostname[..], b" Server shutting down; closing connection"].concat();
                self.say("421", Some("4.3.2"), &text);
            }
            Closing::Crowded => {
                let text = [&self.client.display[..], b": connection dropped: too many open connections"];
                self.log(8, Priority::Info, &text.concat());
                self.say("421", Some("4.3.2"), TOO_MANY_CONNECTIONS);
                // whoever does not read this either has had its chance
                let _ = tokio::time::timeout(LAST_WORDS, self.wire.flush()).await;
                self.wire.forget();
            }
        }
        Flow::Close
    }

    /// The transaction ends with the session; a client that did nothing is noted.
    async fn finish(&mut self) {
        self.end_filters().await;
        if self.served && !self.issued_mail_command && self.refusal.is_none() {
            // what comes on standard input comes to no listener
            let to = match self.client.daemon.name.as_slice() {
                b"" => b"stdin",
                name => name,
            };
            let text =
                [&self.client.display[..], b" did not issue MAIL/EXPN/VRFY/ETRN during connection to ", to];
            let text = text.concat();
            self.log(5, Priority::Info, &text);
        }
        self.drop_transaction();
    }

    pub(super) fn too_long(&mut self, length: usize) -> Flow {
        // no line is longer to sendmail
        let length = length.min(MAX_AUTH_LINE - 1);
        let text = format!(": SMTP violation, input too long: {length}");
        let text = [&self.client.display[..], text.as_bytes()].concat();
        let id = self.transaction.envelope.id.as_bytes();
        self.server.log.always(Priority::Info, Some(id), &text);
        let text = [&self.hostname[..], b" Command too long, possible attack ", &self.client.display];
        let text = text.concat();
        self.say("421", Some("4.7.0"), &text);
        Flow::Close
    }

    async fn command(&mut self, line: &[u8]) -> Flow {
        self.usage.commands += 1;
        let line = match self.one_line(line) {
            Ok(line) => line,
            Err(BareCarriageReturn) => return self.refuse_line(),
        };
        self.log_command(&line);
        let (word, argument) = split_verb(&line);
        let row = verbs::find(word);
        self.issued_mail_command |= row.issued_mail_command;
        if let Some(reply) = self.refused(row) {
            if self.usage.is_last_bad_command() {
                return self.count_bad_command();
            }
            self.error(&reply, None);
            return self.count_bad_command();
        }
        if self.delay(row).await == Flow::Close || self.slow_down_row(row).await == Flow::Close {
            return Flow::Close;
        }
        let flow = (row.run)(self, Command { word, argument, line: &line }).await;
        if self.ends { Flow::Close } else { flow }
    }

    /// A carriage return in the middle of a line is the end of a line for some servers and none for others
    /// (RFC 5321, section 2.3.8): it is refused as in message data, or becomes a blank where `srv_features`
    /// is lax for this client; it is never passed on.
    /// At a NUL the command ends, as with sendmail; what stands behind it is never read.
    fn one_line<'a>(&self, line: &'a [u8]) -> Result<Cow<'a, [u8]>, BareCarriageReturn> {
        let strict = self.features.strictness.carriage_return == BareCharacter::Refuse;
        let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
        if strict && line.contains(&b'\r') { Err(BareCarriageReturn) } else { Ok(one_line(line)) }
    }

    fn refuse_line(&mut self) -> Flow {
        let text = b": SMTP violation, bare carriage return in command";
        self.log(5, Priority::Info, &[&self.client.display[..], text].concat());
        let text = "Bare carriage return (CR) not allowed";
        self.error(&Reply::new(501, Some(EnhancedStatus(5, 5, 2)), text), None);
        self.count_bad_command()
    }

    fn refused(&self, row: &VerbRow<A>) -> Option<Reply> {
        let refusal = self.refusal.as_ref()?;
        (!row.when_refusing).then(|| refusal.reply())
    }

    pub(super) fn lost_input(&mut self, lost: Lost, phase: &str) -> Flow {
        if lost == Lost::TimedOut {
            let text =
                [b"timeout waiting for input from ", &self.client.pointer[..], b" during ", phase.as_bytes()];
            self.log(1, Priority::Notice, &text.concat());
        }
        let level = if self.transaction.has_begun() { 1 } else { 19 };
        let word = verbs::find::<A>(split_verb(&self.last_command).0).word;
        let command = if word.is_empty() { "startup" } else { word }.to_ascii_lowercase();
        let listener: &[u8] = match self.client.address {
            Some(_) => &self.client.daemon.name,
            None => b"stdin",
        };
        let text = [
            b"lost input channel from ",
            &self.client.display[..],
            b" to ",
            listener,
            b" after ",
            command.as_bytes(),
        ];
        self.log(level, Priority::Notice, &text.concat());
        // whoever has closed his side is told nothing
        if lost == Lost::TimedOut {
            let text = [&self.hostname[..], b" Lost input channel from ", &self.client.display].concat();
            self.say("421", Some("4.4.1"), &text);
        }
        Flow::Close
    }

    /// Counts a command that made no sense; too many close the connection.
    pub(super) fn count_bad_command(&mut self) -> Flow {
        match self.usage.count_bad_command() {
            true => self.too_many("commands"),
            false => Flow::Continue,
        }
    }

    pub(super) fn too_many(&mut self, what: &str) -> Flow {
        let text = [&self.hostname[..], b" Too many bad ", what.as_bytes(), b"; closing connection"].concat();
        self.say("421", Some("4.7.0"), &text);
        Flow::Close
    }

    /// DelayLA: while the machine is busy each command waits for a second; the log hears of it now and then.
    async fn delay(&mut self, row: &VerbRow<A>) -> Flow {
        let Some(name) = row.delayed_as else { return Flow::Continue };
        let limit = self.client.daemon.delay_la.unwrap_or(self.server.policy.delay_la);
        if limit <= 0 {
            return Flow::Continue;
        }
        let load = load::average();
        if load < limit {
            return Flow::Continue;
        }
        if self.usage.complained.is_none_or(|at| at.elapsed() >= DELAY_LOG_INTERVAL) {
            self.usage.complained = Some(Instant::now());
            let text = format!("delaying={name}, load average={load} >= {limit}");
            self.log(8, Priority::Info, text.as_bytes());
        }
        self.pause(DELAY).await
    }

    /// Replies go out, then nothing happens for a while. Whoever is held up so makes room for others.
    pub(super) async fn pause(&mut self, pause: Duration) -> Flow {
        if self.wire.flush().await.is_err() {
            return Flow::Close;
        }
        tokio::select! {
            biased;
            why = self.acceptor.closing(self.transaction.has_begun()) => Box::pin(self.shut_down(why)).await,
            () = tokio::time::sleep(pause) => Flow::Continue,
        }
    }

    async fn slow_down_row(&mut self, row: &VerbRow<A>) -> Flow {
        let Some(limit) = row.limit else { return Flow::Continue };
        let most = if limit.uses == 0 { self.server.policy.max_noops } else { limit.uses };
        self.slow_down(limit.counter, limit.name, most).await
    }

    /// Clients that repeat themselves wait longer and longer.
    pub(super) async fn slow_down(&mut self, counter: &'static str, name: &str, most: u32) -> Flow {
        match self.pace(counter, name, most) {
            Pace::AtOnce => Flow::Continue,
            Pace::After(pause) => self.pause(pause).await,
            Pace::Never => self.too_many("commands"),
        }
    }

    /// One more use of a command: how soon is it answered?
    pub(super) fn pace(&mut self, counter: &'static str, name: &str, most: u32) -> Pace {
        let uses = self.usage.count(counter);
        if most == 0 || uses < most {
            return Pace::AtOnce;
        }
        if uses == most {
            let text = format!(": possible SMTP attack: command={name}, count={uses}");
            let text = [&self.client.display[..], text.as_bytes()].concat();
            self.log(5, Priority::Info, &text);
        }
        if self.server.policy.max_daemon_children > 0 && uses >= 2 * most {
            return Pace::Never;
        }
        Pace::After(longer_and_longer(uses - most))
    }
}
