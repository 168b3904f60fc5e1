//! SMTP commands as rows.

/// What a command is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// Begins a session without extensions.
    Helo,
    /// Begins a session with extensions.
    Ehlo,
    /// Begins a transaction.
    Mail,
    /// Names a recipient.
    Rcpt,
    /// Hands over the message.
    Data,
    /// Ends the transaction.
    Rset,
    /// Nothing.
    Noop,
    /// Ends the session.
    Quit,
    /// Explains.
    Help,
    /// Verifies an address.
    Vrfy,
    /// Expands an address.
    Expn,
    /// Runs the queue for a host.
    Etrn,
    /// Verbose mode.
    Verb,
    /// Encryption, which is not there yet.
    StartTls,
    /// Authentication, which is not there yet.
    Auth,
    /// Known, and refused as not implemented.
    Unimplemented,
    /// An old back door (DEBUG, WIZ, KILL) that somebody is looking for.
    Bogus,
    /// HTTP spoken to an SMTP port.
    Http,
    /// Anything else.
    Unknown,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct VerbRow {
    /// The word, without ASCII case.
    pub word: &'static str,
    /// What it is.
    pub verb: Verb,
    /// May a client use it that is to be refused?
    pub when_refusing: bool,
    /// Does the client show an interest in mail by it?
    pub issued_mail_command: bool,
    /// Uses allowed before the answers slow down, the option MaxNOOPCommands standing in for 0.
    pub slow_after: Option<u32>,
}

const fn row(word: &'static str, verb: Verb) -> VerbRow {
    VerbRow { word, verb, when_refusing: false, issued_mail_command: false, slow_after: None }
}

impl VerbRow {
    const fn when_refusing(mut self) -> Self {
        self.when_refusing = true;
        self
    }
    const fn issued_mail_command(mut self) -> Self {
        self.issued_mail_command = true;
        self
    }
    const fn slow_after(mut self, uses: u32) -> Self {
        self.slow_after = Some(uses);
        self
    }
}

/// Every command.
pub const VERBS: &[VerbRow] = &[
    row("MAIL", Verb::Mail).issued_mail_command(),
    row("RCPT", Verb::Rcpt),
    row("DATA", Verb::Data),
    row("RSET", Verb::Rset).when_refusing().slow_after(0),
    row("EHLO", Verb::Ehlo).when_refusing().slow_after(3),
    row("HELO", Verb::Helo).when_refusing().slow_after(3),
    row("NOOP", Verb::Noop).when_refusing().slow_after(0),
    row("QUIT", Verb::Quit).when_refusing(),
    row("VRFY", Verb::Vrfy).issued_mail_command().slow_after(6),
    row("EXPN", Verb::Expn).issued_mail_command().slow_after(6),
    row("HELP", Verb::Help).slow_after(0),
    row("ETRN", Verb::Etrn).issued_mail_command().slow_after(8),
    row("VERB", Verb::Verb).slow_after(0),
    row("STARTTLS", Verb::StartTls),
    row("AUTH", Verb::Auth),
    row("SEND", Verb::Unimplemented),
    row("SAML", Verb::Unimplemented),
    row("SOML", Verb::Unimplemented),
    row("TURN", Verb::Unimplemented),
    row("WIZ", Verb::Bogus).when_refusing(),
    row("DEBUG", Verb::Bogus).when_refusing(),
    row("SHOWQ", Verb::Bogus).when_refusing(),
    row("GET", Verb::Http).when_refusing(),
    row("POST", Verb::Http).when_refusing(),
    row("CONNECT", Verb::Http).when_refusing(),
    row("USER", Verb::Http).when_refusing(),
];

/// The row of a word.
pub fn find(word: &[u8]) -> VerbRow {
    let known = VERBS.iter().find(|row| word.eq_ignore_ascii_case(row.word.as_bytes()));
    known.copied().unwrap_or_else(|| row("", Verb::Unknown).when_refusing())
}
