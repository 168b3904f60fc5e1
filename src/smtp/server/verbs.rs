//! SMTP commands as rows: each stands beside its code, here is their list.

use super::acceptor::Acceptor;
use super::session::{Flow, Session};
use super::{data, etrn, helo, help, mail, noop, quit, rcpt, rset, unknown, verb, vrfy};
use std::future::Future;
use std::pin::Pin;

/// One command line.
#[derive(Clone, Copy)]
pub(super) struct Command<'a> {
    /// The first word.
    pub(super) word: &'a [u8],
    /// What follows it, without blanks at its beginning.
    pub(super) argument: &'a [u8],
    /// All of it.
    pub(super) line: &'a [u8],
}

/// A command at work.
pub(super) type Running<'s> = Pin<Box<dyn Future<Output = Flow> + Send + 's>>;

/// One row.
pub(super) struct VerbRow<A> {
    /// The word, without ASCII case.
    pub(super) word: &'static str,
    /// What it does.
    pub(super) run: for<'s> fn(&'s mut Session<A>, Command<'s>) -> Running<'s>,
    /// May a client use it that is to be refused?
    pub(super) when_refusing: bool,
    /// Does the client show an interest in mail by it?
    pub(super) issued_mail_command: bool,
    /// How often it may be used before the answers slow down.
    pub(super) limit: Option<UseLimit>,
}

/// A number of uses.
#[derive(Clone, Copy)]
pub(super) struct UseLimit {
    /// Commands with the same counter are counted together.
    pub(super) counter: &'static str,
    /// The command's name in the log.
    pub(super) name: &'static str,
    /// The number; 0 stands for the option MaxNOOPCommands.
    pub(super) uses: u32,
}

impl<A> VerbRow<A> {
    pub(super) const fn new(
        word: &'static str,
        run: for<'s> fn(&'s mut Session<A>, Command<'s>) -> Running<'s>,
    ) -> Self {
        Self { word, run, when_refusing: false, issued_mail_command: false, limit: None }
    }

    pub(super) const fn when_refusing(mut self) -> Self {
        self.when_refusing = true;
        self
    }

    pub(super) const fn issued_mail_command(mut self) -> Self {
        self.issued_mail_command = true;
        self
    }

    pub(super) const fn limit(mut self, counter: &'static str, name: &'static str, uses: u32) -> Self {
        self.limit = Some(UseLimit { counter, name, uses });
        self
    }
}

impl<A: Acceptor> VerbRow<A> {
    /// Every command.
    const ALL: &'static [Self] = &[
        mail::row(),
        rcpt::row(),
        data::row(),
        rset::row(),
        helo::ehlo_row(),
        helo::helo_row(),
        noop::row(),
        quit::row(),
        vrfy::vrfy_row(),
        vrfy::expn_row(),
        help::row(),
        etrn::row(),
        verb::row(),
        unknown::starttls_row(),
        unknown::auth_row(),
        unknown::unimplemented_row("SEND"),
        unknown::unimplemented_row("SAML"),
        unknown::unimplemented_row("SOML"),
        unknown::unimplemented_row("TURN"),
        unknown::bogus_row("WIZ"),
        unknown::bogus_row("DEBUG"),
        unknown::bogus_row("SHOWQ"),
        unknown::http_row("GET"),
        unknown::http_row("POST"),
        unknown::http_row("CONNECT"),
        unknown::http_row("USER"),
        #[cfg(test)]
        super::test_verb::row(),
    ];

    const UNKNOWN: &'static Self = &unknown::row();

    /// The row of a word.
    pub(super) fn find(word: &[u8]) -> &'static Self {
        let known = Self::ALL.iter().find(|row| word.eq_ignore_ascii_case(row.word.as_bytes()));
        known.unwrap_or(Self::UNKNOWN)
    }
}
