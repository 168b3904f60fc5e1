//! The map classes as rows: what a K line may name, and who reads the rest of the line.

use super::bdb::Kind;
use super::declare::Declaring;
use super::map::Map;
use super::{
    arpa, database, dns, flags, host, ldap, program, regex, sequence, socket, syslog, text, user, userdb,
};

/// What only one class knows about a map.
#[derive(Clone, Debug, Default)]
pub enum Class {
    /// Not read yet, or unusable.
    #[default]
    Nothing,
    /// Never finds anything.
    Null,
    /// hash or btree.
    Database(Kind),
    /// A database, else an alias text file.
    Implicit,
    /// A text file with columns.
    Text,
    /// An alias text file in memory.
    Stab,
    /// A regular expression.
    Regex(std::sync::Arc<regex::RegexMap>),
    /// Canonical host names.
    Host,
    /// Other maps, one after another.
    Sequence(Vec<Vec<u8>>),
    /// The maps that the service switch lists.
    Switch,
    /// Accounts.
    User,
    /// The output of a program.
    Program,
    /// DNS records.
    Dns(dns::DnsMap),
    /// The best MX host.
    BestMx,
    /// Reversed addresses.
    Arpa,
    /// A line for the log.
    Syslog(u8),
    /// A socketmap server.
    Socket,
    /// A field of the user databases.
    UserDatabase,
    /// An LDAP directory.
    Ldap(std::sync::Arc<ldap::LdapMap>),
    /// The engine runs it itself: macro, arith, dequote.
    Engine,
    /// A class that is understood but has no library here.
    Unsupported,
    /// Answers from memory (tests).
    Canned(Vec<(Vec<u8>, Vec<u8>)>),
    /// Always fails temporarily (tests).
    Fail,
}

/// One class of maps.
#[derive(Debug)]
pub struct ClassRow {
    /// The name in K lines.
    pub name: &'static str,
    /// Reads the text after the class; says whether the map is usable.
    pub parse: fn(&mut Map, &[u8], &mut Declaring<'_>) -> bool,
    /// May hold aliases.
    pub aliases: bool,
    /// A key's words are joined by what option BlankSub is in the end, not by what it is at the K line.
    pub late_space: bool,
    /// One line of documentation.
    pub about: &'static str,
}

const fn row(
    name: &'static str,
    parse: fn(&mut Map, &[u8], &mut Declaring<'_>) -> bool,
    aliases: bool,
    about: &'static str,
) -> ClassRow {
    ClassRow { name, parse, aliases, late_space: false, about }
}

/// The same with [`ClassRow::late_space`].
const fn late(row: ClassRow) -> ClassRow {
    ClassRow { late_space: true, ..row }
}

/// Every class, in the order in which `docs` list them.
pub static CLASSES: &[ClassRow] = &[
    row("hash", database::parse_hash, true, "Berkeley DB hash file"),
    row("btree", database::parse_btree, true, "Berkeley DB btree file"),
    row(
        "implicit",
        database::parse_implicit,
        true,
        "a database if there is one, else (aliases) its text file",
    ),
    row("stab", text::parse_stab, true, "alias text file read into memory"),
    row("text", text::parse, true, "text file searched line by line; -k and -v number its columns"),
    late(row("regex", regex::parse, false, "POSIX regular expression")),
    late(row("host", host::parse, false, "canonical host name by hosts file and DNS")),
    late(row("sequence", sequence::parse, true, "several maps, the first with a value wins")),
    row("switch", sequence::parse_switch, true, "the maps NAME.SERVICE of the service switch file"),
    row("user", user::parse, false, "a column of the account database"),
    row("null", flags::parse_null, true, "never finds anything"),
    late(row("macro", flags::parse_engine, false, "sets a macro")),
    late(row("arith", flags::parse_engine, false, "arithmetic")),
    late(row("dequote", flags::parse_engine, false, "removes double quotes")),
    late(row("arpa", arpa::parse, false, "reversed address, as DNS lists ask for")),
    row("program", program::parse, true, "first line of a program's output"),
    late(row("dns", dns::parse, false, "DNS records of one type")),
    row("bestmx", dns::parse_bestmx, false, "best MX host"),
    late(row("syslog", syslog::parse, false, "writes the key to the log")),
    row("socket", socket::parse, true, "socketmap server on a UNIX or TCP socket"),
    row("ldap", ldap::parse, true, "LDAP directory"),
    row("nis", flags::parse_unsupported, true, "NIS (read, not supported)"),
    row("nisplus", flags::parse_unsupported, true, "NIS+ (read, not supported)"),
    row("userdb", userdb::parse, false, "a field of the user databases (option UserDatabaseSpec)"),
];

/// The row of a class (names are compared without case, as all symbols).
pub fn find(name: &[u8]) -> Option<&'static ClassRow> {
    CLASSES.iter().find(|row| row.name.as_bytes().eq_ignore_ascii_case(name))
}
