//! VERB: deliver before answering, and say more.

use super::acceptor::Acceptor;
use super::session::{Flow, Session};
use crate::schema::{EnhancedStatus, Reply};
use tokio::io::{AsyncRead, AsyncWrite};

impl<S, A> Session<S, A>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    A: Acceptor,
{
    pub(super) fn verb(&mut self) -> Flow {
        if !(self.features.expn && self.features.verb) {
            self.error(&Reply::new(502, Some(EnhancedStatus(5, 7, 0)), "Verbose unavailable"), None);
            return Flow::Continue;
        }
        self.verbose = true;
        self.say("250", Some("2.0.0"), b"Verbose mode");
        Flow::Continue
    }
}
