//! `/parse`, `/try`, `/tryflags`, `/sender`, `/expand`: whole addresses.

use super::console::Console;
use super::shell::Shell;
use super::traces::ShellEvent;
use crate::addr::{MacroId, trim_start};
use crate::config::printable;
use crate::engine::{Printer, Scope, undefine_named, with_address};
use crate::logging::{Tracer, pass_on};
use crate::rewrite::{Address, AddressKind, Parsed, Rewriter, Site};
use crate::schema::{EnhancedStatus, Reply};
use crate::sys::accounts;

/// Bytes of an address; a longer one is cut where it stands.
const MAX_ADDRESS: usize = 255;

fn words(kind: AddressKind) -> &'static str {
    match (kind.header, kind.sender) {
        (false, false) => "envelope recipient",
        (false, true) => "envelope sender",
        (true, false) => "header recipient",
        (true, true) => "header sender",
    }
}

pub(super) fn parse(shell: &mut Shell, address: &[u8]) {
    let Shell { site, scope, console, runtime, kind, .. } = shell;
    let pattern = Rewriter::new(site, scope, console).crack(address);
    console.say([b"Cracked address = ", &printable(&pattern, &site.config.names)[..]].concat());
    console.say(format!("Parsing {} address", words(*kind)));
    let parsed = runtime.block_on(Rewriter::new(site, scope, console).parse(address, *kind));
    console.about.clear();
    console.fail(parsed.status);
    let Some(triple) = parsed.triple else {
        console.say("Cannot parse");
        return;
    };
    let mut line = [b"mailer ", &triple.mailer[..]].concat();
    if let Some(host) = triple.host.filter(|host| !host.is_empty()) {
        line.extend_from_slice(b", host ");
        line.extend_from_slice(&host);
    }
    line.extend_from_slice(b", user ");
    line.extend_from_slice(&triple.user);
    console.say(line);
}

pub(super) fn attempt(shell: &mut Shell, words_given: &[u8]) {
    let Shell { site, scope, console, runtime, kind, .. } = shell;
    let end = words_given.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(words_given.len());
    let (name, address) = (&words_given[..end], trim_start(&words_given[end..]));
    if address.is_empty() {
        console.say("Usage: /try mailer address");
        return;
    }
    let Some(mailer) = site.config.mailer(name) else {
        console.say([b"Unknown mailer ", name].concat());
        return;
    };
    console.about.clear();
    let head = format!("Trying {} address ", words(*kind));
    console.say([head.as_bytes(), address, b" for mailer ", name].concat());
    let mut rewriter = Rewriter::new(site, scope, console);
    let (text, status) = runtime.block_on(rewriter.remote_name(address, mailer, *kind, false, None));
    console.say([format!("Rcode = {}, addr = ", status.0).as_bytes(), &text].concat());
}

pub(super) fn try_flags(shell: &mut Shell, letters: &[u8]) {
    for letter in letters {
        match letter.to_ascii_lowercase() {
            b'h' => shell.kind.header = true,
            b'e' => shell.kind.header = false,
            b's' => shell.kind.sender = true,
            b'r' => shell.kind.sender = false,
            _ => {}
        }
    }
    let Shell { site, scope, console, kind, .. } = shell;
    Rewriter::new(site, scope, console).define_named(b"addr_type", kind.addr_type());
}

/// The text is not translated, so a typed `$x` stands for itself.
pub(super) fn expand_text(shell: &mut Shell, text: &[u8]) {
    let expanded = Rewriter::new(&shell.site, &mut shell.scope, &mut shell.console).expand(text);
    shell.console.put(printable(&expanded, &shell.site.config.names));
}

/// The envelope sender: as given, or the caller where that cannot be one.
pub(super) fn sender(shell: &mut Shell, address: &[u8]) {
    let Shell { site, scope, console, runtime, full_name, .. } = shell;
    let mut text = if address.is_empty() { caller() } else { address.to_vec() };
    console.show(&site.config.names, &ShellEvent::Sender { text: &text });
    let mut rewriter = Rewriter::new(site, scope, console);
    rewriter.define(MacroId(b'x'), Some(b"")); // the full name of a sender who has none
    rewriter.define_named(b"addr_type", AddressKind::SENDER.addr_type());
    let mut parsed = runtime.block_on(parse_sender(site, scope, console, &text, address.is_empty()));
    if let Some(address) = parsed.address.take_if(|address| is_no_sender(site, address)) {
        let reply = Reply::new(553, Some(EnhancedStatus(5, 1, 7)), b"Invalid sender address");
        console.reply(&with_address(&address.text, reply));
        parsed.temporary = false;
    }
    console.fail(parsed.status);
    // rules that failed for now do not make a refusal less final
    if parsed.address.is_none() && (!parsed.temporary || parsed.bad) && !address.is_empty() {
        text = caller();
        parsed = runtime.block_on(parse_sender(site, scope, console, &text, true));
    }
    console.about = text[..text.len().min(MAX_ADDRESS)].to_vec();
    if let Some(address) = &parsed.address {
        look_up(site, scope, console, full_name, address);
    }
    let mailer = parsed.address.as_ref().map(|address| address.mailer);
    let from = runtime.block_on(Rewriter::new(site, scope, console).sender_name(&text, mailer));
    undefine_named(&site.config, scope, &mut Printer::new(&site.config, console), b"addr_type");
    Rewriter::new(site, scope, console).define(MacroId(b'f'), Some(&from));
    let user = parsed.triple.map(|triple| triple.user).unwrap_or_default();
    console.say([b"addr=", &user[..]].concat());
}

/// Nobody is told what is wrong with the caller's name, nor, by an old cf's rules, with any sender.
async fn parse_sender(
    site: &Site,
    scope: &mut Scope,
    console: &mut Console,
    text: &[u8],
    lenient: bool,
) -> Parsed {
    let kind = AddressKind::SENDER;
    if lenient || site.config.level < 2 {
        return Rewriter::new(site, scope, &mut Lenient { tracer: console }).parse(text, kind).await;
    }
    Rewriter::new(site, scope, console).parse(text, kind).await
}

/// Keeps complaints about addresses to itself; the configuration's own faults are told.
struct Lenient<'a> {
    tracer: &'a mut Console,
}

impl Tracer for Lenient<'_> {
    pass_on!(level, line, message, notice, text, about, test_mode);

    fn reply(&mut self, reply: &Reply) {
        if reply.code == 554 {
            self.tracer.reply(reply);
        }
    }
}

/// Macro z is the home of a sender who has an account, if the mailer has flag w; the first account tells the
/// full name for all that follow.
fn look_up(
    site: &Site,
    scope: &mut Scope,
    console: &mut Console,
    full_name: &mut Vec<u8>,
    address: &Address,
) {
    if !site.config.mailers[usize::from(address.mailer.0)].has(b'w') {
        return;
    }
    if let Ok(Some(user)) = accounts::user(&address.user) {
        Rewriter::new(site, scope, console).define(MacroId(b'z'), Some(&user.home_bytes()));
        if full_name.is_empty() {
            *full_name = user.full_name();
        }
    }
    if !full_name.is_empty() {
        Rewriter::new(site, scope, console).define(MacroId(b'x'), Some(full_name));
    }
}

/// Programs, files and lists send no mail.
fn is_no_sender(site: &Site, address: &Address) -> bool {
    let mailer = &site.config.mailers[usize::from(address.mailer.0)].name;
    [&b"prog"[..], b"*file*", b"*include*"].iter().any(|name| mailer.eq_ignore_ascii_case(name))
}

pub(super) fn caller() -> Vec<u8> {
    let own = accounts::user_by_uid(nix::unistd::getuid().as_raw());
    own.ok().flatten().map_or_else(|| b"postmaster".to_vec(), |user| user.name)
}
