//! MAIL (RFC 5321, section 4.1.1.2): a transaction begins.

use super::acceptor::Acceptor;
use super::filter::FilterCall;
use super::parameters::{MAIL_PARAMETERS, ParameterContext, read};
use super::session::{Flow, Session};
use super::transaction::Stage;
use super::verb_row::VerbRow;
use crate::addr::{MAX_SHOWN, shorten};
use crate::engine::with_address;
use crate::envelope::{EnvelopeFlags, set_sender_until};
use crate::logging::{Priority, Quiet};
use crate::rewrite::{Rewriter, Verdict, ruleset_source};
use crate::schema::{EnhancedStatus, Privacy, Reply};
use crate::smtp::proto::{split_address, split_path};

pub(super) const fn row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("MAIL", |session, command| Box::pin(session.mail(command.argument)))
        .issued_mail_command()
        .delayed_as("MAIL")
}

impl<A: Acceptor> Session<A> {
    async fn mail(&mut self, argument: &[u8]) -> Flow {
        if let Err((reply, to)) = self.begin(argument).await {
            self.error(&reply, to.as_deref());
        }
        Flow::Continue
    }

    async fn begin(&mut self, argument: &[u8]) -> Result<(), (Reply, Option<Vec<u8>>)> {
        let bare = |reply: Reply| (reply, None);
        self.may_begin(argument).map_err(bare)?;
        self.seven_bit = self.client.seven_bit_input(&self.server.policy);
        let path = split_path(argument, b"FROM").map_err(|word| bare(syntax_error(word)))?;
        self.take_protocol();
        self.warn_without_helo();
        let (address, words) = split_address(path);
        let about = |reply: Reply| (reply, Some(address.to_vec()));
        let site = self.server.site.clone();
        let envelope = &mut self.transaction.envelope;
        let parsed = set_sender_until(&site, envelope, &mut Quiet, path, b' ').await;
        if let Some(problem) = parsed.problems.first() {
            if parsed.triple.is_some() {
                self.refused_by_rules(problem, parsed.status);
            }
            if parsed.triple.is_some() && parsed.address.is_none() {
                // whom an earlier MAIL named counts no more
                self.transaction.envelope.sender.text = b"<NONE>".to_vec();
            }
            // the rules' refusal names the address already
            return Err(bare(problem.clone()));
        }
        if parsed.address.is_none() {
            return Err(about(Reply::new(451, Some(EnhancedStatus(4, 3, 2)), "Please try again later")));
        }
        self.warn_of_user();
        self.transaction.stage = Stage::Refused;
        // an author of an earlier MAIL that was refused stays, and has been asked about
        let has_author = self.transaction.envelope.auth.is_some();
        let size = self.parameters(words);
        if !has_author {
            self.trust_author(address).await;
        }
        let size = size.map_err(bare)?;
        self.may_be_utf8(address).map_err(about)?;
        if let Some(reply) = self.ask(FilterCall::Mail(address, words), Some(address)).await {
            return Err(about(reply));
        }
        self.may_be_so_large(size).map_err(bare)?;
        self.activate(address);
        Ok(())
    }

    fn may_begin(&self, argument: &[u8]) -> Result<(), Reply> {
        if self.helo.is_none() && self.server.policy.privacy.contains(Privacy::NEED_MAIL_HELO) {
            return Err(Reply::new(503, None, "Polite people say HELO first"));
        }
        if self.transaction.has_begun() {
            return Err(Reply::new(503, Some(EnhancedStatus(5, 5, 0)), "Sender already specified"));
        }
        if self.features.require_auth && !self.client.security.identity.is_authenticated() {
            return Err(Reply::new(530, Some(EnhancedStatus(5, 7, 0)), "Authentication required"));
        }
        // the log shows what stands behind the colon
        let shown =
            argument.iter().position(|byte| *byte == b':').map_or(argument, |colon| &argument[colon + 1..]);
        self.put_off("MAIL", shown.trim_ascii_start(), 451, (4, 3, 2)).map_or(Ok(()), Err)
    }

    /// `$r` is what HELO, EHLO and AUTH have left, whatever an earlier MAIL that was refused had.
    fn take_protocol(&mut self) {
        let config = &self.server.site.config;
        if let Some(protocol) = self.scope.get_named(config, b"r") {
            self.transaction.envelope.scope.set_named(config, b"r", protocol);
        }
    }

    /// sendmail notes it in the log always, in the message with PrivacyOptions=authwarnings.
    fn warn_without_helo(&mut self) {
        if self.helo.is_some() {
            return;
        }
        let config = self.server.site.config.clone();
        let scope = &mut self.transaction.envelope.scope;
        if scope.get_named(&config, b"r").is_none() {
            scope.set_named(&config, b"r", b"SMTP");
        }
        scope.set_named(&config, b"s", &self.client.pointer);
        self.warn_of_client(&[&self.client.display[..], b" didn't use HELO protocol"].concat());
    }

    /// Who is on standard input says what he likes; he is named unless he names himself or is trusted (class t).
    fn warn_of_user(&mut self) {
        let config = &self.server.site.config;
        let Some(user) = self.client.user.clone() else { return };
        let trusted = config.macro_id("t").and_then(|id| config.classes.get(id));
        let own = self.transaction.envelope.sender.address.as_ref().is_some_and(|address| {
            let mailer = config.mailers.get(usize::from(address.mailer.0));
            address.user == user && mailer.is_some_and(|mailer| mailer.has(b'l'))
        });
        if !own && user != b"root" && !trusted.is_some_and(|class| class.contains(&user)) {
            self.warn_of_client(&[&user[..], b" owned process doing -bs"].concat());
        }
    }

    fn warn_of_client(&mut self, what: &[u8]) {
        let warning = [&self.hostname[..], b": ", what].concat();
        self.log(3, Priority::Info, &[b"Authentication-Warning: ", &warning[..]].concat());
        if self.server.policy.privacy.contains(Privacy::AUTH_WARNINGS) {
            self.transaction.envelope.headers.0.push(crate::message::Header::generated(
                b"X-Authentication-Warning",
                &[b" ", &warning[..]].concat(),
            ));
        }
    }

    /// Gives what SIZE= announces (RFC 1870), 0 without it.
    fn parameters(&mut self, words: &[u8]) -> Result<u64, Reply> {
        let mut size = 0;
        let mut context = ParameterContext {
            features: &self.features,
            policy: &self.server.policy,
            envelope: &mut self.transaction.envelope,
            recipient: None,
            size: &mut size,
            seven_bit: None,
            require_tls: self.server.policy.offers_require_tls(&self.client.security),
        };
        let result = read(MAIL_PARAMETERS, words, &mut context);
        self.seven_bit = context.seven_bit.unwrap_or(self.seven_bit);
        // what a refused MAIL announced stays for the log
        self.transaction.envelope.size = size;
        result?;
        let config = &self.server.site.config;
        let scope = &mut self.transaction.envelope.scope;
        if size > 0 {
            scope.set_named(config, b"msg_size", size.to_string().as_bytes());
        }
        if let Some(envid) = &self.transaction.envelope.envid {
            scope.set_named(config, b"dsn_envid", envid);
        }
        Ok(size)
    }

    /// AUTH= names who has submitted the message first; ruleset `trust_auth` says whether this client may. Nobody
    /// is refused for it (RFC 4954, section 5): the name becomes `<>`.
    async fn trust_author(&mut self, address: &[u8]) {
        let Some(author) = self.transaction.envelope.auth.clone() else { return };
        self.transaction.envelope.scope.set_named(&self.server.site.config, b"auth_author", &author);
        if author == b"<>" {
            return;
        }
        let site = self.server.site.clone();
        let scope = &mut self.transaction.envelope.scope;
        let verdict = Rewriter::quiet(&site, scope).check(b"trust_auth", &author, None).await;
        let Verdict::Reject { reply, status } = verdict else { return };
        let verdict = Verdict::Reject { reply: with_address(address, reply), status };
        let source = ruleset_source(b"trust_auth", &author, None);
        if let Some(line) = verdict.log_line(&source, &self.client.display) {
            self.server.log.log(9, Priority::Notice, None, &line);
        }
        self.transaction.envelope.auth = Some(b"<>".to_vec());
    }

    fn may_be_so_large(&self, size: u64) -> Result<(), Reply> {
        let limit = self.server.policy.max_message_size;
        if limit > 0 && size > limit {
            let text = format!("Message size exceeds fixed maximum message size ({limit})");
            return Err(Reply::new(552, Some(EnhancedStatus(5, 2, 3)), text));
        }
        if self.acceptor.has_room(size) {
            return Ok(());
        }
        Err(Reply::new(452, Some(EnhancedStatus(4, 4, 5)), "Insufficient disk space; try again later"))
    }

    /// An address that is no ASCII needs a client that knows of such (RFC 6531, section 3.5).
    pub(super) fn may_be_utf8(&self, address: &[u8]) -> Result<(), Reply> {
        let said = self.transaction.envelope.flags.contains(EnvelopeFlags::SMTPUTF8);
        match self.server.policy.utf8 && !said && !address.is_ascii() {
            true => Err(Reply::new(553, Some(EnhancedStatus(5, 6, 7)), "Address requires SMTPUTF8")),
            false => Ok(()),
        }
    }

    /// With SMTPUTF8 replies may be UTF-8, and the protocol has another name (RFC 6531, sections 3.7.4.2 and 4.3): UTF8SMTP for
    /// ESMTP, with the same letters behind it.
    fn speak_utf8(&mut self) {
        let utf8 = self.transaction.envelope.flags.contains(EnvelopeFlags::SMTPUTF8);
        self.wire.allow_utf8(utf8);
        let config = &self.server.site.config;
        let scope = &mut self.transaction.envelope.scope;
        let protocol = scope.get_named(config, b"r").and_then(|protocol| protocol.strip_prefix(b"E"));
        if let Some(rest) = protocol.filter(|_| utf8).map(<[u8]>::to_vec) {
            scope.set_named(config, b"r", &[b"UTF8", &rest[..]].concat());
        }
    }

    fn activate(&mut self, address: &[u8]) {
        self.speak_utf8();
        let transaction = &mut self.transaction;
        transaction.stage = Stage::Mail;
        if self.discard {
            transaction.envelope.session.discard = true;
        }
        let text = [&shorten(address, MAX_SHOWN)[..], b"... Sender ok"].concat();
        self.say("250", Some("2.1.0"), &text);
    }
}

pub(super) fn syntax_error(word: &[u8]) -> Reply {
    let text = [b"Syntax error in parameters scanning \"", word, b"\""].concat();
    Reply::new(501, Some(EnhancedStatus(5, 5, 2)), text)
}
