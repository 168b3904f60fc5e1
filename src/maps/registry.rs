//! The map classes as rows: what a K line may name.

use super::class::{ClassRow, Read};
use super::{
    arpa, database, dns, engine_maps, host, ldap, null, program, regex, sequence, socket, stab, syslog, text,
    unsupported, user, userdb,
};

const fn row(name: &'static str, read: Read) -> ClassRow {
    ClassRow { name, read, late_space: false }
}

/// The same with [`ClassRow::late_space`].
const fn late(name: &'static str, read: Read) -> ClassRow {
    ClassRow { name, read, late_space: true }
}

/// Every class.
pub(super) static CLASSES: &[ClassRow] = &[
    row("hash", database::read_hash),
    row("btree", database::read_btree),
    row("implicit", database::read_implicit),
    row("stab", stab::read),
    row("text", text::read),
    late("regex", regex::read),
    late("host", host::read),
    late("sequence", sequence::read),
    row("switch", sequence::read_switch),
    row("user", user::read),
    row("null", null::read),
    late("macro", engine_maps::read),
    late("arith", engine_maps::read),
    late("dequote", engine_maps::read),
    late("arpa", arpa::read),
    row("program", program::read),
    late("dns", dns::read),
    row("bestmx", dns::read_bestmx),
    late("syslog", syslog::read),
    row("socket", socket::read),
    row("ldap", ldap::read),
    row("nis", unsupported::read),
    row("nisplus", unsupported::read),
    row("userdb", userdb::read),
    #[cfg(test)]
    row("canned", super::canned::read),
];

/// The row of a class (names are compared without case, as all symbols).
pub(super) fn find(name: &[u8]) -> Option<&'static ClassRow> {
    CLASSES.iter().find(|row| row.name.as_bytes().eq_ignore_ascii_case(name))
}
