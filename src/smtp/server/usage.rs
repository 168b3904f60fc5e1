//! How much a client has asked for: what repeats itself is answered later and later, what makes no sense
//! too often ends the session.

use super::acceptor::Acceptor;
use super::session::{Flow, Session};
use super::verbs::VerbRow;
use crate::logging::Priority;
use std::collections::HashMap;
use std::time::Duration;

/// Bad commands before the connection is closed.
const MAX_BAD_COMMANDS: u32 = 25;
/// The longest pause before an answer.
const MAX_PAUSE: Duration = Duration::from_secs(240);

/// Counts of one session.
#[derive(Default)]
pub(super) struct Usage {
    pub(super) commands: u32,
    bad_commands: u32,
    counters: HashMap<&'static str, u32>,
}

impl<A: Acceptor> Session<A> {
    /// Counts a command that made no sense; too many close the connection.
    pub(super) fn count_bad_command(&mut self) -> Flow {
        self.usage.bad_commands += 1;
        match self.usage.bad_commands > MAX_BAD_COMMANDS {
            true => self.too_many("commands"),
            false => Flow::Continue,
        }
    }

    /// Would one more bad command be too many?
    pub(super) fn is_last_bad_command(&self) -> bool {
        self.usage.bad_commands >= MAX_BAD_COMMANDS
    }

    pub(super) fn too_many(&mut self, what: &str) -> Flow {
        let text = [&self.hostname[..], b" Too many bad ", what.as_bytes(), b"; closing connection"].concat();
        self.say("421", Some("4.7.0"), &text);
        Flow::Close
    }

    /// Clients that repeat themselves wait longer and longer.
    pub(super) async fn slow_down(&mut self, row: &VerbRow<A>) -> Flow {
        let Some(limit) = row.limit else { return Flow::Continue };
        let most = if limit.uses == 0 { self.server.policy.max_noops } else { limit.uses };
        let uses = self.usage.counters.entry(limit.counter).or_default();
        *uses += 1;
        let uses = *uses;
        if most == 0 || uses < most {
            return Flow::Continue;
        }
        if uses == most {
            let text = format!(": possible SMTP attack: command={}, count={uses}", limit.name);
            let text = [&self.client.display[..], text.as_bytes()].concat();
            self.log(5, Priority::Info, &text);
        }
        if self.server.policy.max_daemon_children > 0 && uses >= 2 * most {
            return self.too_many("commands");
        }
        let seconds = 1u64.checked_shl(uses - most).unwrap_or(u64::MAX);
        if self.wire.flush().await.is_err() {
            return Flow::Close;
        }
        tokio::time::sleep(Duration::from_secs(seconds).min(MAX_PAUSE)).await;
        Flow::Continue
    }
}
