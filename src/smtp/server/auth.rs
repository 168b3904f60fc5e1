//! AUTH (RFC 4954): a client proves who it is.
//!
//! The dialogue and its log; what is said in it is [`crate::sasl`]'s business, and who knows a password is asked
//! through the acceptor.

use super::acceptor::Acceptor;
use super::features::Features;
use super::policy::Policy;
use super::security::{Channel, Identity, Security};
use super::session::{Flow, Session};
use super::usage::longer_and_longer;
use super::verb_row::VerbRow;
use super::wire::Input;
use crate::addr::shorten;
use crate::logging::Priority;
use crate::sasl::{self, ChannelFacts, Conditions, Failure, Mechanism, Offered, ServerFacts, Step};
use crate::schema::{EnhancedStatus, Reply};
use crate::smtp::proto::{encode_xtext, word_and_rest};
use crate::sys::random;
use crate::tls::{ChannelBindings, Verify};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The longest name of a mechanism that a reply repeats, and that the log shows.
const MAX_NAME: (usize, usize) = (32, 16);
/// From so many refused log-ins within the window of ConnectionRateWindowSize on, a client waits for the answer.
const MAX_REFUSED: u32 = 10;
/// The longest name of a user in the log.
const MAX_USER: usize = 128;

pub(super) const fn row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("AUTH", |session, command| Box::pin(session.auth(command.argument))).delayed_as("AUTH")
}

/// The mechanisms that a client may use.
fn mechanisms(features: &Features, policy: &Policy, security: &Security) -> Offered {
    if !features.auth {
        return Offered::default();
    }
    let mut options = policy.auth_options.clone();
    options.retain(|letter| *letter != b'p');
    options.extend(features.auth_protected.then_some(b'p'));
    let options = sasl::under_tls(&options, security.channel == Channel::Protected);
    let wanted = policy.auth_mechanisms.as_deref().unwrap_or_default();
    let conditions = Conditions {
        protected: security.channel == Channel::Protected,
        certificate: subject(security).is_some(),
        tokens: policy.sasl_tokens,
        binding: sasl::asks_binding(wanted) && !bindings(security).is_empty(),
    };
    sasl::offered(wanted, policy.sasl_mechanisms.as_deref(), &options, &conditions)
}

/// Whose certificate the client has shown, if it was found good.
fn subject(security: &Security) -> Option<&[u8]> {
    let tls = security.tls.as_deref().filter(|tls| tls.verify == Verify::Ok)?;
    Some(&tls.certificate.subject[..]).filter(|subject| !subject.is_empty())
}

/// What binds an exchange to this connection.
fn bindings(security: &Security) -> Vec<(&'static [u8], Vec<u8>)> {
    let Some(tls) = &security.tls else { return Vec::new() };
    let ChannelBindings { exporter, end_point } = tls.bindings.clone();
    let kinds = [(&b"tls-exporter"[..], exporter), (b"tls-server-end-point", end_point)];
    kinds.into_iter().filter_map(|(kind, binding)| Some((kind, binding?))).collect()
}

/// EHLO's line.
pub(super) fn offer(features: &Features, policy: &Policy, security: &Security) -> Option<Vec<u8>> {
    let names = mechanisms(features, policy, security).names;
    (!names.is_empty()).then(|| [b"AUTH ", &names.join(&b' ')[..]].concat())
}

fn reply(code: u16, enhanced: (u16, u16, u16), text: impl Into<Vec<u8>>) -> Reply {
    Reply::new(code, Some(EnhancedStatus(enhanced.0, enhanced.1, enhanced.2)), text)
}

/// Why the client's words are not heard.
enum Unheard {
    /// It has been told, and may go on otherwise.
    Told(Reply),
    /// The connection is gone.
    Lost(Flow),
}

impl<A: Acceptor> Session<A> {
    async fn auth(&mut self, argument: &[u8]) -> Flow {
        let offered = mechanisms(&self.features, &self.server.policy, &self.client.security);
        let allowed = self.may_authenticate(&offered);
        let allowed =
            allowed.and_then(|()| self.put_off("AUTH", argument, 454, (4, 3, 0)).map_or(Ok(()), Err));
        if let Err(refusal) = allowed {
            self.error(&refusal, None);
            return Flow::Continue;
        }
        let attempts = u32::try_from(offered.available + 1).unwrap_or(u32::MAX);
        if self.slow_down("AUTH", "AUTH", attempts).await == Flow::Close {
            return Flow::Close;
        }
        let (name, response) = word_and_rest(argument);
        let begun =
            self.mechanism(&offered, name).and_then(|row| Ok((row, self.initial_response(response)?)));
        match begun {
            Ok((mechanism, initial)) => self.exchange(name, (mechanism, &offered), initial).await,
            Err(refusal) => {
                self.error(&refusal, None);
                Flow::Continue
            }
        }
    }

    fn may_authenticate(&self, offered: &Offered) -> Result<(), Reply> {
        if offered.available == 0 {
            return Err(reply(503, (5, 3, 3), "AUTH not available"));
        }
        if self.client.security.identity.is_authenticated() {
            return Err(reply(503, (5, 5, 0), "Already Authenticated"));
        }
        if self.transaction.has_begun() {
            return Err(reply(503, (5, 5, 0), "AUTH not permitted during a mail transaction"));
        }
        Ok(())
    }

    fn mechanism(&self, offered: &Offered, name: &[u8]) -> Result<&'static Mechanism, Reply> {
        if name.is_empty() {
            return Err(reply(501, (5, 5, 2), "AUTH mechanism must be specified"));
        }
        let wanted = offered.names.iter().any(|offered| offered.eq_ignore_ascii_case(name));
        let shown = &name[..name.len().min(MAX_NAME.0)];
        sasl::find(name)
            .filter(|_| wanted)
            .ok_or_else(|| reply(504, (5, 3, 3), [b"AUTH mechanism ", shown, b" not available"].concat()))
    }

    /// What came with the command; `=` stands for nothing (RFC 4954, section 4).
    fn initial_response(&self, text: &[u8]) -> Result<Option<Vec<u8>>, Reply> {
        match text {
            b"" => return Ok(None),
            b"=" => return Ok(Some(Vec::new())),
            _ => {}
        }
        let decoded = STANDARD.decode(text).map_err(|_| {
            let what = format!("AUTH decode64 error [{} for \"", decode_error(text));
            let text = [what.as_bytes(), text, b"\"], relay=", &self.client.display].concat();
            self.log(5, Priority::Warning, &text);
        });
        let text = || [b"cannot BASE64 decode '", text, b"'"].concat();
        decoded.map(Some).map_err(|()| reply(501, (5, 5, 4), text()))
    }

    async fn exchange(
        &mut self,
        name: &[u8],
        (mechanism, offered): (&Mechanism, &Offered),
        initial: Option<Vec<u8>>,
    ) -> Flow {
        let Ok(random) = random::bytes() else {
            self.error(&reply(454, (4, 3, 0), "Temporary authentication failure"), None);
            return Flow::Continue;
        };
        let realm = self.server.policy.auth_realm.clone().unwrap_or_else(|| self.hostname.clone());
        let security = &self.client.security;
        let channel = ChannelFacts {
            subject: subject(security).map(<[u8]>::to_vec),
            bindings: bindings(security),
            offers_binding: sasl::asks_binding(&offered.names.join(&b' ')),
        };
        let (host, now) = (self.hostname.clone(), self.acceptor.now());
        let facts = ServerFacts { host, realm, now, random, channel };
        let mut exchange = (mechanism.server)(&facts);
        let mut first = initial.clone().unwrap_or_default();
        let mut step = match initial {
            Some(_) if !mechanism.takes_initial => Step::Failed(Failure::spoke_first()),
            initial => exchange.respond(initial.as_deref()),
        };
        loop {
            step = match step {
                Step::Ask(question) => exchange.answered(self.acceptor.secret(question).await),
                Step::Challenge(challenge) => match self.response(&challenge).await {
                    Ok(response) => {
                        if first.is_empty() {
                            first.clone_from(&response);
                        }
                        exchange.respond(Some(&response))
                    }
                    Err(Unheard::Told(refusal)) => {
                        self.error(&refusal, None);
                        return Flow::Continue;
                    }
                    Err(Unheard::Lost(flow)) => return flow,
                },
                Step::Done(user) => return self.authenticated(name, &user),
                Step::Failed(failure) => return self.not_authenticated(name, &first, &failure).await,
            }
        }
    }

    /// Says a challenge and waits for what the client says to it.
    async fn response(&mut self, challenge: &[u8]) -> Result<Vec<u8>, Unheard> {
        self.say("334", None, STANDARD.encode(challenge).as_bytes());
        if let Err(lost) = self.wire.flush().await {
            return Err(Unheard::Lost(self.lost_input(lost, "AUTH")));
        }
        let input = tokio::select! {
            biased;
            // who thinks about a challenge makes room like one who thinks about a command
            why = self.acceptor.closing(false) => return Err(Unheard::Lost(Box::pin(self.shut_down(why)).await)),
            input = self.wire.read_response(self.server.policy.auth_timeout) => input,
        };
        let line = match input {
            Ok(Input::Line(line)) => line,
            Ok(Input::TooLong(length)) => return Err(Unheard::Lost(self.too_long(length))),
            Err(lost) => return Err(Unheard::Lost(self.lost_input(lost, "AUTH"))),
        };
        if line == b"*" {
            return Err(Unheard::Told(reply(501, (5, 0, 0), "AUTH aborted")));
        }
        let text = || [b"cannot decode AUTH parameter ", &line[..]].concat();
        STANDARD.decode(&line).map_err(|_| Unheard::Told(reply(501, (5, 5, 4), text())))
    }

    fn authenticated(&mut self, name: &[u8], user: &[u8]) -> Flow {
        let encoded = encode_xtext(user);
        let text = [
            b"AUTH=server, relay=",
            &self.client.display[..],
            b", authid=",
            &shorten(&encoded, MAX_USER),
            b", mech=",
            &name[..name.len().min(MAX_NAME.1)],
            b", bits=0",
        ];
        self.server.log.log(8, Priority::Info, None, &text.concat());
        self.client.security.identity = Identity::Authenticated;
        let config = self.server.site.config.clone();
        for scope in [&mut self.scope, &mut self.transaction.envelope.scope] {
            scope.set_named(&config, b"auth_type", name);
            scope.set_named(&config, b"auth_authen", &encoded);
            scope.set_named(&config, b"auth_ssf", b"0");
        }
        self.name_protocol(true);
        self.say("235", Some("2.0.0"), b"OK Authenticated");
        Flow::Continue
    }

    /// `first`: the client's first words, which name the user.
    async fn not_authenticated(&mut self, name: &[u8], first: &[u8], failure: &Failure) -> Flow {
        let text = [
            b"AUTH failure (",
            name,
            b"): ",
            &failure.log_text(),
            b", user=",
            &sasl::shown_user(name, first),
            b", relay=",
            &self.client.display,
        ];
        self.log(8, Priority::Warning, &text.concat());
        if !failure.temporary && self.slow_down_guessing().await == Flow::Close {
            return Flow::Close;
        }
        let refusal = match failure.temporary {
            true => reply(454, (4, 7, 0), "Temporary authentication failure"),
            false => reply(535, (5, 7, 0), "authentication failed"),
        };
        self.error(&refusal, None);
        Flow::Continue
    }

    /// Another connection is no fresh start for whoever guesses. Nobody waits whose password is right.
    async fn slow_down_guessing(&mut self) -> Flow {
        let refused = self.acceptor.log_in_refused();
        let Some(more) = refused.checked_sub(MAX_REFUSED) else { return Flow::Continue };
        if more == 0 {
            let text = format!(": possible SMTP attack: command=AUTH, count={refused}");
            self.log(5, Priority::Info, &[&self.client.display[..], text.as_bytes()].concat());
        }
        self.pause(longer_and_longer(more)).await
    }
}

/// What Cyrus SASL says to text that is no base64: 1 where only its end is missing.
fn decode_error(text: &[u8]) -> i32 {
    let whole = &text[..text.len() / 4 * 4];
    let good = STANDARD.decode(whole).is_ok() && !whole.ends_with(b"=");
    if good && whole.len() < text.len() { 1 } else { -5 }
}
