//! HELO and EHLO (RFC 5321, section 4.1.1.1).

use super::acceptor::Acceptor;
use super::extensions::offered;
use super::filter::FilterCall;
use super::security::Channel;
use super::session::{Flow, Refusal, Session};
use super::transaction::Stage;
use super::verb_row::{Command, VerbRow};
use crate::addr::MacroId;
use crate::logging::Priority;
use crate::schema::{EnhancedStatus, Reply};

/// The longest name a client may give itself, in bytes.
const MAX_NAME: usize = 256;

pub(super) const fn helo_row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("HELO", |session, command| Box::pin(session.helo(command, false)))
        .when_refusing()
        .delayed_as("EHLO")
        .limit("HELO/EHLO", "HELO/EHLO", 3)
}

pub(super) const fn ehlo_row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("EHLO", |session, command| Box::pin(session.helo(command, true)))
        .when_refusing()
        .delayed_as("EHLO")
        .limit("HELO/EHLO", "HELO/EHLO", 3)
}

impl<A: Acceptor> Session<A> {
    async fn helo(&mut self, command: Command<'_>, extended: bool) -> Flow {
        let flow = self.greeted(command, extended).await;
        // a transaction that ends here has had the protocol of the greeting before
        self.name_protocol(extended);
        flow
    }

    async fn greeted(&mut self, command: Command<'_>, extended: bool) -> Flow {
        let Command { word, argument, .. } = command;
        let name = if extended { "EHLO" } else { "HELO" };
        // a client that is to come again later is only told so
        if self.refusal != Some(Refusal::Temporary) && self.refuses_early_input(name).await {
            return Flow::Continue;
        }
        if argument.is_empty() && !self.server.policy.allow_bogus_helo {
            let text = [word, b" requires domain address"].concat();
            self.error(&Reply::new(501, None, text), None);
            return Flow::Continue;
        }
        let name = argument.split(|byte| *byte == b' ').next().unwrap_or_default().to_vec();
        let bogus = self.server.policy.allow_bogus_helo;
        // where any name will do, nothing is made of a missing one, or of words behind it
        let valid = if bogus { name.is_empty() || is_domain(&name) } else { is_domain(argument) };
        if !valid && (!bogus || argument.len() > MAX_NAME) {
            self.log_invalid_name(&name);
            self.error(&Reply::new(501, None, "Invalid domain name"), None);
            return Flow::Continue;
        }
        if self.transaction.has_begun() || self.helo.is_some() {
            self.abort_filters().await;
            self.abort_transaction(10, if extended { "EHLO" } else { "HELO" });
        }
        // filters hear of the new name before macros do
        self.transaction.envelope.scope.unset(MacroId(b's'));
        if let Some(reply) = self.ask(FilterCall::Helo(&name), None).await {
            self.error(&reply, None);
            self.refusal = Some(Refusal::Rule(reply));
            return Flow::Continue;
        }
        self.introduce(&name, valid);
        self.put_hello(valid, extended);
        Flow::Continue
    }

    fn log_invalid_name(&self, name: &[u8]) {
        let shown = if name.len() > MAX_NAME { b"too long" } else { name };
        let text = [b"invalid domain name (", shown, b") from ", &self.client.display].concat();
        self.log(9, Priority::Info, &text);
    }

    /// `$r` says what was tried last before MAIL, accepted or not.
    pub(super) fn name_protocol(&mut self, extended: bool) {
        let config = &self.server.site.config;
        let base: &[u8] = if extended { b"ESMTP" } else { b"SMTP" };
        // RFC 3848 has words for ESMTP under TLS and after AUTH, and none for SMTP
        let security = &self.client.security;
        let letters =
            [(security.channel == Channel::Protected, b'S'), (security.identity.is_authenticated(), b'A')];
        let mut protocol = base.to_vec();
        protocol.extend(letters.iter().filter(|(is, _)| extended && *is).map(|(_, letter)| letter));
        let protocol = &protocol[..];
        self.scope.set_named(config, b"r", protocol);
        // what has begun goes on as it came
        if self.transaction.stage == Stage::Idle {
            self.transaction.envelope.scope.set_named(config, b"r", protocol);
        }
    }

    /// A name that is none is passed over: `$s` is the one before, or what the name servers say.
    fn introduce(&mut self, name: &[u8], valid: bool) {
        let config = &self.server.site.config;
        let shown = if valid { name } else { &self.client.pointer };
        for scope in [&mut self.scope, &mut self.transaction.envelope.scope] {
            if valid || scope.get_named(config, b"s").is_none() {
                scope.set_named(config, b"s", shown);
            }
        }
        self.helo = Some(name.to_vec());
    }

    fn put_hello(&mut self, valid: bool, extended: bool) {
        let manner: &[u8] = if valid { b"pleased to meet you" } else { b"accepting invalid domain name" };
        let hello = [&self.hostname[..], b" Hello ", &self.client.display, b", ", manner].concat();
        let mut lines = vec![hello];
        if extended {
            lines.extend(offered(
                &self.features,
                &self.server.policy,
                &self.client.security,
                self.refusal.is_some(),
            ));
        }
        self.put_lines(b"250", &lines);
    }

    /// Nothing may follow EHLO and DATA in one group (RFC 2920, section 3.1): what does may have been put
    /// there by somebody in between, or is a message for which nobody has said 354 yet.
    pub(super) async fn refuses_early_input(&mut self, command: &str) -> bool {
        // on a pipe nobody can slip something in, and scripts write the whole dialogue at once
        let on_pipe = self.client.security.channel == Channel::Pipe;
        if on_pipe || self.features.early_input || !self.wire.has_input().await {
            return false;
        }
        let text = [
            format!("rejecting server {command} from ").as_bytes(),
            &self.client.pointer,
            b" [",
            &self.client.address_text(),
            b"] due to traffic before response",
        ]
        .concat();
        self.log(0, Priority::Info, &text);
        self.error(&Reply::new(554, Some(EnhancedStatus(5, 5, 0)), "SMTP protocol error"), None);
        self.refusal = Some(Refusal::Null);
        true
    }
}

/// One word of letters, digits and `[].-_#:`, trailing blanks allowed.
fn is_domain(argument: &[u8]) -> bool {
    let name = argument.trim_ascii_end();
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"[].-_#:".contains(byte);
    !name.is_empty() && name.len() <= MAX_NAME && name.iter().all(fits)
}

#[cfg(test)]
mod tests {
    use super::is_domain;

    #[test]
    fn names_a_client_may_use() {
        for name in ["a.example", "[127.0.0.1]", "[IPv6:::1]", "under_score", "trailing  "] {
            assert!(is_domain(name.as_bytes()), "{name}");
        }
        for name in ["", "bad!", "two words", &"x".repeat(257)] {
            assert!(!is_domain(name.as_bytes()), "{name}");
        }
    }
}
