//! One filter of one session: how far it has got, what it is told, what it answers.
//!
//! A filter that hangs, dies or answers nonsense is in error from then on; what that means for the mail is its equate F=.

use super::connection::{Connection, Failure};
use super::definition::{Address, Definition, OnFailure};
use super::log::FilterLog;
use super::moment::Moment;
use super::negotiation::{Wishes, offer};
use super::protocol::{Actions, Answer, Command, Packet, Stage, Steps, letter, put_packet, texts};
use super::socket::SocketOpener;
use crate::sys::safe::{self, Rules};
use std::sync::Arc;

/// How far a filter has got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Not connected, or not any more.
    Closed,
    /// It waits for a message.
    Open,
    /// It is being told of one.
    InMessage,
    /// It need not hear more of this one.
    Done,
    /// It need not hear more of this connection.
    Closable,
    /// It has answered that it has seen enough.
    Skipping,
    /// It has failed.
    Failed,
}

/// What a command comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Nobody is against it.
    Continue,
    /// It is refused with the usual words.
    Reject,
    /// It is refused for now.
    TemporaryFailure,
    /// The message is taken and thrown away.
    Discard,
    /// It is refused with these words.
    Reply(Vec<u8>),
    /// The session ends.
    ShutDown,
}

/// What filters of all sessions share.
pub struct Shared {
    /// The log.
    pub log: FilterLog,
    /// Who else may connect to a socket, where this process may not.
    pub opener: Option<Arc<dyn SocketOpener>>,
    /// What a UNIX socket and the directories above it must be like.
    pub rules: Rules,
}

/// Above these Milter.LogLevels a line is logged.
mod level {
    pub(super) const FAILURE: u8 = 0;
    pub(super) const ATTEMPTS: u8 = 13;
    pub(super) const OPENED: u8 = 9;
    pub(super) const DECIDED: u8 = 10;
    pub(super) const ABORT: u8 = 10;
    pub(super) const CONTINUED: u8 = 12;
    pub(super) const QUIT: u8 = 18;
}

/// Packets that nobody answers are kept together up to this many bytes.
const KEPT: usize = 1 << 16;

/// One filter of one session.
pub struct Milter {
    /// What the configuration says of it.
    pub definition: Arc<Definition>,
    /// How far it has got.
    pub state: State,
    /// What it may do.
    pub actions: Actions,
    /// What it does not want to be told, or does not answer.
    pub steps: Steps,
    /// Names of macros that it has asked for itself, by [`Stage`].
    macros: [Option<Vec<Vec<u8>>>; 7],
    connection: Option<Connection>,
    /// It could be connected to.
    pub(super) was_reached: bool,
    /// Packets that are still to be sent.
    out: Vec<u8>,
}

impl Milter {
    /// Not connected yet.
    pub fn new(definition: Arc<Definition>) -> Self {
        Self {
            definition,
            state: State::Closed,
            actions: Actions::empty(),
            steps: Steps::empty(),
            macros: Default::default(),
            connection: None,
            was_reached: false,
            out: Vec::new(),
        }
    }

    /// What its failure means; `None`: mail goes on without it.
    pub fn on_failure(&self) -> Option<Outcome> {
        match self.definition.on_failure {
            OnFailure::GoOn => None,
            OnFailure::Reject => Some(Outcome::Reject),
            OnFailure::TemporaryFailure => Some(Outcome::TemporaryFailure),
            OnFailure::ShutDown => Some(Outcome::ShutDown),
        }
    }

    /// Is it to be told of what happens?
    pub fn listens(&self) -> bool {
        matches!(self.state, State::Open | State::InMessage)
    }

    /// It has failed: nothing more is said to it in this session.
    pub fn fail(&mut self, shared: &Shared, moment: &Moment<'_>) {
        self.connection = None;
        self.state = State::Failed;
        self.out.clear();
        shared.log.info(
            level::FAILURE,
            moment.id,
            &[b"Milter (", &self.definition.name, b"): to error state"],
        );
    }

    /// `Milter (NAME): …` in the log, and nothing more is said to it.
    fn fail_because(&mut self, shared: &Shared, moment: &Moment<'_>, why: &[u8]) {
        shared.log.error(level::FAILURE, moment.id, &[b"Milter (", &self.definition.name, b"): ", why]);
        self.fail(shared, moment);
    }

    /// Connects and asks what it wants.
    pub async fn open(&mut self, shared: &Shared, moment: &Moment<'_>) {
        let Some(connection) = self.connect(shared, moment).await else { return };
        self.connection = Some(connection);
        self.was_reached = true;
        self.state = State::Open;
        put_packet(&mut self.out, letter::NEGOTIATE, &offer());
        let mut wishes = None;
        if let Some(packet) = self.exchange(shared, moment, "negotiate").await {
            match Wishes::read(&packet) {
                Ok(read) => wishes = Some(read),
                Err(why) => self.fail_because(shared, moment, format!("negotiate: {why}").as_bytes()),
            }
        }
        let name = &self.definition.name;
        let Some(wishes) = wishes else {
            shared.log.error(level::FAILURE, moment.id, &[b"Milter (", name, b"): init failed to open"]);
            return self.fail(shared, moment);
        };
        (self.actions, self.steps) = (wishes.actions, wishes.steps);
        for (stage, names) in wishes.macros {
            self.macros[stage as usize] = Some(names);
        }
        shared.log.info(level::OPENED, moment.id, &[b"Milter (", name, b"): init success to negotiate"]);
    }

    async fn connect(&mut self, shared: &Shared, moment: &Moment<'_>) -> Option<Connection> {
        let definition = self.definition.clone();
        let Some(address) = &definition.address else {
            self.fail_because(shared, moment, b"empty or missing socket information");
            return None;
        };
        if let Address::Local(path) = address
            && safe::check_socket(path, &shared.rules).is_err()
        {
            let shown = path.as_os_str().as_encoded_bytes();
            self.fail_because(shared, moment, &[b"local socket name ", shown, b" unsafe"].concat());
            return None;
        }
        match self.connect_to(address, shared).await {
            Ok(connection) => Some(connection),
            Err(error) => {
                let why = crate::sys::errno_text(&error);
                let (place, why) = match address {
                    Address::Local(path) => (path.display().to_string(), why),
                    Address::Internet { host, .. } => (host.clone(), format!("{why} by {host}")),
                };
                let text = format!("): open {place} failed: {why}");
                shared.log.info(
                    level::ATTEMPTS,
                    moment.id,
                    &[b"Milter (", &definition.name, text.as_bytes()],
                );
                self.fail_because(shared, moment, format!("error connecting to filter: {why}").as_bytes());
                None
            }
        }
    }

    /// What this process may not reach, the keeper may: sendmail connects as root where RunAsUser is not set.
    async fn connect_to(&self, address: &Address, shared: &Shared) -> std::io::Result<Connection> {
        let limit = self.definition.connect_timeout;
        match (Connection::open(address, limit).await, &shared.opener) {
            (Err(error), Some(opener)) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                Connection::of_socket(opener.open(&self.definition.name).await?)
            }
            (result, _) => result,
        }
    }

    /// Puts the values of a stage's macros before the next packet. Those without a value are left out.
    pub fn put_macros(&mut self, stage: Stage, command: &Command, usual: &[Vec<u8>], moment: &Moment<'_>) {
        let names = self.macros[stage as usize].as_deref().unwrap_or(usual);
        // that none of them has a value is told, too
        if !names.is_empty() {
            let values = moment.values(names);
            let pairs = values.iter().flat_map(|(name, value)| [&name[..], &value[..]]);
            let data = [vec![command.letter], texts(pairs)].concat();
            put_packet(&mut self.out, letter::MACROS, &data);
        }
    }

    /// A packet that is sent with the next flush.
    pub fn put(&mut self, letter: u8, data: &[u8]) {
        put_packet(&mut self.out, letter, data);
    }

    /// Sends what is kept.
    pub async fn flush(&mut self, shared: &Shared, moment: &Moment<'_>, place: &str) -> bool {
        let Some(connection) = &mut self.connection else { return false };
        if self.out.is_empty() {
            return true;
        }
        let sent = connection.write(&self.out, &self.definition).await;
        self.out.clear();
        match sent {
            Ok(()) => true,
            Err(error) => {
                let why = match error.kind() {
                    std::io::ErrorKind::TimedOut => format!("timeout before data write, where={place}"),
                    _ => format!("write({place}): {}", crate::sys::errno_text(&error)),
                };
                self.fail_because(shared, moment, why.as_bytes());
                false
            }
        }
    }

    /// Sends what is kept and reads the next packet; `None`: it has failed.
    async fn exchange(&mut self, shared: &Shared, moment: &Moment<'_>, place: &str) -> Option<Packet> {
        if !self.flush(shared, moment, place).await {
            return None;
        }
        self.read(shared, moment, place).await
    }

    /// The next packet; `None`: it has failed.
    pub async fn read(&mut self, shared: &Shared, moment: &Moment<'_>, place: &str) -> Option<Packet> {
        let limit = self.definition.read_timeout;
        let failure = match self.connection.as_mut()?.read(limit).await {
            Ok(packet) => return Some(packet),
            Err(failure) => failure,
        };
        let name = self.definition.name.clone();
        let sys_read = |text: String| [b"milter_sys_read(", &name[..], b"): ", text.as_bytes()].concat();
        let text = match failure {
            Failure::Late { begun } => {
                let when = if begun { "during" } else { "before" };
                return self.late(shared, moment, format!("timeout {when} data read, where={place}"));
            }
            Failure::Ended(got, wanted) => sys_read(format!("cmd read returned {got}, expecting {wanted}")),
            Failure::TooLong(length) => sys_read(format!("{length} bytes are too many for a packet")),
            Failure::System(error) => {
                sys_read(format!("read returned -1: {}", crate::sys::errno_text(&error)))
            }
        };
        shared.log.error(level::FAILURE, moment.id, &[&text]);
        self.fail(shared, moment);
        None
    }

    fn late(&mut self, shared: &Shared, moment: &Moment<'_>, why: String) -> Option<Packet> {
        self.fail_because(shared, moment, why.as_bytes());
        None
    }

    /// Tells it a command, and hears what it says, if it wants that and answers.
    pub async fn tell(
        &mut self,
        command: &Command,
        data: &[u8],
        shared: &Shared,
        moment: &Moment<'_>,
        place: &str,
    ) -> Outcome {
        let wanted = !self.steps.intersects(command.unwanted);
        if wanted {
            put_packet(&mut self.out, command.letter, data);
        }
        if !wanted || self.steps.intersects(command.unanswered) {
            let kept = self.out.len() < KEPT && wanted;
            if !kept && !self.flush(shared, moment, place).await {
                return self.on_failure().unwrap_or(Outcome::Continue);
            }
            return Outcome::Continue;
        }
        match self.exchange(shared, moment, place).await {
            Some(packet) => self.follow(command, &packet, shared, moment),
            None => self.on_failure().unwrap_or(Outcome::Continue),
        }
    }

    /// What follows from an answer to a command.
    fn follow(
        &mut self,
        command: &Command,
        packet: &Packet,
        shared: &Shared,
        moment: &Moment<'_>,
    ) -> Outcome {
        let log = |level: u8, words: &[u8]| {
            let (name, action) = (&self.definition.name[..], command.action.as_bytes());
            shared.log.info(level, moment.id, &[b"milter=", name, b", action=", action, b", ", words]);
        };
        let Some(answer) = packet.answer(command.refusal) else {
            let (name, action) = (&self.definition.name[..], command.action.as_bytes());
            let said: &[u8] = &[packet.letter];
            let text =
                [b"milter_send_command(", name, b"): action=", action, b" returned bogus response ", said];
            shared.log.error(level::FAILURE, moment.id, &text);
            self.fail(shared, moment);
            // what it means for the mail is asked with the next command
            return Outcome::Continue;
        };
        match answer {
            Answer::Reply(text) => {
                log(level::DECIDED, &[b"reject=", &text[..]].concat());
                Outcome::Reply(text)
            }
            Answer::Reject => {
                log(level::DECIDED, b"reject");
                Outcome::Reject
            }
            Answer::TemporaryFailure => {
                log(level::DECIDED, b"tempfail");
                Outcome::TemporaryFailure
            }
            Answer::Discard => {
                log(level::DECIDED, b"discard");
                Outcome::Discard
            }
            Answer::Accept => {
                log(level::DECIDED, b"accepted");
                let of_connection = matches!(command.stage, Some(Stage::Connect | Stage::Helo));
                self.state = if of_connection { State::Closable } else { State::Done };
                Outcome::Continue
            }
            Answer::Skip => {
                log(level::CONTINUED, b"skip");
                self.state = State::Skipping;
                Outcome::Continue
            }
            Answer::Continue => {
                log(level::CONTINUED, b"continue");
                if command.stage == Some(Stage::Mail) {
                    self.state = State::InMessage;
                }
                Outcome::Continue
            }
        }
    }

    /// The message that it is being told of is given up.
    pub async fn abort(&mut self, shared: &Shared, moment: &Moment<'_>) {
        if self.state != State::InMessage {
            return;
        }
        shared.log.info(level::ABORT, moment.id, &[b"Milter (", &self.definition.name, b"): abort filter"]);
        put_packet(&mut self.out, letter::ABORT, b"");
        if self.flush(shared, moment, "abort").await {
            self.state = State::Done;
        }
    }

    /// The end of the connection.
    pub async fn quit(&mut self, shared: &Shared, moment: &Moment<'_>) {
        shared.log.info(level::QUIT, moment.id, &[b"Milter (", &self.definition.name, b"): quit filter"]);
        if self.state == State::Failed {
            return;
        }
        if self.connection.is_some() {
            put_packet(&mut self.out, letter::QUIT, b"");
            self.flush(shared, moment, "quit_filter").await;
        }
        self.connection = None;
        if self.state != State::Failed {
            self.state = State::Closed;
        }
    }
}
