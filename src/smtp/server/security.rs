//! How far what a client says can be trusted: the way its bytes take, and whom it has shown itself to
//! be. Rows that offer or refuse an extension are given it, and so are filters.

use crate::tls::Established;
use std::sync::Arc;

/// The way of a client's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Channel {
    /// Standard input and output: a process of this machine, and nobody in between.
    Pipe,
    #[default]
    /// TCP, in the clear: anybody in between may read, add and leave out.
    Clear,
    /// Under TLS.
    Protected,
}

/// Who the client is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Identity {
    #[default]
    /// An address, and whatever name it gives itself.
    Unknown,
    /// The user of this machine who called the program.
    LocalUser(Vec<u8>),
    /// Somebody who has proved it by AUTH: `${auth_authen}` says who.
    Authenticated,
}

impl Identity {
    /// Has it been proved by AUTH?
    pub fn is_authenticated(&self) -> bool {
        *self == Self::Authenticated
    }
}

/// What is known of one session. Before anybody has proved anything: a connection from the network.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Security {
    /// The way of its bytes.
    pub channel: Channel,
    /// Who is at the other end.
    pub identity: Identity,
    /// May the way be protected when the client asks for it?
    pub can_protect: bool,
    /// What the handshake has come to.
    pub tls: Option<Arc<Established>>,
}

impl Security {
    /// A user of this machine on standard input.
    pub fn of_local_user(name: &[u8]) -> Self {
        Self { channel: Channel::Pipe, identity: Identity::LocalUser(name.to_vec()), ..Self::default() }
    }
}
