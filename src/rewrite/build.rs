//! `$#mailer $@host $:user` becomes an address.

use super::error::{error_reply, error_status};
use super::{Address, AddressKind, Parsed, Rewriter, Site, Triple};
use crate::addr::{Token, cataddr, op, without_quotes};
use crate::config::{MailerId, RulesetId};
use crate::engine::{AddressEvent, Scope};
use crate::schema::{EnhancedStatus, Reply, Sysexit};

/// Bytes of a host that the rules gave.
const MAX_HOST: usize = 254;
/// Bytes of a user that the rules gave.
const MAX_USER: usize = 255;

/// The parts of a triple as tokens.
struct Parts<'a> {
    mailer: Vec<u8>,
    host: Option<&'a [Token]>,
    user: &'a [Token],
}

/// Takes `$#mailer $@host $:user` apart.
fn parts(tokens: &[Token]) -> Result<Parts<'_>, &'static str> {
    let [net, mailer, rest @ ..] = tokens else { return Err("buildaddr: no mailer in parsed address") };
    if net.first() != op::CANONICAL_NET {
        return Err("buildaddr: no mailer in parsed address");
    }
    let (host, rest) = match rest {
        [mark, rest @ ..] if mark.first() == op::CANONICAL_HOST => {
            let end = rest.iter().position(|token| token.first() == op::CANONICAL_USER);
            let (host, rest) = rest.split_at(end.unwrap_or(rest.len()));
            (Some(host), rest)
        }
        rest => (None, rest),
    };
    match rest {
        [mark, user @ ..] if mark.first() == op::CANONICAL_USER => {
            Ok(Parts { mailer: mailer.to_vec(), host, user })
        }
        _ => Err("buildaddr: no user"),
    }
}

impl Rewriter<'_> {
    /// Builds the address that ruleset 0 (or 5) has answered; `given` is its text, for messages (sendmail's
    /// `buildaddr`).
    pub(super) async fn build_address(
        &mut self,
        tokens: &[Token],
        given: &[u8],
        kind: AddressKind,
    ) -> Parsed {
        let site = self.site;
        self.show(AddressEvent::Build { flags: kind.bits(), tokens });
        let parts = match parts(tokens) {
            Ok(parts) => parts,
            Err(problem) => return self.refuse(problem.as_bytes()),
        };
        if parts.mailer.eq_ignore_ascii_case(b"error") {
            return self.error_mailer(&parts, given);
        }
        let Some(mailer) = site.config.mailer(&parts.mailer) else {
            return self.refuse(&[b"buildaddr: unknown mailer ", &parts.mailer[..]].concat());
        };
        let host = parts.host.map(|host| cut(join(site, host), MAX_HOST));
        let no_host = host.as_ref().is_none_or(Vec::is_empty);
        if no_host && !site.config.mailers[mailer.0 as usize].has(b'l') {
            return self.refuse(b"buildaddr: no host");
        }
        let mut address = Address { mailer, host, ..Address::default() };
        self.local_forms(&mut address, parts.user, kind).await
    }

    /// An answer of ruleset 0 that cannot be used is the configuration's fault.
    fn refuse(&mut self, problem: &[u8]) -> Parsed {
        self.complain(Reply::new(554, Some(EnhancedStatus(5, 3, 5)), problem));
        Parsed {
            bad: true,
            status: Sysexit::SOFTWARE,
            triple: Some(Triple { mailer: b"*error*".to_vec(), ..Triple::default() }),
            ..Parsed::default()
        }
    }

    /// `$#error $@ code $: text`
    fn error_mailer(&mut self, parts: &Parts<'_>, given: &[u8]) -> Parsed {
        let code = parts.host.map(|host| join(self.site, host));
        let user = cataddr(&self.site.program.operators, parts.user, Some(b' '), true);
        let status = error_status(code.as_deref());
        let reply = error_reply(code.as_deref(), &user, given);
        // either the text or the code may say that it is for now: then the address is kept
        let temporary = reply.is_temporary() || status.is_temporary();
        self.complain(reply);
        Parsed {
            bad: !temporary,
            temporary,
            status,
            triple: Some(Triple { mailer: b"*error*".to_vec(), host: code, user }),
            ..Parsed::default()
        }
    }

    /// `|program`, `/file`, `:include:`, `@user`; then rulesets 2, R= and 4.
    async fn local_forms(&mut self, address: &mut Address, user: &[Token], kind: AddressKind) -> Parsed {
        let site = self.site;
        let config = &site.config;
        let given = &config.mailers[address.mailer.0 as usize];
        if given.has(b':')
            && let Some(list) = included(site, user)
        {
            return special(site, address, b"*include*", list);
        }
        let user = match user.split_first() {
            Some((first, rest)) if given.has(b'@') && first.first() == b'@' => {
                address.skip_ruleset5 = true;
                rest
            }
            _ => user,
        };
        let text = join(site, user);
        let other: Option<&[u8]> = match text.strip_prefix(b"\"").unwrap_or(&text).first() {
            Some(b'|') if given.has(b'|') => Some(b"prog"),
            Some(b'/') if given.has(b'/') => Some(b"*file*"),
            _ => None,
        };
        if let Some(mailer) = other.and_then(|name| config.mailer(name)) {
            address.mailer = mailer;
        }
        let tokens = self.rewrite_user(address, user, kind).await;
        address.user = cut(join(site, &tokens), MAX_USER);
        finish(site, address, self.scope)
    }

    async fn rewrite_user(&mut self, address: &Address, user: &[Token], kind: AddressKind) -> Vec<Token> {
        let config = &self.site.config;
        if let Some(id) = config.names.get(b"h") {
            self.define(id, address.host.as_deref());
        }
        let recipient = config.mailers[address.mailer.0 as usize].recipient.envelope;
        let passes = match config.level >= 10 || kind == AddressKind::RECIPIENT {
            true => [Some(RulesetId(2)), recipient.filter(|ruleset| ruleset.0 > 0)],
            false => [None, None],
        };
        self.run_all(passes.into_iter().flatten().chain([RulesetId(4)]), user).await.0
    }
}

fn join(site: &Site, tokens: &[Token]) -> Vec<u8> {
    cataddr(&site.program.operators, tokens, Some(site.program.blank_sub), true)
}

/// Longer texts are cut, as sendmail's buffers are.
pub(super) fn cut(mut text: Vec<u8>, most: usize) -> Vec<u8> {
    text.truncate(most);
    text
}

/// The file that a user `:include:file` names, quotes taken off: blanks in it are blanks.
fn included(site: &Site, user: &[Token]) -> Option<Vec<u8>> {
    let text = cataddr(&site.program.operators, user, Some(b' '), true);
    let bare = text.strip_prefix(b"\"").unwrap_or(&text);
    bare.get(..9).filter(|head| head.eq_ignore_ascii_case(b":include:"))?;
    Some(without_quotes(&bare[9..]).collect())
}

fn special(site: &Site, address: &mut Address, mailer: &[u8], user: Vec<u8>) -> Parsed {
    address.mailer = site.config.mailer(mailer).unwrap_or(address.mailer);
    address.user = user;
    done(site, address)
}

/// Letter case as the mailer wants it.
fn finish(site: &Site, address: &mut Address, scope: &mut Scope) -> Parsed {
    let mailer = &site.config.mailers[address.mailer.0 as usize];
    if let Some(host) = address.host.as_mut().filter(|_| !mailer.has(b'h')) {
        host.make_ascii_lowercase();
        // macro h is the same text
        scope.set_named(&site.config, b"h", host);
    }
    if !mailer.has(b'u') {
        address.user.make_ascii_lowercase();
    }
    done(site, address)
}

fn done(site: &Site, address: &mut Address) -> Parsed {
    let MailerId(index) = address.mailer;
    let triple = Triple {
        mailer: site.config.mailers[index as usize].name.clone(),
        host: address.host.clone(),
        user: address.user.clone(),
    };
    Parsed { address: Some(std::mem::take(address)), triple: Some(triple), ..Parsed::default() }
}
