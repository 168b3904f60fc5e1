//! What a row of the table of commands is.

use super::acceptor::Acceptor;
use super::session::{Flow, Session};
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
pub(super) struct VerbRow<A: Acceptor> {
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
    /// Its name in the log where DelayLA holds it back.
    pub(super) delayed_as: Option<&'static str>,
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

impl<A: Acceptor> VerbRow<A> {
    pub(super) const fn new(
        word: &'static str,
        run: for<'s> fn(&'s mut Session<A>, Command<'s>) -> Running<'s>,
    ) -> Self {
        Self { word, run, when_refusing: false, issued_mail_command: false, limit: None, delayed_as: None }
    }

    pub(super) const fn when_refusing(mut self) -> Self {
        self.when_refusing = true;
        self
    }

    pub(super) const fn issued_mail_command(mut self) -> Self {
        self.issued_mail_command = true;
        self
    }

    /// It waits at a load of DelayLA.
    pub(super) const fn delayed_as(mut self, name: &'static str) -> Self {
        self.delayed_as = Some(name);
        self
    }

    pub(super) const fn limit(mut self, counter: &'static str, name: &'static str, uses: u32) -> Self {
        self.limit = Some(UseLimit { counter, name, uses });
        self
    }
}
