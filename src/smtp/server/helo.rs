//! HELO and EHLO.

use super::acceptor::Acceptor;
use super::extensions::offered;
use super::session::{Flow, Refusal, Session};
use crate::logging::Priority;
use crate::schema::Reply;
use crate::smtp::proto::put_reply_lines;
use tokio::io::{AsyncRead, AsyncWrite};

/// The longest name a client may give itself, in bytes.
const LONGEST_NAME: usize = 256;

impl<S, A> Session<S, A>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    A: Acceptor,
{
    pub(super) async fn helo(&mut self, argument: &[u8], word: &[u8], extended: bool) -> Flow {
        if argument.is_empty() && !self.server.policy.allow_bogus_helo {
            let text = [word, b" requires domain address"].concat();
            self.error(&Reply::new(501, None, text), None);
            return Flow::Continue;
        }
        // on a pipe nobody can slip something in, and scripts write the whole dialogue at once
        let over_network = self.peer.address.is_some();
        let strict = over_network && !self.features.early_input && self.refusal.is_none();
        if strict && self.has_early_input().await {
            return self.refuse_early_input(extended);
        }
        let valid = is_domain(argument);
        if !valid && (!self.server.policy.allow_bogus_helo || argument.len() > LONGEST_NAME) {
            self.error(&Reply::new(501, None, "Invalid domain name"), None);
            return Flow::Continue;
        }
        let name = argument.split(|byte| *byte == b' ').next().unwrap_or_default().to_vec();
        if self.transaction.active {
            self.drop_transaction();
        }
        self.introduce(&name, extended);
        self.put_hello(valid, extended);
        Flow::Continue
    }

    fn introduce(&mut self, name: &[u8], extended: bool) {
        let config = self.server.site.config.clone();
        let protocol: &[u8] = if extended { b"ESMTP" } else { b"SMTP" };
        for scope in [&mut self.scope, &mut self.transaction.envelope.scope] {
            scope.set_named(&config, b"s", name);
            scope.set_named(&config, b"r", protocol);
        }
        self.helo = Some(name.to_vec());
    }

    fn put_hello(&mut self, valid: bool, extended: bool) {
        let manner: &[u8] = if valid { b"pleased to meet you" } else { b"accepting invalid domain name" };
        let hello = [&self.hostname[..], b" Hello ", &self.peer.display, b", ", manner].concat();
        let mut lines = vec![hello];
        if extended {
            lines.extend(offered(&self.features, &self.server.policy, self.refusal.is_some()));
        }
        put_reply_lines(&mut self.out, b"250", None, &lines);
    }

    /// What follows EHLO before its reply may have been put there by somebody in between.
    fn refuse_early_input(&mut self, extended: bool) -> Flow {
        let name = if extended { "EHLO" } else { "HELO" };
        let address = self.peer.address.map(|address| format!(" [{}]", address.ip())).unwrap_or_default();
        let text = [
            format!("rejecting server {name} from ").as_bytes(),
            &self.peer.name,
            address.as_bytes(),
            b" due to traffic before response",
        ]
        .concat();
        self.log(0, Priority::Info, &text);
        self.say("554", Some("5.5.0"), b"SMTP protocol error");
        self.refusal = Some(Refusal::Null);
        Flow::Continue
    }
}

/// One word of letters, digits and `[].-_#:`, trailing blanks allowed.
fn is_domain(argument: &[u8]) -> bool {
    let name = argument.trim_ascii_end();
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"[].-_#:".contains(byte);
    !name.is_empty() && name.len() <= LONGEST_NAME && name.iter().all(fits)
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
