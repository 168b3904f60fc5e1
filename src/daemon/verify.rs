//! VRFY and EXPN: who is behind an address.

use super::mta::Mta;
use crate::addr;
use crate::db::split_list;
use crate::envelope::{
    AttemptState, Envelope, Recipient, RecipientFlags, RecipientState, is_file_or_program, plain_user,
};
use crate::message::shows_commas;
use crate::recipients::{Checked, Expander, unbalanced};
use crate::rewrite::{Address, AddressKind, Rewriter};
use crate::schema::{EnhancedStatus, Outcome, Reply};
use crate::smtp::server::LookedUp;
use crate::sys::clock;

/// Somebody behind what was asked for.
struct Named {
    address: Address,
    /// The user on whose behalf a file or program is named.
    user: Vec<u8>,
    /// Has an account been looked for? Neither of an alias nor of a name that cannot be looked up for now.
    looked_up: bool,
}

/// One reply per final recipient of a list of addresses, and how many there are. A member that is refused is the only reply; those who were
/// found before count all the same.
pub(super) async fn expand(
    mta: &Mta,
    envelope: &mut Envelope,
    text: &[u8],
    follow: bool,
) -> (Vec<Reply>, usize) {
    // and so they do in whatever comes later in this transaction
    envelope.session.commas |= shows_commas(text);
    if let Some(said) = unbalanced(text) {
        return (vec![Reply::new(553, Some(EnhancedStatus(5, 0, 0)), said)], 0);
    }
    let (found, refusal) = match follow {
        true => members(mta, envelope, text).await,
        false => named(mta, envelope, text).await,
    };
    let count = found.len();
    match refusal {
        Some(refusal) => (vec![refusal], count),
        None => (replies(mta, found, follow).await, count),
    }
}

/// VRFY: the addresses as they are named, the last one first, as sendmail reads lists.
async fn named(mta: &Mta, envelope: &mut Envelope, text: &[u8]) -> (Vec<Named>, Option<Reply>) {
    let list = list_of(mta, envelope, text);
    let Envelope { scope, session, id, .. } = envelope;
    let mut rewriter = Rewriter::quiet(&mta.site, scope);
    let expander = Expander { site: &mta.site, keeper: &mta.keeper, logger: &mta.log };
    let mut found = Vec::new();
    for member in list.into_iter().rev() {
        let parsed = rewriter.parse(&member, AddressKind::RECIPIENT).await;
        // also of what could be read all the same
        if let Some(refusal) = parsed.problems.into_iter().next() {
            return (found, Some(refusal));
        }
        let Some(address) = parsed.address else { return (found, Some(Reply::default())) };
        session.verified = true;
        if parsed.temporary {
            found.push(Named { address, user: Vec::new(), looked_up: false });
            continue;
        }
        match expander.check(&mut rewriter, &address).await {
            Checked::Unknown(mut reply) => {
                reply.text = [&addr::shorten(&member, addr::MAX_SHOWN)[..], b"... ", &reply.text].concat();
                return (found, Some(reply));
            }
            Checked::TooDeep(reply) => {
                expander.log_too_deep(id, b"", &reply);
                return (found, Some(reply));
            }
            Checked::Later(reply) => return (found, Some(reply)),
            Checked::Deliverable(address) => {
                found.push(Named { address, user: Vec::new(), looked_up: true });
            }
            Checked::Alias { .. } => found.push(Named { address, user: Vec::new(), looked_up: false }),
        }
    }
    (found, None)
}

/// Errors-To: those whom a list names are looked up; the rules' own refusals come before all others, and the last one is told.
pub async fn look_up(mta: &Mta, envelope: &mut Envelope, text: &[u8]) -> LookedUp {
    envelope.session.commas |= shows_commas(text);
    let mut trial = trial(envelope);
    let mut refusal = unbalanced(text).map(|said| Reply::new(553, Some(EnhancedStatus(5, 0, 0)), said));
    trial.message = refusal.as_ref().map(|refusal| refusal.text.clone());
    for member in list_of(mta, envelope, text) {
        let parsed =
            Rewriter::quiet(&mta.site, &mut trial.scope).parse(&member, AddressKind::RECIPIENT).await;
        if let (None, Some(problem)) = (&parsed.address, parsed.problems.into_iter().next()) {
            trial.note(&problem.text, true);
            refusal = Some(problem);
            continue;
        }
        let state = if parsed.temporary { RecipientState::Queued } else { RecipientState::New };
        trial.recipients.insert(0, Recipient { address: parsed.address, state, ..asked(member) });
    }
    let expander = Expander { site: &mta.site, keeper: &mta.keeper, logger: &mta.log };
    expander.expand_told(&mut trial, clock::now()).await;
    let said = trial.attempt.transcript.split(|byte| *byte == b'\n').rev();
    let last = said.into_iter().find(|line| line.starts_with(b"5")).map(Reply::parse);
    let addresses = trial.counted_recipients();
    let failed = |one: &Recipient| one.parent.is_none() && one.state == RecipientState::Failed;
    let failed = trial.recipients.into_iter().filter(failed).collect();
    LookedUp { addresses, failed, refusal: last.or(refusal), message: trial.message }
}

/// An envelope in which names are looked up that are no recipients of this one.
fn trial(envelope: &Envelope) -> Envelope {
    let attempt = AttemptState { console: envelope.attempt.console.clone(), ..AttemptState::default() };
    let (id, scope, created) = (envelope.id.clone(), envelope.scope.clone(), envelope.created);
    Envelope { id, scope, created, attempt, ..Envelope::default() }
}

fn asked(text: Vec<u8>) -> Recipient {
    Recipient { text, flags: RecipientFlags::PRIMARY, ..Recipient::default() }
}

/// EXPN: those to whom a message would go.
async fn members(mta: &Mta, envelope: &mut Envelope, text: &[u8]) -> (Vec<Named>, Option<Reply>) {
    let recipients = list_of(mta, envelope, text).into_iter().rev().map(asked).collect();
    let mut trial = Envelope { recipients, ..trial(envelope) };
    let expander = Expander { site: &mta.site, keeper: &mta.keeper, logger: &mta.log };
    expander.expand_for_client(&mut trial, clock::now()).await;
    let known = |one: &Recipient| one.address.is_some() && !one.flags.contains(RecipientFlags::UNCOUNTED);
    envelope.session.verified |= trial.recipients.iter().any(known);
    // what has no code tells of lists
    let refused = |line: &&[u8]| line.first().is_some_and(u8::is_ascii_digit);
    let mut said = trial.attempt.transcript.split(|byte| *byte == b'\n');
    let refusal = said.find(refused).map(Reply::parse);
    let mut found = Vec::new();
    match mta.site.config.options.fast_split {
        0 => {
            trial.attempt.sorted = true;
            found.extend(
                trial.send_order().into_iter().filter_map(|index| named_by(&trial.recipients[index])),
            );
        }
        _ => below(&trial, None, &mut found),
    }
    (found, refusal)
}

/// Members of a list: between commas, else between blanks, as OldStyleHeaders allows it.
fn list_of(mta: &Mta, envelope: &Envelope, text: &[u8]) -> Vec<Vec<u8>> {
    if !envelope.session.commas && mta.site.config.options.old_style_headers {
        return addr::split_list(text, b" \t\x0b\x0c").into_iter().map(<[u8]>::to_vec).collect();
    }
    split_list(text)
}

/// Whom mail for this recipient would go to, unless it stands for others.
fn named_by(recipient: &Recipient) -> Option<Named> {
    let user = recipient.control.as_ref().map(|control| control.user.clone()).unwrap_or_default();
    let address = recipient.address.clone().filter(|_| recipient.state.is_pending())?;
    Some(Named { address, user, looked_up: recipient.state != RecipientState::Queued })
}

/// Final recipients in the order in which lists name them.
fn below(trial: &Envelope, parent: Option<usize>, found: &mut Vec<Named>) {
    for (index, recipient) in trial.recipients.iter().enumerate().filter(|(_, one)| one.parent == parent) {
        found.extend(named_by(recipient));
        // a parent stands before its members, so this ends
        if trial.recipients[index..].iter().any(|one| one.parent == Some(index)) {
            below(trial, Some(index), found);
        }
    }
}

/// Local addresses come first, others by host.
async fn replies(mta: &Mta, mut found: Vec<Named>, expanded: bool) -> Vec<Reply> {
    found.sort_by(|one, other| one.address.host.cmp(&other.address.host));
    let mut replies = Vec::new();
    for named in &found {
        replies.push(shown(mta, named, expanded).await);
    }
    replies
}

/// The full name of an address with an account here (mailer flag w), else nothing.
pub async fn full_name_of(mta: &Mta, address: &Address) -> Vec<u8> {
    let mailer = mta.site.config.mailers.get(usize::from(address.mailer.0));
    if !mailer.is_some_and(|mailer| mailer.has(b'w')) {
        return Vec::new();
    }
    full_name_of_user(mta, &plain_user(&address.user)).await
}

async fn full_name_of_user(mta: &Mta, name: &[u8]) -> Vec<u8> {
    match mta.keeper.user(name).await {
        Outcome::Done(Some(user)) => user.full_name(),
        _ => Vec::new(),
    }
}

/// `250 2.1.5 Full Name <user@host>`; for VRFY 252 where the mailer cannot tell (flag q missing), as RFC 5321,
/// section 3.5.3, wants it of addresses that somebody else is responsible for.
async fn shown(mta: &Mta, named: &Named, expanded: bool) -> Reply {
    let Named { address, user, looked_up } = named;
    let config = &mta.site.config;
    let mailer = config.mailers.get(usize::from(address.mailer.0));
    let code = if expanded || mailer.is_some_and(|mailer| mailer.has(b'q')) { 250 } else { 252 };
    let full_name = match is_file_or_program(config, address) {
        true => full_name_of_user(mta, user).await,
        false if *looked_up => full_name_of(mta, address).await,
        false => Vec::new(),
    };
    let whole = address.user.contains(&b'@') || is_file_or_program(config, address);
    let mailbox = match whole {
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
