//! Whose message it is: macros of the caller, -f, and what is said of those who name others.

use super::{Submission, about, is_from_arpanet, status_of};
use crate::addr::{MAX_SHOWN, one_line, shorten};
use crate::daemon::full_name_of;
use crate::envelope::{SHOWN_OF_SENDER, plain_address, set_sender};
use crate::logging::{Priority, Quiet};
use crate::message::{Header, HeaderKind, set_dates};
use crate::rewrite::Address;
use crate::schema::{EnhancedStatus, Privacy, Reply, Sysexit};
use crate::smtp::proto::encode_xtext;
use crate::sys::accounts::User;
use crate::sys::startup;
use std::ffi::{OsStr, OsString};

impl Submission<'_> {
    pub(super) fn set_macros(&mut self) {
        let config = &self.mta.site.config;
        let scope = &mut self.envelope.scope;
        self.client.set_macros(config, scope);
        // what -M says of it stays
        if let Some(flags) = config.macro_value("daemon_flags") {
            scope.set_named(config, b"daemon_flags", flags);
        }
        let unmarked = is_from_arpanet(self.invocation) && self.client.daemon.modifiers.is_empty();
        if let Some(id) = config.macro_id("daemon_flags").filter(|_| unmarked) {
            scope.unset(id);
        }
        set_dates(config, scope, self.envelope.created);
        scope.set_named(config, b"i", self.envelope.id.as_bytes());
        if let Some(protocol) = &self.invocation.protocol {
            let mut parts = protocol.splitn(2, |byte| *byte == b':');
            scope.set_named(config, b"r", parts.next().unwrap_or_default());
            if let Some(host) = parts.next() {
                scope.set_named(config, b"s", host);
            }
        }
    }

    /// `$x`: -F, NAME, or what the accounts know; only of senders who have one (mailer flag w).
    async fn name_sender(&mut self, address: Option<&Address>) {
        let variable = || {
            let name = startup::callers_variable(OsStr::new("NAME")).map(OsString::into_encoded_bytes);
            name.filter(|name| !name.is_empty())
        };
        let config = &self.mta.site.config;
        // -F counts more than NAME, even where it says nothing
        let said = self.invocation.full_name.clone().or_else(variable).filter(|name| !name.is_empty());
        let name = match (said, address) {
            (Some(said), None) => in_quotes(&said, &config.options.must_quote_chars),
            (Some(said), Some(address)) if self.has_account(address) => {
                in_quotes(&said, &config.options.must_quote_chars)
            }
            (None, Some(address)) => full_name_of(self.mta, address).await,
            (None, None) => self.caller.account.as_ref().map(User::full_name).unwrap_or_default(),
            _ => Vec::new(),
        };
        if !name.is_empty() {
            self.envelope.scope.set_named(config, b"x", &one_line(&name));
        }
    }

    fn has_account(&self, address: &Address) -> bool {
        let mailer = self.mta.site.config.mailers.get(usize::from(address.mailer.0));
        mailer.is_some_and(|mailer| mailer.has(b'w'))
    }

    pub(super) async fn set_sender(&mut self) {
        let given = self.invocation.from.clone();
        let own = self.own_name();
        let text = match &given {
            Some(from) if from.is_empty() => b"<>".to_vec(),
            Some(from) => from.clone(),
            None => own.clone(),
        };
        let parsed = set_sender(&self.mta.site, &mut self.envelope, &mut Quiet, &text).await;
        for problem in &parsed.problems {
            self.envelope.attempt.console.error(&about(&shorten(&text, MAX_SHOWN), problem));
        }
        if parsed.address.is_none() {
            for problem in &parsed.problems {
                let code = Reply::new(problem.code, problem.enhanced, Vec::new()).to_line();
                let said = about(&shorten(&text, MAX_SHOWN), problem);
                self.envelope.transcribe(&[&code[..], b" ", &said].concat());
            }
            let by_rules = parsed.triple.is_some();
            return self.fall_back_on_caller(&text, own, parsed.problems.first(), by_rules).await;
        }
        self.envelope.auth = self.qualified_sender(self.is_own_mail());
        self.name_sender(parsed.address.as_ref().filter(|_| given.is_some())).await;
        if given.is_some_and(|given| given != self.caller.name) {
            self.warn_about_sender(&text);
        }
    }

    /// Whom the message names as its author is its sender; where he is none, the caller stays.
    pub(super) async fn take_author(&mut self) {
        // who sends it on is the author of the copy (RFC 5322, 3.6.6)
        let fields = &self.envelope.headers.0;
        let place = |name: &[u8]| fields.iter().position(|field| field.name.eq_ignore_ascii_case(name));
        let Some(place) = place(b"Resent-From").or_else(|| place(b"From")) else { return };
        // the name of an account is quoted where it must be
        let author = match fields[place].kind.contains(HeaderKind::USER) {
            true => fields[place].value.clone(),
            false => self.envelope.headers.clone().stored(&self.mta.site.config).0.swap_remove(place).value,
        };
        let text = one_line(author.trim_ascii()).into_owned();
        let before = self.envelope.sender.clone();
        let parsed = set_sender(&self.mta.site, &mut self.envelope, &mut Quiet, &text).await;
        for problem in &parsed.problems {
            self.envelope.attempt.console.error(&about(&shorten(&text, MAX_SHOWN), problem));
        }
        if parsed.address.is_none() {
            self.envelope.sender = before;
        }
    }

    /// Whose message it is without -f. Who has no account has no name either, and hears so whatever -f says.
    fn own_name(&mut self) -> Vec<u8> {
        if self.caller.account.is_some() {
            return self.caller.name.clone();
        }
        let text = b"Who are you?";
        self.envelope.attempt.console.error(text);
        self.envelope.attempt.fail_with(Sysexit::SOFTWARE);
        let reply = Reply::new(554, Some(EnhancedStatus(5, 3, 0)), text);
        self.envelope.note_reply(&reply);
        self.mta.log.syserr(Priority::Critical, Some(self.envelope.id.as_bytes()), text);
        b"postmaster".to_vec()
    }

    /// A sender that is none: the message is the caller's own.
    async fn fall_back_on_caller(
        &mut self,
        text: &[u8],
        own: Vec<u8>,
        problem: Option<&Reply>,
        by_rules: bool,
    ) {
        let from = [&self.caller.name[..], b"@localhost"].concat();
        let shown = shorten(text, SHOWN_OF_SENDER);
        let said = [b"setsender: ", &shown[..], b": invalid or unparsable, received from ", &from].concat();
        self.mta.log.log(2, Priority::Notice, Some(self.envelope.id.as_bytes()), &said);
        self.envelope.message = problem.map(|problem| about(&shorten(text, MAX_SHOWN), problem));
        // what is no address at all counts as an error of the command line
        self.envelope.attempt.fail_with(problem.filter(|_| by_rules).map_or(Sysexit::USAGE, status_of));
        self.envelope.attempt.own_sender = true;
        self.name_sender(None).await;
        set_sender(&self.mta.site, &mut self.envelope, &mut Quiet, &own).await;
        let is_caller = own == self.caller.name;
        self.envelope.auth = self.qualified_sender(is_caller);
        if !is_caller {
            self.warn_about_sender(text);
        }
    }

    /// The sender with a domain, as xtext, as servers that ask for AUTH= want it; not where it is in doubt whose it is.
    fn qualified_sender(&self, own: bool) -> Option<Vec<u8>> {
        let sender = &self.envelope.sender.text;
        if self.envelope.sender.is_null() || !(own || self.caller.is_trusted(&self.mta.site.config)) {
            return None;
        }
        let mailbox = &plain_address(sender)[..];
        let qualified = match mailbox.contains(&b'@') {
            true => mailbox.to_vec(),
            false => [mailbox, b"@", &self.mta.site.config.expand(b"\x81j")].concat(),
        };
        Some(self.as_author(&qualified))
    }

    /// xtext for AUTH= (RFC 4954, 5). A blank is no part of an address, but of a quoted string, whose quotes and backslashes sendmail
    /// tells apart.
    fn as_author(&self, address: &[u8]) -> Vec<u8> {
        let blank = self.mta.site.config.options.blank_sub & 0x7f;
        let mut author = Vec::with_capacity(address.len());
        let mut quoted = false;
        for byte in address {
            quoted ^= *byte == b'"';
            match *byte {
                b'"' => author.push(b'"'),
                b' ' if !quoted => author.extend(encode_xtext(&[blank])),
                b'\\' => author.extend_from_slice(b"+5C"),
                byte => author.extend(encode_xtext(&[byte])),
            }
        }
        author
    }

    /// Does nobody else's name stand behind -f?
    fn is_own_mail(&self) -> bool {
        self.invocation.from.as_ref().is_none_or(|from| *from == self.caller.name)
    }

    /// Who says to be somebody else is named, unless trusted (class t).
    fn warn_about_sender(&mut self, text: &[u8]) {
        let config = &self.mta.site.config;
        if self.caller.is_trusted(config) || !config.options.privacy_options.contains(Privacy::AUTH_WARNINGS)
        {
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

/// A display name with a character that has a meaning in addresses (MustQuoteChars) is a quoted string (RFC 5322, 3.2.4).
/// A quoted pair stays one.
fn in_quotes(name: &[u8], must_quote: &[u8]) -> Vec<u8> {
    if is_phrase(name, must_quote) {
        return name.to_vec();
    }
    let mut quoted = b"\"".to_vec();
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => quoted.extend([b'\\', *bytes.next().unwrap_or(&b'\\')]),
            b'"' => quoted.extend_from_slice(b"\\\""),
            byte => quoted.push(*byte),
        }
    }
    quoted.push(b'"');
    quoted
}

/// Is a name well-formed as it stands: words, quoted strings and comments, all closed?
fn is_phrase(name: &[u8], must_quote: &[u8]) -> bool {
    let (mut quoted, mut depth) = (false, 0usize);
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if quoted || depth > 0 => drop(bytes.next()),
            b'"' if depth == 0 => quoted = !quoted,
            _ if quoted => {}
            b'(' => depth += 1,
            b')' if depth > 0 => depth -= 1,
            byte if depth == 0 && must_quote.contains(byte) => return false,
            _ => {}
        }
    }
    !quoted && depth == 0
}

#[cfg(test)]
mod tests {
    use super::in_quotes;

    #[test]
    fn display_names() {
        let quoted = |name: &str| String::from_utf8(in_quotes(name.as_bytes(), b"@,;:\\()[].'")).unwrap();
        for phrase in ["Ann Other", "Ann (x) Other", "Ann \"Q.\" Other", "(c.d)", "a (b (c)) d", r#""a\"b""#]
        {
            assert_eq!(quoted(phrase), phrase);
        }
        let names = ["Ann (x", "a)b", "Ann \"x", "O'Neil", r"back\slash", "end\\", "\"a\"b\""];
        insta::assert_snapshot!(names.map(quoted).join("\n"), @r#"
        "Ann (x"
        "a)b"
        "Ann \"x"
        "O'Neil"
        "back\slash"
        "end\\"
        "\"a\"b\""
        "#);
    }
}
