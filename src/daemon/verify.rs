//! VRFY and EXPN: who is behind an address.

use super::mta::Mta;
use crate::envelope::{Envelope, Recipient, RecipientFlags, RecipientState};
use crate::logging::Quiet;
use crate::recipients::{Checked, Expander};
use crate::rewrite::{Address, AddressKind, Rewriter};
use crate::schema::{EnhancedStatus, Outcome, Reply};
use crate::sys::accounts::User;
use crate::sys::clock;

/// One reply per final recipient.
pub(super) async fn expand(mta: &Mta, envelope: &mut Envelope, text: &[u8], follow: bool) -> Vec<Reply> {
    let mut rewriter = Rewriter::quiet(&mta.site, &mut envelope.scope);
    let parsed = rewriter.parse(text, AddressKind::RECIPIENT).await;
    let Some(address) = parsed.address else {
        return parsed.problems;
    };
    let expander = Expander { site: &mta.site, keeper: &mta.keeper, logger: &mta.log };
    match expander.check(&mut rewriter, &address).await {
        Checked::Unknown(mut reply) => {
            reply.text = [text, b"... ", &reply.text].concat();
            vec![reply]
        }
        Checked::Later(reply) => vec![reply],
        Checked::Deliverable(address) => vec![shown(mta, &address).await],
        Checked::Alias(_) if !follow => vec![shown(mta, &address).await],
        Checked::Alias(_) => members(mta, envelope, &expander, text, address).await,
    }
}

async fn members(
    mta: &Mta,
    envelope: &Envelope,
    expander: &Expander<'_>,
    text: &[u8],
    address: Address,
) -> Vec<Reply> {
    let recipient = Recipient {
        text: text.to_vec(),
        address: Some(address),
        flags: RecipientFlags::PRIMARY,
        ..Recipient::default()
    };
    let mut trial =
        Envelope { recipients: vec![recipient], scope: envelope.scope.clone(), ..Envelope::default() };
    expander.expand(&mut trial, &mut Quiet, clock::now()).await;
    let mut replies = Vec::new();
    for recipient in trial.recipients.iter().rev() {
        match (&recipient.state, &recipient.address) {
            (state, Some(address)) if state.is_pending() => replies.push(shown(mta, address).await),
            (RecipientState::Failed, _) => replies.extend(recipient.reply.clone()),
            _ => {}
        }
    }
    replies
}

/// The full name of an address with an account here (mailer flag w), else nothing.
pub(super) async fn full_name_of(mta: &Mta, address: &Address) -> Vec<u8> {
    let mailer = mta.site.config.mailers.get(usize::from(address.mailer.0));
    if !mailer.is_some_and(|mailer| mailer.has(b'w')) {
        return Vec::new();
    }
    let name = address.user.strip_prefix(b"\\").unwrap_or(&address.user);
    match mta.keeper.user(name).await {
        Outcome::Done(Some(user)) => full_name(&user),
        _ => Vec::new(),
    }
}

/// `250 2.1.5 Full Name <user@host>`; 252 where the mailer cannot tell (flag q missing), as RFC 5321,
/// section 3.5.3, wants it of addresses that somebody else is responsible for.
async fn shown(mta: &Mta, address: &Address) -> Reply {
    let config = &mta.site.config;
    let mailer = config.mailers.get(usize::from(address.mailer.0));
    let code = if mailer.is_some_and(|mailer| mailer.has(b'q')) { 250 } else { 252 };
    let full_name = full_name_of(mta, address).await;
    let mailbox = match address.user.contains(&b'@') {
        true => address.user.clone(),
        false => [&address.user[..], b"@", &config.expand(b"\x81j")].concat(),
    };
    let separator: &[u8] = if full_name.is_empty() { b"" } else { b" " };
    Reply::new(
        code,
        Some(EnhancedStatus(2, 1, 5)),
        [&full_name[..], separator, b"<", &mailbox, b">"].concat(),
    )
}

/// The name in the account's comment field; `&` stands for the login name.
pub fn full_name(user: &User) -> Vec<u8> {
    let end =
        user.gecos.iter().position(|byte| matches!(byte, b',' | b';' | b'%')).unwrap_or(user.gecos.len());
    let mut name = Vec::new();
    for byte in &user.gecos[..end] {
        match byte {
            b'&' => {
                name.extend(user.name.first().map(u8::to_ascii_uppercase));
                name.extend_from_slice(user.name.get(1..).unwrap_or_default());
            }
            byte => name.push(*byte),
        }
    }
    name
}
