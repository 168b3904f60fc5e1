//! `-bs`: SMTP on standard input and output.

use super::{Invocation, start};
use crate::daemon::Gate;
use crate::schema::Sysexit;
use crate::smtp::server::{Peer, Session};
use crate::sys::{accounts, identity};

/// Serves the one client that is there.
pub fn run(invocation: &Invocation) -> Sysexit {
    let begun = match start::begin(invocation) {
        Ok(begun) => begun,
        Err(status) => return status,
    };
    begun.run(true, |house| async move {
        let mode = house.site.config.options.delivery_mode;
        let stream = tokio::io::join(tokio::io::stdin(), tokio::io::stdout());
        let gate = Gate::new(house.clone(), mode);
        let mut peer = Peer::local_user(&login_name());
        let modifiers = house.site.config.options.direct_submission_modifiers.clone();
        peer.daemon.modifiers = modifiers.unwrap_or_else(|| b"cu".to_vec());
        Session::new(house.server.clone(), gate, peer, stream).serve().await;
        house.deliveries_done().await;
        Sysexit::OK
    })
}

/// Who runs this program.
pub(super) fn login_name() -> Vec<u8> {
    let uid = identity::real_uid();
    match accounts::user_by_uid(uid) {
        Ok(Some(user)) => user.name,
        _ => format!("{uid}").into_bytes(),
    }
}
