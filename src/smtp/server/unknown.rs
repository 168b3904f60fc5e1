//! Commands that are none, or none any more.

use super::acceptor::Acceptor;
use super::session::{Flow, Session};
use crate::logging::Priority;
use crate::schema::{EnhancedStatus, Reply};
use tokio::io::{AsyncRead, AsyncWrite};

/// The longest command line that a reply quotes in full, in bytes.
const LONGEST_QUOTE: usize = 203;

impl<S, A> Session<S, A>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    A: Acceptor,
{
    pub(super) async fn unknown(&mut self, line: &[u8]) -> Flow {
        if self.is_last_bad_command() {
            return self.count_bad_command();
        }
        if let Some(flow) = self.check_other(line, b"5").await {
            self.count_bad_command();
            return flow;
        }
        self.quote(500, "Command unrecognized", line);
        self.count_bad_command()
    }

    pub(super) fn unimplemented(&mut self, line: &[u8]) -> Flow {
        self.quote(502, "Command not implemented", line);
        Flow::Continue
    }

    /// A command of an extension that is not offered.
    pub(super) fn unavailable(&mut self, code: u16, enhanced: EnhancedStatus, text: &str) -> Flow {
        self.error(&Reply::new(code, Some(enhanced), text), None);
        Flow::Continue
    }

    /// Somebody looks for doors that were closed decades ago.
    pub(super) fn bogus(&mut self, word: &str, line: &[u8]) -> Flow {
        let address = self.peer.address.map(|address| address.ip().to_string()).unwrap_or_default();
        let text = [
            format!("\"{}\" command from ", word.to_ascii_lowercase()).as_bytes(),
            &self.peer.display,
            format!(" ({address})").as_bytes(),
        ]
        .concat();
        self.log(0, Priority::Critical, &text);
        self.quote(500, "Command unrecognized", line);
        self.count_bad_command()
    }

    /// A web client, or a web proxy that somebody misuses: what follows would be read as commands.
    pub(super) async fn http(&mut self, line: &[u8]) -> Flow {
        let first = self.is_first_command();
        if !first && !self.features.refuse_http {
            return self.unknown(line).await;
        }
        let text = [&self.peer.display[..], b": probable open proxy: command=", line].concat();
        self.server.log.always(Priority::Info, Some(self.transaction.envelope.id.as_bytes()), &text);
        let what: &[u8] = if first { b" Rejecting open proxy " } else { b" HTTP command " };
        let text = [&self.hostname[..], what, &self.peer.display].concat();
        self.say("421", Some("4.7.0"), &text);
        Flow::Close
    }

    fn quote(&mut self, code: u16, what: &str, line: &[u8]) {
        let text = [what.as_bytes(), b": \"", &shortened(line), b"\""].concat();
        self.error(&Reply::new(code, Some(EnhancedStatus(5, 5, 1)), text), None);
    }
}

/// Long lines lose their middle.
fn shortened(line: &[u8]) -> Vec<u8> {
    if line.len() <= LONGEST_QUOTE {
        return line.to_vec();
    }
    let half = (LONGEST_QUOTE - 3) / 2;
    [&line[..half], b"...", &line[line.len() - half..]].concat()
}
