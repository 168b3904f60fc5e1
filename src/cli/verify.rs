//! `-bv`: what becomes of an address, without sending anything.

use super::invocation::Invocation;
use super::start::{self, Startup};
use super::submission::{print_problem, split_list, status_of};
use super::{rights, site, submission};
use crate::config::Loaded;
use crate::daemon::Mta;
use crate::envelope::{Envelope, Recipient, RecipientFlags, RecipientState};
use crate::logging::Quiet;
use crate::recipients::Expander;
use crate::rewrite::{Address, AddressKind, Rewriter};
use crate::schema::{EnhancedStatus, Privacy, Reply, Sysexit};
use crate::sys::clock;
use std::io::Write;
use std::sync::Arc;

/// Verifies the recipients of the command line.
pub fn run(invocation: &Invocation) -> Sysexit {
    let begun = match begin(invocation).and_then(Startup::confined) {
        Ok(begun) => begun,
        Err(status) => return status,
    };
    if invocation.recipients.is_empty() {
        start::complain("Recipient names must be specified");
        return Sysexit::USAGE;
    }
    if begun.caller.uid != 0 {
        print(b"Notice: -bv may give misleading output for non-privileged user\n");
    }
    let words: Vec<Vec<u8>> = invocation.recipients.iter().flat_map(|word| split_list(word)).collect();
    begun.run(false, |mta| async move {
        let mut status = Sysexit::OK;
        for word in words {
            let one = verify(&mta, &word).await;
            if status.is_ok() {
                status = one;
            }
        }
        start::settled(&mta, status)
    })
}

/// Under PrivacyOptions restrictexpand nobody looks behind addresses with borrowed rights.
fn begin(invocation: &Invocation) -> Result<Startup, Sysexit> {
    let Loaded { config, .. } = site::load_sound_site(invocation)?;
    if config.options.privacy_options.contains(Privacy::RESTRICT_EXPAND) {
        rights::give_up()?;
    }
    start::begin_with(invocation, Arc::new(config))
}

async fn verify(mta: &Mta, text: &[u8]) -> Sysexit {
    let mut envelope = Envelope::default();
    let scope = &mut envelope.scope;
    let parsed = Rewriter::quiet(&mta.site, scope).parse(text, AddressKind::RECIPIENT).await;
    let Some(address) = parsed.address else {
        let later = Reply::new(451, Some(EnhancedStatus(4, 3, 2)), "Transient parse error");
        let problem = parsed.problems.first().unwrap_or(&later);
        print_problem(text, problem);
        return submission::status_of(problem);
    };
    envelope.recipients.push(Recipient {
        text: text.to_vec(),
        address: Some(address),
        flags: RecipientFlags::PRIMARY,
        ..Recipient::default()
    });
    let expander = Expander { site: &mta.site, keeper: &mta.keeper, logger: &mta.log };
    expander.expand(&mut envelope, &mut Quiet, clock::now()).await;
    report(mta, &envelope)
}

/// Errors first, then the final recipients, the last one found first.
fn report(mta: &Mta, envelope: &Envelope) -> Sysexit {
    let mut status = Sysexit::OK;
    for recipient in envelope.recipients.iter().filter(|one| one.state == RecipientState::Failed) {
        let unknown = Reply::new(550, Some(EnhancedStatus(5, 1, 1)), "User unknown");
        let reply = recipient.reply.as_ref().unwrap_or(&unknown);
        print_problem(&recipient.text, reply);
        if status.is_ok() {
            status = status_of(reply);
        }
    }
    for recipient in envelope.recipients.iter().rev().filter(|one| one.state.is_pending()) {
        if let Some(address) = &recipient.address {
            print(&line(mta, &recipient.text, address));
        }
    }
    status
}

/// `ADDR... deliverable: mailer M, host H, user U`
fn line(mta: &Mta, text: &[u8], address: &Address) -> Vec<u8> {
    let mailer = mta.site.config.mailers.get(usize::from(address.mailer.0));
    let mailer = mailer.map_or(&b"?"[..], |mailer| &mailer.name);
    let host = match address.host.as_deref() {
        Some(host) if !host.is_empty() => [b", host ", host].concat(),
        _ => Vec::new(),
    };
    [text, b"... deliverable: mailer ", mailer, &host, b", user ", &address.user, b"\n"].concat()
}

fn print(text: &[u8]) {
    // a closed stdout leaves nobody to tell; the exit status still says it
    let _ = std::io::stdout().write_all(text);
}
