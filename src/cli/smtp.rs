//! `-bs`: SMTP on standard input and output.

use super::invocation::Invocation;
use super::{site, start};
use crate::daemon::DaemonAcceptor;
use crate::envelope::BodyType;
use crate::schema::Sysexit;
use crate::smtp::server::{Client, Session};
use std::sync::{Arc, PoisonError};

/// Serves the one client that is there.
pub fn run(invocation: &Invocation) -> Sysexit {
    let config = match site::load_sound_site(invocation) {
        Ok(loaded) => Arc::new(loaded.config),
        Err(status) => return status,
    };
    let begun = match start::begin_with(invocation, config).and_then(start::Startup::confined) {
        Ok(begun) => begun,
        Err(status) => return status,
    };
    // what is no body type is nobody's
    let body_type = invocation.body_type.as_deref().and_then(BodyType::parse);
    let hops = invocation.hops;
    let caller = begun.caller.clone();
    begun.run(true, |mta| async move {
        let mode = mta.site.config.options.delivery_mode;
        let stream = tokio::io::join(tokio::io::stdin(), tokio::io::stdout());
        let acceptor = DaemonAcceptor::new(mta.clone(), mode);
        let mut client = Client::local_user(&caller.name);
        (client.body_type, client.hops) = (body_type, hops);
        let modifiers = mta.site.config.options.direct_submission_modifiers.clone();
        client.daemon.modifiers = modifiers.unwrap_or_else(|| b"cu".to_vec());
        let delivered = acceptor.exit();
        let status = Session::new(mta.server.clone(), acceptor, client, stream).serve().await;
        mta.deliveries_done().await;
        // a delivery knows of what the session refused before it
        let failed = *delivered.lock().unwrap_or_else(PoisonError::into_inner);
        let status = if failed.is_ok() { status } else { failed };
        start::settled(&mta, status)
    })
}
