//! The form of an address that another host sees.

use super::{AddressKind, Site};
use crate::config::MailerId;
use crate::engine::Scope;
use crate::logging::Tracer;
use crate::schema::Sysexit;

/// Rewrites an address for a mailer: 3, 1 or 2, S= or R=, 4; display name and comments stay
/// (unless the mailer has flag c). `canonical` leaves them out. A status other than 0 (75 above all)
/// means that rules or maps failed; the text is usable all the same.
#[allow(clippy::too_many_arguments)] // the six facts that decide the rewriting
pub async fn remotename(
    _site: &Site,
    _scope: &mut Scope,
    _tracer: &mut dyn Tracer,
    _text: &[u8],
    _mailer: MailerId,
    _kind: AddressKind,
    _canonical: bool,
    _sender_domain: Option<&[u8]>,
) -> (Vec<u8>, Sysexit) {
    todo!("engine lands before 20:45")
}
