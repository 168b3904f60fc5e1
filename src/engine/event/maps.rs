//! What happens when a map is opened, asked and closed, and when a host's name is completed.

use crate::schema::Sysexit;
use std::borrow::Cow;

/// One thing that has happened to a map. Those of a look-up own what they show where it has to be kept until it
/// is known who answers.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // of the fields: each variant's words say what they are
pub enum MapEvent<'a> {
    /// A class begins to open a map (`hash_map_open`).
    Opening { class: &'static str, map: &'a [u8], file: Option<&'a [u8]> },
    /// What parts the columns of a text map; nothing named: blanks.
    Delimiter { map: &'a [u8], file: &'a [u8], delimiter: Option<u8> },
    /// A socket map makes its address ready.
    Connecting,
    /// The services that the service switch has for a switch map; `None`: no such file.
    Services { services: Option<&'a [Vec<u8>]> },
    /// A map has been opened; or not, and the system's last word on it.
    Opened { class: &'a [u8], map: &'a [u8], file: Option<&'a [u8]>, opened: Result<(), &'a [u8]> },
    /// A rule asks a map; the arguments are `%0`, which is the key, and those that follow.
    Lookup { map: &'a [u8], key: &'a [u8], args: &'a [Vec<u8>] },
    /// What the rule gets.
    Answer { value: Option<&'a [u8]>, status: Sysexit },
    /// The map is not asked, since delivery is deferred.
    Deferred { map: &'a [u8], key: &'a [u8] },
    /// The look-up has failed for now.
    Failed { map: &'a [u8], key: &'a [u8] },
    /// What -T makes of a look-up that has failed for now.
    FailureAnswer { value: &'a [u8] },
    /// A class looks for a key (`db_map_lookup`).
    Search { function: &'static str, map: Cow<'a, [u8]>, key: Cow<'a, [u8]> },
    /// The same where a file or a server belongs to the question.
    SearchAt { function: &'static str, map: &'a [u8], key: &'a [u8], file: &'a [u8] },
    /// A program is started: its file, its words.
    Program { file: &'a [u8], words: &'a [&'a [u8]] },
    /// A regex map holds a key against its pattern.
    Regex { map: &'a [u8], key: &'a [u8], args: &'a [Vec<u8>] },
    /// An arpa map turns an address round.
    Arpa { key: &'a [u8], name: Option<&'a str> },
    /// An arith map counts.
    Arith { key: &'a [u8], args: &'a [Vec<u8>] },
    /// A syslog map logs.
    Syslog { map: &'a [u8], key: &'a [u8], priority: u8 },
    /// The host map looks for a name.
    Host { key: Cow<'a, [u8]> },
    /// What it has found.
    HostAnswer(HostAnswer<'a>),
    /// -m, %0 to %9 and -a are applied to a value; without arguments nothing is filled in.
    Filled { text: Cow<'a, [u8]>, args: Option<Cow<'a, [Vec<u8>]>>, result: Cow<'a, [u8]> },
    /// A map that has been used is closed.
    Closing { map: &'a [u8], file: Option<&'a [u8]> },
    /// Its class closes a database.
    DatabaseClosed { implicit: bool, map: &'a [u8], file: Option<&'a [u8]>, flags: u32 },
}

/// Where the host map has its answer from.
#[derive(Clone, Debug)]
pub enum HostAnswer<'a> {
    /// It has been found before, or was known not to be.
    Cached(Option<Cow<'a, [u8]>>),
    /// It has been found.
    Found(&'a [u8]),
    /// It has not, with this h_errno.
    Missing(i32),
    /// It is nothing to be looked for.
    Failed,
}

/// One thing that has happened while a host's name was completed (sendmail's `getcanonname`).
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)] // of the fields: each variant's words say what they are
pub enum HostEvent<'a> {
    /// A service is asked.
    Tried { host: &'a [u8], service: &'a [u8] },
    /// The hosts file is read.
    File { host: &'a [u8] },
    /// The full name; `secure` where no name server was needed for it.
    Found { name: &'a [u8], secure: bool },
    /// No service knows it.
    Missing { host: &'a [u8], status: Sysexit },
}
