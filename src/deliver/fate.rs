//! What became of a recipient, and how that is said: states, log texts, transcript lines.

use crate::schema::{EnhancedStatus, Reply, Sysexit};

/// The end of an attempt for one recipient or a group of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// Delivered.
    Sent,
    /// To be tried again.
    Later,
    /// Failed for good.
    Never,
}

/// An end with all that is told about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fate {
    pub(super) end: End,
    /// `stat=` without `Sent`/`Deferred: ` in front.
    pub(super) text: Vec<u8>,
    /// `dsn=` in the log.
    pub(super) dsn: EnhancedStatus,
    /// What the report says, where it differs.
    pub(super) status: Option<EnhancedStatus>,
    /// What the server (or mailer) answered: for reports.
    pub(super) reply: Option<Reply>,
    /// Does the log quote the answer (`reply=`)?
    pub(super) quote: bool,
    /// The line a report's transcript gets, ready made; `None`: as usual for the end.
    pub(super) line: Option<Line>,
    /// The postmaster is told as well.
    pub(super) tell_postmaster: bool,
    /// A system error behind it: logged and put in front of the transcript's line.
    pub(super) system_error: Option<Vec<u8>>,
}

/// How the transcript speaks of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Line {
    /// `550 5.1.1 ADDRESS... text`
    WithAddress(Reply),
    /// `554 5.0.0 text`
    Bare(Reply),
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

impl Fate {
    fn new(end: End, text: impl Into<Vec<u8>>, dsn: EnhancedStatus) -> Self {
        Self {
            end,
            text: text.into(),
            dsn,
            status: None,
            reply: None,
            quote: false,
            line: None,
            tell_postmaster: false,
            system_error: None,
        }
    }

    /// Delivered; `text` is the server's, empty for local mailers.
    pub(super) fn sent(text: impl Into<Vec<u8>>, dsn: EnhancedStatus) -> Self {
        Self::new(End::Sent, text, dsn)
    }

    /// Deferred for a reason of our own.
    pub(super) fn later(text: impl Into<Vec<u8>>, dsn: EnhancedStatus) -> Self {
        Self::new(End::Later, text, dsn)
    }

    /// An exit code of a mailer or of our own.
    pub(super) fn exit(exit: Sysexit) -> Self {
        match sysexit(exit) {
            Some((_, _, dsn)) if matches!(exit, Sysexit::TEMPFAIL | Sysexit::OSERR | Sysexit::IOERR) => {
                let text = if exit == Sysexit::TEMPFAIL { "" } else { sysexit(exit).map_or("", |row| row.0) };
                Self::later(text, dsn)
            }
            Some((text, code, dsn)) => {
                let line = Reply::new(code, Some(dsn), text);
                let named = matches!(exit, Sysexit::NOUSER | Sysexit::NOHOST);
                let line = if named { Line::WithAddress(line) } else { Line::Bare(line) };
                let mut fate = Self::new(End::Never, text, dsn);
                fate.line = Some(line);
                fate.tell_postmaster = matches!(exit, Sysexit::CONFIG | Sysexit::SOFTWARE);
                fate
            }
            None => {
                let text = format!("unknown mailer error {}", exit.0);
                let mut fate = Self::new(End::Never, text.clone(), EnhancedStatus(5, 3, 0));
                fate.line = Some(Line::Bare(Reply::new(554, Some(EnhancedStatus(5, 3, 0)), text)));
                fate
            }
        }
    }

    /// A complete `stat=`.
    pub(super) fn stat(&self) -> Vec<u8> {
        match (&self.end, self.text.is_empty()) {
            (End::Sent, true) => b"Sent".to_vec(),
            (End::Sent, false) => [b"Sent (", &self.text[..], b")"].concat(),
            (End::Later, true) => b"Deferred".to_vec(),
            (End::Later, false) => [b"Deferred: ", &self.text[..]].concat(),
            (End::Never, _) => self.text.clone(),
        }
    }

    /// The transcript's line for a recipient, if there is one.
    pub(super) fn transcript(&self, address: &[u8]) -> Option<Vec<u8>> {
        match (&self.line, &self.end) {
            (Some(Line::Written), _) | (None, End::Sent) => None,
            (Some(Line::WithAddress(reply)), _) => {
                let mut line = Reply::new(reply.code, reply.enhanced, Vec::new()).to_line();
                line.extend([b" ", address, b"... ", &reply.text[..]].concat());
                Some(line)
            }
            (Some(Line::Bare(reply)), _) => Some(reply.to_line()),
            (None, _) => Some([address, b"... ", &self.stat()[..]].concat()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_log_and_transcript() {
        let rows: &[(Fate, &str, Option<&str>)] = &[
            (Fate::sent("", EnhancedStatus(2, 0, 0)), "Sent", None),
            (Fate::sent("took it", EnhancedStatus(2, 0, 0)), "Sent (took it)", None),
            (Fate::later("why", EnhancedStatus(4, 0, 0)), "Deferred: why", Some("<a@b>... Deferred: why")),
            (Fate::exit(Sysexit::UNAVAILABLE), "Service unavailable", Some("554 5.0.0 Service unavailable")),
            (Fate::exit(Sysexit::NOUSER), "User unknown", Some("550 5.1.1 <a@b>... User unknown")),
            (Fate::exit(Sysexit(1)), "unknown mailer error 1", Some("554 5.3.0 unknown mailer error 1")),
            (Fate::exit(Sysexit::TEMPFAIL), "Deferred", Some("<a@b>... Deferred")),
        ];
        for (fate, stat, line) in rows {
            assert_eq!(fate.stat(), stat.as_bytes());
            assert_eq!(fate.transcript(b"<a@b>").as_deref(), line.map(str::as_bytes));
        }
    }

    #[test]
    fn no_temporary_exit_is_ever_final() {
        for exit in [Sysexit::TEMPFAIL, Sysexit::OSERR, Sysexit::IOERR] {
            assert_eq!(Fate::exit(exit).end, End::Later);
        }
    }
}
