//! QUIT.

use super::acceptor::Acceptor;
use super::session::{Flow, Session};
use tokio::io::{AsyncRead, AsyncWrite};

impl<S, A> Session<S, A>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    A: Acceptor,
{
    pub(super) fn quit(&mut self) -> Flow {
        let text = [&self.hostname[..], b" closing connection"].concat();
        self.say("221", Some("2.0.0"), &text);
        Flow::Close
    }
}
