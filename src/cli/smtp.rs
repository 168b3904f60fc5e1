//! `-bs`: SMTP on standard input and output.

use super::invocation::Invocation;
use super::start;
use crate::daemon::DaemonAcceptor;
use crate::schema::Sysexit;
use crate::smtp::server::{Client, Session};
use crate::sys::{accounts, identity};

/// Serves the one client that is there.
pub fn run(invocation: &Invocation) -> Sysexit {
    let begun = match start::begin(invocation) {
        Ok(begun) => begun,
        Err(status) => return status,
    };
    begun.run(true, |mta| async move {
        let mode = mta.site.config.options.delivery_mode;
        let stream = tokio::io::join(tokio::io::stdin(), tokio::io::stdout());
        let acceptor = DaemonAcceptor::new(mta.clone(), mode);
        let mut client = Client::local_user(&login_name());
        let modifiers = mta.site.config.options.direct_submission_modifiers.clone();
        client.daemon.modifiers = modifiers.unwrap_or_else(|| b"cu".to_vec());
        Session::new(mta.server.clone(), acceptor, client, stream).serve().await;
        mta.deliveries_done().await;
        start::settled(&mta, Sysexit::OK)
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
