//! `-b`: modes of operation, as rows.

/// What a run of sendmail does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// Deliver a message from stdin.
    #[default]
    Deliver,
    /// Run the queue: what `-q` makes of `Deliver`.
    QueueRun,
    /// As `Deliver`, with the old ARPANET line ends.
    Arpanet,
    /// Check the configuration.
    CheckConfig,
    /// Daemon in the background.
    Daemon,
    /// Daemon in the foreground.
    DaemonForeground,
    /// Print persistent host status.
    HostStatus,
    /// Purge persistent host status.
    PurgeStatus,
    /// Rebuild the alias databases.
    InitAliases,
    /// Print the queue.
    PrintQueue,
    /// Print the number of queue entries.
    CountQueue,
    /// SMTP on stdin and stdout.
    Smtp,
    /// Address test.
    Test,
    /// Verify recipients.
    Verify,
    /// List the options.
    ListOptions,
    /// Frozen configurations, which no sendmail has any more.
    Frozen,
}

/// One -b letter.
pub struct ModeRow {
    /// The letter after -b.
    pub letter: u8,
    /// The mode.
    pub mode: Mode,
    /// May -q stand beside it?
    pub with_queue: bool,
    /// One line.
    pub about: &'static str,
}

/// Every mode.
pub const MODES: &[ModeRow] = &[
    row(b'm', Mode::Deliver, true, "deliver a message from standard input (the default)"),
    row(b'a', Mode::Arpanet, false, "deliver, with ARPANET line ends"),
    row(b'C', Mode::CheckConfig, false, "check the configuration"),
    row(b'd', Mode::Daemon, true, "run as a daemon in the background"),
    row(b'D', Mode::DaemonForeground, true, "run as a daemon in the foreground"),
    row(b'h', Mode::HostStatus, false, "print the persistent host status"),
    row(b'H', Mode::PurgeStatus, false, "purge expired host status"),
    row(b'i', Mode::InitAliases, false, "rebuild the alias databases"),
    row(b'p', Mode::PrintQueue, true, "print the queue"),
    row(b'P', Mode::CountQueue, true, "print the number of entries in the queue"),
    row(b's', Mode::Smtp, false, "SMTP on standard input and output"),
    row(b't', Mode::Test, false, "test addresses and rules"),
    row(b'v', Mode::Verify, false, "verify recipients, deliver nothing"),
    row(b'O', Mode::ListOptions, true, "list the options"),
    row(b'z', Mode::Frozen, false, "freeze the configuration (refused)"),
];

const fn row(letter: u8, mode: Mode, with_queue: bool, about: &'static str) -> ModeRow {
    ModeRow { letter, mode, with_queue, about }
}

/// The mode of a letter.
pub fn by_letter(letter: u8) -> Option<&'static ModeRow> {
    MODES.iter().find(|row| row.letter == letter)
}

/// The row of a mode; a queue run has none.
pub fn row_of(mode: Mode) -> Option<&'static ModeRow> {
    MODES.iter().find(|row| row.mode == mode)
}

/// The letter of a mode, as `${opMode}` shows it; a queue run shows the one of `Deliver`, as sendmail does.
pub fn letter(mode: Mode) -> u8 {
    row_of(mode).map_or(b'm', |row| row.letter)
}

/// What is wrong with a command line, as whoever reads standard output is told in this mode: a client in its own language, and those of
/// the ARPANET as well.
pub fn usage_error(mode: Mode, text: &[u8]) -> Vec<u8> {
    match speaks_smtp(mode) || mode == Mode::Arpanet {
        true => [b"550 ", text, b"\r"].concat(),
        false => text.to_vec(),
    }
}

/// Does it answer in SMTP, whatever it has to say? A daemon in the foreground has somebody who reads along.
pub fn speaks_smtp(mode: Mode) -> bool {
    matches!(mode, Mode::Smtp | Mode::Daemon)
}
