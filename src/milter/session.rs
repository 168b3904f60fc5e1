//! All filters of one session, in their order: each command goes to one after the other, until somebody is against it.

use super::definition::Definitions;
use super::filter::{Milter, Outcome, Shared, State};
use super::moment::Moment;
use super::protocol::{CONNECT, Command, DATA, HELO, MAIL, RCPT, Stage, Steps, UNKNOWN, texts};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// Above these Milter.LogLevels a line is logged.
mod level {
    /// There is none.
    pub(super) const NONE: u8 = 10;
    pub(super) const CONNECT: u8 = 9;
    pub(super) const REJECTED: u8 = 10;
    pub(super) const NAMES: u8 = 14;
    pub(super) const TIMES: u8 = 21;
}

/// The filters of one session.
pub struct Milters {
    /// In their order.
    pub filters: Vec<Milter>,
    /// The site's macros of each stage.
    definitions: Arc<Definitions>,
    /// What all sessions share.
    pub shared: Arc<Shared>,
}

impl Milters {
    /// Not connected yet; `own`: those of the listener.
    pub fn new(definitions: Arc<Definitions>, shared: Arc<Shared>, own: Option<&[Vec<u8>]>) -> Self {
        let filters = definitions.chosen(own).into_iter().map(Milter::new).collect();
        Self { filters, definitions, shared }
    }

    /// The site's macros of a stage.
    pub(super) fn macros(&self, stage: Stage) -> &[Vec<u8>] {
        &self.definitions.macros[stage as usize]
    }

    /// A line of the log.
    pub fn log(&self, level: u8, moment: &Moment<'_>, text: &[&[u8]]) {
        self.shared.log.info(level, moment.id, text);
    }

    /// Connects to all of them.
    pub async fn open(&mut self, moment: &Moment<'_>) -> Outcome {
        if self.filters.is_empty() {
            self.log(level::NONE, moment, &[b"Milter: no active filter"]);
            return Outcome::Continue;
        }
        let mut outcome = Outcome::Continue;
        for milter in &mut self.filters {
            milter.open(&self.shared, moment).await;
            if milter.state != State::Failed {
                continue;
            }
            outcome = milter.on_failure().unwrap_or(outcome);
            // whoever could be reached, and failed then, keeps nobody from the others
            if outcome != Outcome::Continue && !milter.was_reached {
                break;
            }
        }
        if outcome != Outcome::Continue {
            self.quit(moment).await;
        }
        outcome
    }

    /// A client has connected, with its address and how that is written; `None`: on standard input.
    pub async fn connect(
        &mut self,
        name: &[u8],
        address: Option<(SocketAddr, &[u8])>,
        moment: &Moment<'_>,
    ) -> Outcome {
        self.log(level::CONNECT, moment, &[b"Milter: connect to filters"]);
        let data = [texts([name]), family_and_address(address)].concat();
        let outcome = self.command(&CONNECT, &data, moment).await;
        if outcome == Outcome::Continue {
            self.quit_closable(moment).await;
        } else {
            self.log(level::CONNECT, moment, &[b"Milter: connect, ending"]);
            self.quit(moment).await;
        }
        outcome
    }

    /// HELO, EHLO: whatever message there was is over.
    pub async fn helo(&mut self, name: &[u8], moment: &Moment<'_>) -> Outcome {
        self.begin(moment).await;
        let outcome = self.command(&HELO, &texts([name]), moment).await;
        self.quit_closable(moment).await;
        outcome
    }

    /// MAIL: the address as typed, and the parameters.
    pub async fn mail(&mut self, words: &[&[u8]], moment: &Moment<'_>) -> Outcome {
        self.begin(moment).await;
        self.log(level::NAMES, moment, &[b"Milter: sender: ", words.first().unwrap_or(&&b""[..])]);
        let outcome = self.command(&MAIL, &texts(words.iter().copied()), moment).await;
        self.end_if_refused(&outcome, moment).await;
        if outcome == Outcome::Reject {
            self.log(level::REJECTED, moment, &[b"Milter: reject, sender"]);
        }
        outcome
    }

    /// RCPT: the address as typed, and the parameters; `refused`: it is refused already.
    pub async fn rcpt(&mut self, words: &[&[u8]], refused: bool, moment: &Moment<'_>) -> Outcome {
        self.log(level::NAMES, moment, &[b"Milter: rcpts: ", words.first().unwrap_or(&&b""[..])]);
        let data = texts(words.iter().copied());
        self.each(&RCPT, &data, moment, |milter| !refused || milter.steps.contains(Steps::REFUSED_RECIPIENTS))
            .await
    }

    /// DATA
    pub async fn data(&mut self, moment: &Moment<'_>) -> Outcome {
        self.command(&DATA, b"", moment).await
    }

    /// A command that is none.
    pub async fn unknown(&mut self, line: &[u8], moment: &Moment<'_>) -> Outcome {
        self.log(level::CONNECT, moment, &[b"Sending \"", line, b"\" to Milter"]);
        self.command(&UNKNOWN, &texts([line]), moment).await
    }

    /// The message is given up.
    pub async fn abort(&mut self, moment: &Moment<'_>) {
        for milter in &mut self.filters {
            milter.abort(&self.shared, moment).await;
        }
    }

    /// The session is over, for the filters at least.
    pub async fn quit(&mut self, moment: &Moment<'_>) {
        for milter in &mut self.filters {
            milter.quit(&self.shared, moment).await;
        }
    }

    async fn quit_closable(&mut self, moment: &Moment<'_>) {
        for milter in self.filters.iter_mut().filter(|milter| milter.state == State::Closable) {
            milter.quit(&self.shared, moment).await;
        }
    }

    /// Whoever was in a message, or done with it, waits for the next.
    async fn begin(&mut self, moment: &Moment<'_>) {
        self.abort(moment).await;
        for milter in self.filters.iter_mut().filter(|milter| milter.state == State::Done) {
            milter.state = State::Open;
        }
    }

    /// Whoever is in a message that somebody refuses or discards need not hear more of it.
    pub(super) async fn end_if_refused(&mut self, outcome: &Outcome, moment: &Moment<'_>) {
        if !matches!(outcome, Outcome::Continue | Outcome::ShutDown) {
            self.abort(moment).await;
        }
    }

    async fn command(&mut self, command: &Command, data: &[u8], moment: &Moment<'_>) -> Outcome {
        self.each(command, data, moment, |_| true).await
    }

    /// Macros go to all that listen, the command to those that are `wanted`.
    async fn each(
        &mut self,
        command: &Command,
        data: &[u8],
        moment: &Moment<'_>,
        wanted: impl Fn(&Milter) -> bool,
    ) -> Outcome {
        for at in 0..self.filters.len() {
            let usual = command.stage.map_or(&[][..], |stage| &self.definitions.macros[stage as usize]);
            let milter = &mut self.filters[at];
            if milter.state == State::Failed {
                match milter.on_failure() {
                    Some(failure) => return failure,
                    None => continue,
                }
            }
            if !milter.listens() {
                continue;
            }
            if let Some(stage) = command.stage {
                milter.put_macros(stage, command, usual, moment);
            }
            if !wanted(milter) {
                milter.flush(&self.shared, moment, command.action).await;
                continue;
            }
            let begun = Instant::now();
            let outcome = milter.tell(command, data, &self.shared, moment, command.action).await;
            if self.shared.log.wants(level::TIMES) {
                let text =
                    format!("time command ({}), {}", char::from(command.letter), begun.elapsed().as_secs());
                let name = &self.filters[at].definition.name;
                self.log(level::TIMES, moment, &[b"Milter (", name, b"): ", text.as_bytes()]);
            }
            if outcome != Outcome::Continue {
                return outcome;
            }
        }
        Outcome::Continue
    }
}

/// `4` or `6`, the port and the address as text; `U` alone on standard input.
fn family_and_address(address: Option<(SocketAddr, &[u8])>) -> Vec<u8> {
    let Some((address, text)) = address else { return b"U".to_vec() };
    let family = if address.ip().to_canonical().is_ipv4() { b'4' } else { b'6' };
    [&[family][..], &address.port().to_be_bytes(), text, b"\0"].concat()
}

#[cfg(test)]
mod tests {
    use super::family_and_address;

    #[test]
    fn addresses_of_each_family() {
        let of = |address: &str, text: &[u8]| {
            family_and_address(Some((address.parse().expect("an address"), text)))
        };
        assert_eq!(of("192.0.2.1:258", b"192.0.2.1"), b"4\x01\x02192.0.2.1\0");
        assert_eq!(of("[::ffff:192.0.2.1]:1", b"192.0.2.1"), b"4\0\x01192.0.2.1\0");
        assert_eq!(of("[2001:db8::1]:1", b"IPv6:2001:db8::1"), b"6\0\x01IPv6:2001:db8::1\0");
        assert_eq!(family_and_address(None), b"U");
    }
}
