//! What happens to macros and to whole addresses.

use crate::addr::{MacroId, Token};
use crate::config::MailerId;
use crate::schema::Sysexit;

/// One thing that has happened to a macro.
#[derive(Clone, Copy)]
#[allow(missing_docs)] // of the fields: each variant's words say what they are
pub enum MacroEvent<'a> {
    /// A name as it is typed has been looked up.
    Named { name: &'a [u8], id: Option<MacroId> },
    /// A name has been looked up by the program itself.
    Used { name: &'a [u8], id: MacroId },
    /// It gets a value, or none any more; `again`: it had one.
    Defined { id: MacroId, value: Option<&'a [u8]>, again: bool },
    /// It gets a value for a moment (sendmail's `macset`).
    Set { id: MacroId, value: Option<&'a [u8]> },
}

/// One thing that has happened to an address, by sendmail's functions.
#[derive(Clone, Copy)]
#[allow(missing_docs)] // of the fields: each variant's words say what they are
pub enum AddressEvent<'a> {
    /// `parseaddr` begins.
    Parse { text: &'a [u8] },
    /// It ends without an address.
    NotParsed { why: &'static str },
    /// Rules or maps have failed for now: the address is kept for later.
    Postponed,
    /// It ends with one; `temporary`: to be parsed again.
    Parsed { address: AddressView<'a>, temporary: bool },
    /// `buildaddr` begins with what a ruleset has answered.
    Build { flags: u8, tokens: &'a [Token] },
    /// It ends.
    Built { address: AddressView<'a> },
    /// What was built becomes an address of its own.
    Allocated { flags: u8, text: &'a [u8] },
    /// A local user without alias is given to ruleset 5.
    LocalUser { text: &'a [u8] },
    /// `remotename` begins.
    Remote { text: &'a [u8] },
    /// It ends.
    RemoteName { name: &'a [u8], status: Sysexit },
    /// `crackaddr` begins.
    Crack { text: &'a [u8] },
    /// It ends.
    Cracked { pattern: &'a [u8] },
    /// `rscheck` or `rscap` asks a ruleset about one text or two.
    Check { function: &'static str, ruleset: &'a [u8], first: &'a [u8], second: Option<&'a [u8]> },
    /// What it was to be asked about cannot be cut into tokens.
    CheckUnscanned,
    /// It answers that the message is to be dropped.
    CheckDiscards,
}

/// An address as its events lend it.
#[derive(Clone, Copy)]
pub struct AddressView<'a> {
    /// Where it lies in memory.
    pub place: usize,
    /// As it was given.
    pub text: &'a [u8],
    /// Its mailer.
    pub mailer: MailerId,
    /// Its host.
    pub host: Option<&'a [u8]>,
    /// Its user.
    pub user: &'a [u8],
}
