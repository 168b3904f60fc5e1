//! A message has arrived: its headers become the envelope's.

use super::Envelope;
use crate::message::Header;
use crate::rewrite::Site;

/// The fields of a message that has just arrived, and those that the site adds to it, become the
/// envelope's; what they say about class, hops, identifier and priority too.
pub async fn receive(_site: &Site, envelope: &mut Envelope, fields: Vec<Header>) {
    envelope.headers.0.extend(fields);
}
