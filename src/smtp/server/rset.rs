//! RSET: back to the state after EHLO.

use super::acceptor::Acceptor;
use super::session::{Flow, Session};
use tokio::io::{AsyncRead, AsyncWrite};

impl<S, A> Session<S, A>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    A: Acceptor,
{
    pub(super) async fn rset(&mut self) -> Flow {
        self.drop_transaction();
        self.say("250", Some("2.0.0"), b"Reset state");
        Flow::Continue
    }
}
