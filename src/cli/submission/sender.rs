//! Whose message it is: macros of the caller, -f, and what is said of those who name others.

use super::{Submission, about, status_of};
use crate::addr::one_line;
use crate::daemon::{full_name, full_name_of};
use crate::envelope::{plain_address, set_sender};
use crate::logging::{Priority, Quiet};
use crate::message::{Header, set_dates};
use crate::rewrite::Address;
use crate::schema::{Privacy, Reply, Sysexit};
use crate::sys::startup;
use std::ffi::{OsStr, OsString};

impl Submission<'_> {
    pub(super) fn set_macros(&mut self) {
        let config = &self.mta.site.config;
        let scope = &mut self.envelope.scope;
        self.client.set_macros(config, scope);
        set_dates(config, scope, self.envelope.created);
        scope.set_named(config, b"i", self.envelope.id.as_bytes());
        if let Some(protocol) = &self.invocation.protocol {
            let mut parts = protocol.splitn(2, |byte| *byte == b':');
            scope.set_named(config, b"r", parts.next().unwrap_or_default());
            if let Some(host) = parts.next() {
                scope.set_named(config, b"s", host);
            }
        }
        let name = self.invocation.full_name.clone().or_else(|| {
            startup::callers_variable(OsStr::new("NAME"))
                .map(OsString::into_encoded_bytes)
                .filter(|name| !name.is_empty())
        });
        let own = || match &self.caller.account {
            Some(user) if self.invocation.from.is_none() => full_name(user),
            _ => Vec::new(),
        };
        let name = name.unwrap_or_else(own);
        if !name.is_empty() {
            scope.set_named(config, b"x", &one_line(&name));
        }
    }

    pub(super) async fn set_sender(&mut self) {
        let given = self.invocation.from.clone();
        let text = match &given {
            Some(from) if from.is_empty() => b"<>".to_vec(),
            Some(from) => from.clone(),
            None => self.caller.name.clone(),
        };
        let parsed = set_sender(&self.mta.site, &mut self.envelope, &mut Quiet, &text).await;
        for problem in &parsed.problems {
            self.envelope.attempt.console.error(&about(&text, problem));
        }
        if parsed.address.is_none() {
            return self.fall_back_on_caller(&text, parsed.problems.first()).await;
        }
        self.envelope.auth = self.qualified_sender();
        if let Some(address) = parsed.address.filter(|_| given.is_some()) {
            self.name_sender(&address).await;
        }
        if given.is_some_and(|given| given != self.caller.name) {
            self.warn_about_sender(&text);
        }
    }

    /// The full name of a sender with an account here, unless -F or NAME says another.
    async fn name_sender(&mut self, address: &Address) {
        let config = &self.mta.site.config;
        if self.envelope.scope.get_named(config, b"x").is_none() {
            let name = full_name_of(self.mta, address).await;
            if !name.is_empty() {
                self.envelope.scope.set_named(config, b"x", &one_line(&name));
            }
        }
    }

    /// A sender that is none: the message is the caller's own.
    async fn fall_back_on_caller(&mut self, text: &[u8], problem: Option<&Reply>) {
        let from = [&self.caller.name[..], b"@localhost"].concat();
        let said = [b"setsender: ", text, b": invalid or unparsable, received from ", &from].concat();
        self.mta.log.log(2, Priority::Notice, Some(self.envelope.id.as_bytes()), &said);
        self.envelope.message = problem.map(|problem| about(text, problem));
        self.envelope.attempt.fail_with(problem.map_or(Sysexit::USAGE, status_of));
        let own = self.caller.name.clone();
        set_sender(&self.mta.site, &mut self.envelope, &mut Quiet, &own).await;
        self.envelope.auth = self.qualified_sender();
    }

    /// The sender with a domain, as servers that ask for AUTH= want it; not where it is in doubt whose it is.
    fn qualified_sender(&self) -> Option<Vec<u8>> {
        let sender = &self.envelope.sender.text;
        let own = self.invocation.from.as_ref().is_none_or(|from| *from == self.caller.name);
        if self.envelope.sender.is_null() || !(own || self.is_trusted()) {
            return None;
        }
        // a route is not part of the mailbox (RFC 5321, appendix C)
        let colon = sender.iter().rposition(|byte| *byte == b':').filter(|_| sender.starts_with(b"@"));
        let mailbox = &plain_address(&sender[colon.map_or(0, |colon| colon + 1)..])[..];
        Some(match mailbox.contains(&b'@') {
            true => mailbox.to_vec(),
            false => [mailbox, b"@", &self.mta.site.config.expand(b"\x81j")].concat(),
        })
    }

    /// Root, and class t.
    fn is_trusted(&self) -> bool {
        let config = &self.mta.site.config;
        let trusted = config.macro_id("t").and_then(|id| config.classes.get(id));
        trusted.is_some_and(|class| class.contains(&self.caller.name)) || self.caller.uid == 0
    }

    /// Who says to be somebody else is named, unless trusted (class t).
    fn warn_about_sender(&mut self, text: &[u8]) {
        let config = &self.mta.site.config;
        if self.is_trusted() || !config.options.privacy_options.contains(Privacy::AUTH_WARNINGS) {
            return;
        }
        let host = config.expand(b"\x81j");
        let (caller, flag) = (&self.caller.name[..], [self.invocation.from_letter]);
        let warning = [b" ", &host[..], b": ", caller, b" set sender to ", text, b" using -", &flag].concat();
        self.envelope.headers.0.push(Header::generated(b"X-Authentication-Warning", &warning));
        let logged = [b"Authentication-Warning:", &warning[..]].concat();
        self.mta.log.log(4, Priority::Info, Some(self.envelope.id.as_bytes()), &logged);
    }
}
