//! Recipients whose address could not be resolved for now (a name server or a map that did not answer): FallbackMXhost takes them.
//!
//! In: an envelope whose recipients are known. Out: those for other hosts are to be tried, by their own mailer, at that host.
//! Never here: recipients whom a host has put off; what becomes of them where FallbackMXhost is not set: they wait for a run.

use super::attempt::Deliverer;
use crate::config::Config;
use crate::envelope::{Envelope, Recipient, RecipientState};

impl Deliverer {
    /// Does everybody wait for a name server or a map, and nobody else takes them meanwhile?
    pub fn waits_for_lookups(&self, envelope: &Envelope) -> bool {
        let config = &self.site.config;
        let fallback = config.fallback_host().is_some();
        envelope
            .pending()
            .all(|one| one.state == RecipientState::Queued && !(fallback && is_remote(one, config)))
    }
}

/// Gives FallbackMXhost everybody of other hosts who would have to wait until he can be looked up.
pub(super) fn fall_back(config: &Config, envelope: &mut Envelope) {
    let Some(host) = config.fallback_host() else { return };
    for recipient in envelope.recipients.iter_mut().filter(|one| one.state == RecipientState::Queued) {
        if is_remote(recipient, config)
            && let Some(address) = &mut recipient.address
        {
            address.host = Some(host.to_vec());
            recipient.state = RecipientState::New;
        }
    }
}

/// Over LMTP a mailbox may be of this host as well (flag l): its aliases could not be read, and no other host knows it.
fn is_remote(recipient: &Recipient, config: &Config) -> bool {
    recipient.mailer(config).is_some_and(|mailer| mailer.is_ipc() && !mailer.has(b'l'))
}
