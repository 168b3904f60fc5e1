//! What became of a recipient, and how that is said: log texts and transcript lines.

use crate::schema::{Disposition, EnhancedStatus, Reply, Sysexit};

/// What an attempt came to for one recipient or a group of them, with all that is told about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct DeliveryResult {
    /// The Action of a report (RFC 3464, 2.3.3).
    pub(super) disposition: Disposition,
    /// `stat=` without `Sent`/`Deferred: ` in front.
    pub(super) text: Vec<u8>,
    /// `dsn=` in the log.
    pub(super) dsn: EnhancedStatus,
    /// What the report says, where it differs.
    pub(super) status: Option<EnhancedStatus>,
    /// What the server (or mailer) answered: for reports.
    pub(super) reply: Option<Reply>,
    /// The text says itself that it is not final: no `Deferred: ` in front.
    pub(super) own_words: bool,
    /// The answer as the log quotes it (`reply=`).
    pub(super) quoted: Option<Vec<u8>>,
    /// What the queue file says in place of `stat=`.
    pub(super) noted: Option<Vec<u8>>,
    /// It was said of this recipient, not of the message: the queue file repeats it.
    pub(super) of_recipient: bool,
    /// The line a report's transcript gets, ready made; `None`: as usual for the disposition.
    pub(super) line: Option<TranscriptLine>,
    /// The message is larger than M= allows: its body does not come back.
    pub(super) too_big: bool,
    /// A server that had named a limit had no room for it: its sender's may have none either, and gets the header only.
    pub(super) no_room: bool,
    /// The exit status of whoever hands the message in.
    pub(super) exit: Sysexit,
    /// Why there was no connection, or no longer; 0 where none was the matter.
    pub(super) errno: i32,
    /// A system error behind it: logged and put in front of the transcript's line.
    pub(super) system_error: Option<Vec<u8>>,
}

/// How the transcript speaks of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum TranscriptLine {
    /// `550 5.1.1 ADDRESS... text`
    WithAddress(Reply),
    /// The same in one line for all of a transaction.
    WithAddresses(Reply),
    /// `554 5.0.0 text`
    Bare(Reply),
    /// These bytes.
    Ready(Vec<u8>),
    /// It has been written already.
    Written,
}

/// Text, SMTP code and status of an exit code (sysexits.h).
pub(super) fn sysexit(exit: Sysexit) -> Option<(&'static str, u16, EnhancedStatus)> {
    let (code, status) = match exit {
        Sysexit::USAGE => (500, EnhancedStatus(5, 0, 0)),
        Sysexit::DATAERR => (501, EnhancedStatus(5, 6, 0)),
        Sysexit::NOINPUT => (550, EnhancedStatus(5, 3, 0)),
        Sysexit::NOUSER => (550, EnhancedStatus(5, 1, 1)),
        Sysexit::NOHOST => (550, EnhancedStatus(5, 1, 2)),
        Sysexit::UNAVAILABLE => (554, EnhancedStatus(5, 0, 0)),
        Sysexit::SOFTWARE => (554, EnhancedStatus(5, 3, 0)),
        Sysexit::OSERR | Sysexit::IOERR => (451, EnhancedStatus(4, 0, 0)),
        Sysexit::OSFILE | Sysexit::CONFIG => (554, EnhancedStatus(5, 3, 5)),
        Sysexit::CANTCREAT | Sysexit::NOPERM => (550, EnhancedStatus(5, 0, 0)),
        Sysexit::TEMPFAIL => (250, EnhancedStatus(4, 0, 0)),
        Sysexit::PROTOCOL => (554, EnhancedStatus(5, 5, 0)),
        _ => return None,
    };
    Some((exit.text()?, code, status))
}

/// The status that stands for a code when the server gives none.
pub(super) fn status_of_code(code: u16) -> EnhancedStatus {
    match code {
        421 => EnhancedStatus(4, 3, 2),
        450 => EnhancedStatus(4, 2, 0),
        451 => EnhancedStatus(4, 3, 0),
        452 => EnhancedStatus(4, 3, 1),
        454 => EnhancedStatus(4, 7, 0),
        500 | 502 | 503 => EnhancedStatus(5, 5, 1),
        501 => EnhancedStatus(5, 5, 2),
        504 => EnhancedStatus(5, 5, 4),
        550 => EnhancedStatus(5, 1, 1),
        551 => EnhancedStatus(5, 1, 6),
        552 => EnhancedStatus(5, 2, 2),
        553 => EnhancedStatus(5, 1, 3),
        554 => EnhancedStatus(5, 3, 0),
        556 => EnhancedStatus(5, 1, 10),
        _ => EnhancedStatus((code / 100).clamp(2, 5), 0, 0),
    }
}

/// What reports show for an exit status, and the log for that of a ruleset.
const REPORTED_STATUS: &[(Sysexit, EnhancedStatus)] = &[
    (Sysexit::USAGE, EnhancedStatus(5, 5, 4)),
    (Sysexit::DATAERR, EnhancedStatus(5, 5, 2)),
    (Sysexit::NOINPUT, EnhancedStatus(5, 3, 0)),
    (Sysexit::NOUSER, EnhancedStatus(5, 1, 1)),
    (Sysexit::NOHOST, EnhancedStatus(5, 1, 2)),
    (Sysexit::UNAVAILABLE, EnhancedStatus(5, 5, 0)),
    (Sysexit::SOFTWARE, EnhancedStatus(5, 5, 0)),
    (Sysexit::OSERR, EnhancedStatus(4, 5, 0)),
    (Sysexit::OSFILE, EnhancedStatus(5, 5, 0)),
    (Sysexit::CANTCREAT, EnhancedStatus(5, 3, 0)),
    (Sysexit::IOERR, EnhancedStatus(4, 5, 0)),
    (Sysexit::TEMPFAIL, EnhancedStatus(4, 2, 0)),
    (Sysexit::PROTOCOL, EnhancedStatus(5, 5, 0)),
    (Sysexit::NOPERM, EnhancedStatus(5, 3, 0)),
    (Sysexit::CONFIG, EnhancedStatus(5, 5, 0)),
];

/// The status of an exit code with a name.
pub(super) fn reported_status(exit: Sysexit) -> Option<EnhancedStatus> {
    REPORTED_STATUS.iter().find(|row| row.0 == exit).map(|row| row.1)
}

impl DeliveryResult {
    fn new(disposition: Disposition, text: impl Into<Vec<u8>>, dsn: EnhancedStatus) -> Self {
        Self {
            disposition,
            text: text.into(),
            dsn,
            status: None,
            reply: None,
            own_words: false,
            quoted: None,
            noted: None,
            of_recipient: false,
            line: None,
            too_big: false,
            no_room: false,
            exit: match disposition {
                Disposition::Failed => Sysexit::UNAVAILABLE,
                _ => Sysexit::OK,
            },
            errno: 0,
            system_error: None,
        }
    }

    /// A mailer of this host took it.
    pub(super) fn delivered() -> Self {
        Self::new(Disposition::Delivered, "", EnhancedStatus(2, 0, 0))
    }

    /// Another host took it, with these words.
    pub(super) fn relayed(text: impl Into<Vec<u8>>, dsn: EnhancedStatus) -> Self {
        Self::new(Disposition::Relayed, text, dsn)
    }

    /// Deferred for a reason of our own.
    pub(super) fn delayed(text: impl Into<Vec<u8>>, dsn: EnhancedStatus) -> Self {
        Self::new(Disposition::Delayed, text, dsn)
    }

    /// An exit code of a mailer or of our own.
    pub(super) fn of_exit(exit: Sysexit) -> Self {
        match sysexit(exit) {
            Some((_, _, dsn)) if exit == Sysexit::TEMPFAIL => Self::delayed("", dsn),
            Some((text, _, dsn)) if matches!(exit, Sysexit::OSERR | Sysexit::IOERR) => {
                let line = Some(TranscriptLine::Bare(Reply::new(451, Some(dsn), text)));
                Self { own_words: true, line, exit, ..Self::delayed(text, dsn) }
            }
            Some((text, code, dsn)) => {
                let line = Reply::new(code, Some(dsn), text);
                // those of code 550: they are about the address
                let named = code == 550;
                let line = if named { TranscriptLine::WithAddress(line) } else { TranscriptLine::Bare(line) };
                let mut result = Self::new(Disposition::Failed, text, dsn);
                result.line = Some(line);
                result.exit = exit;
                result
            }
            None => {
                let text = format!("unknown mailer error {}", exit.0);
                let mut result = Self::new(Disposition::Failed, text.clone(), EnhancedStatus(5, 3, 0));
                result.line =
                    Some(TranscriptLine::Bare(Reply::new(554, Some(EnhancedStatus(5, 3, 0)), text)));
                result
            }
        }
    }

    /// An exit status that a ruleset answered for a recipient. Nothing ran and no server spoke, so the
    /// statuses are others than those of a mailer's exit.
    pub(super) fn of_ruleset(exit: Sysexit) -> Self {
        let mut result = Self::of_exit(exit);
        match reported_status(exit) {
            Some(status) => result.dsn = status,
            None => result.status = Some(EnhancedStatus(5, 0, 0)),
        }
        result
    }

    /// Does this failure count, and not the one after it? A temporary one of any host outweighs a final
    /// one of another: the mail stays.
    pub(super) fn outweighs(&self, next: &Self) -> bool {
        self.disposition == Disposition::Delayed && next.disposition == Disposition::Failed
    }

    /// A complete `stat=`.
    pub(super) fn stat(&self) -> Vec<u8> {
        match (self.disposition, self.text.is_empty()) {
            (Disposition::Failed, _) => self.text.clone(),
            (Disposition::Delayed, _) if self.own_words => self.text.clone(),
            (Disposition::Delayed, true) => b"Deferred".to_vec(),
            (Disposition::Delayed, false) => [b"Deferred: ", &self.text[..]].concat(),
            (_, true) => b"Sent".to_vec(),
            (_, false) => [b"Sent (", &self.text[..], b")"].concat(),
        }
    }

    /// The transcript's line for a recipient, if there is one.
    pub(super) fn transcript(&self, address: &[u8]) -> Option<Vec<u8>> {
        match (&self.line, self.disposition) {
            (Some(TranscriptLine::Written), _) => None,
            (Some(TranscriptLine::Ready(line)), _) => Some(line.clone()),
            (None, disposition) if disposition.is_success() => None,
            (Some(TranscriptLine::WithAddress(reply) | TranscriptLine::WithAddresses(reply)), _) => {
                let mut line = Reply::new(reply.code, reply.enhanced, Vec::new()).to_line();
                line.extend([b" ", address, b"... ", &reply.text[..]].concat());
                Some(line)
            }
            (Some(TranscriptLine::Bare(reply)), _) => Some(reply.to_line()),
            (None, _) => Some([address, b"... ", &self.stat()[..]].concat()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_log_and_transcript() {
        let rows: &[(DeliveryResult, &str, Option<&str>)] = &[
            (DeliveryResult::delivered(), "Sent", None),
            (DeliveryResult::relayed("took it", EnhancedStatus(2, 0, 0)), "Sent (took it)", None),
            (
                DeliveryResult::delayed("why", EnhancedStatus(4, 0, 0)),
                "Deferred: why",
                Some("<a@b>... Deferred: why"),
            ),
            (
                DeliveryResult::of_exit(Sysexit::UNAVAILABLE),
                "Service unavailable",
                Some("554 5.0.0 Service unavailable"),
            ),
            (
                DeliveryResult::of_exit(Sysexit::NOUSER),
                "User unknown",
                Some("550 5.1.1 <a@b>... User unknown"),
            ),
            (
                DeliveryResult::of_exit(Sysexit(1)),
                "unknown mailer error 1",
                Some("554 5.3.0 unknown mailer error 1"),
            ),
            (DeliveryResult::of_exit(Sysexit::TEMPFAIL), "Deferred", Some("<a@b>... Deferred")),
        ];
        for (result, stat, line) in rows {
            assert_eq!(result.stat(), stat.as_bytes());
            assert_eq!(result.transcript(b"<a@b>").as_deref(), line.map(str::as_bytes));
        }
    }

    #[test]
    fn no_temporary_exit_is_ever_final() {
        for exit in [Sysexit::TEMPFAIL, Sysexit::OSERR, Sysexit::IOERR] {
            assert_eq!(DeliveryResult::of_exit(exit).disposition, Disposition::Delayed);
        }
    }
}
