//! `/header` and `?`.

use super::Shell;
use crate::addr::MacroId;
use crate::config::{Config, HeaderCheck, HeaderDecl};
use crate::engine::{Scope, define_named};
use crate::logging::Tracer;
use crate::message::HeaderKind;
use crate::rewrite::{Rewriter, Verdict, expand};
use crate::schema::Sysexit;

const RCPT: u32 = HeaderKind::RECIPIENT.bits();
const END: u32 = HeaderKind::END.bits();
const FROM: u32 = HeaderKind::SENDER.bits();
const STRIP_COMMENTS: u32 = 0x10000;
const USER: u32 = HeaderKind::USER.bits();

/// Bytes of a header value that `${currHeader}` holds at most.
const MAX_VALUE: usize = 254;

/// `/header Name: value`: what a message's header line goes through.
pub(super) fn header(shell: &mut Shell, line: &[u8]) {
    let level = shell.console.level(31);
    if level >= 6 {
        shell.console.say([b"chompheader: ", line].concat());
    }
    let colon = line.iter().position(|byte| *byte == b':').filter(|colon| is_name(&line[..*colon]));
    let Some(colon) = colon else {
        shell.console.message(&[b"header syntax error, line \"", line, b"\""].concat());
        shell.console.say("ul = 00000000");
        return;
    };
    let (name, value) = (line[..colon].trim_ascii_end(), &line[colon + 1..]);
    let mut flags = HeaderKind::of(name).bits();
    if flags & (FROM | RCPT) != 0 && value.iter().any(|byte| b",(<;".contains(byte)) {
        shell.old_style = false;
    }
    if flags & END == 0 {
        let check = check_for(&shell.site.config, name).cloned();
        // what headers without a ruleset of their own get does not count
        if check.as_ref().is_some_and(|check| !check.keep_comments && check.name != b"*") {
            flags |= STRIP_COMMENTS;
        }
        trace_match(shell, line, check.as_ref(), flags);
        flags |= USER;
        if let Some(check) = check.filter(|_| !value.trim_ascii().is_empty()) {
            run_check(shell, &check, name, value, flags);
        }
    }
    // an empty header that the configuration holds, too, is left to it
    let declared = |header: &HeaderDecl| header.name.eq_ignore_ascii_case(name);
    if value.trim_ascii().is_empty() && shell.site.config.headers.iter().any(declared) {
        flags = 0;
    }
    let shown = if flags == 0 { "00000000".to_owned() } else { format!("0x{flags:08x}") };
    shell.console.say(format!("ul = {shown}"));
}

/// Printable bytes, then perhaps blanks.
fn is_name(text: &[u8]) -> bool {
    let name = text.trim_ascii_end();
    !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
}

/// -d31.9
fn trace_match(shell: &mut Shell, line: &[u8], check: Option<&HeaderCheck>, flags: u32) {
    if shell.console.level(31) < 9 {
        return;
    }
    shell.console.say([b"chompheader: quoted: ", line].concat());
    let ruleset = match check {
        Some(check) => shell.site.config.rulesets.display_name(check.ruleset),
        None => b"<NULL>".to_vec(),
    };
    shell.console.say([format!("header match, flags={flags:x}, ruleset=").as_bytes(), &ruleset].concat());
}

fn check_for<'a>(config: &'a Config, name: &[u8]) -> Option<&'a HeaderCheck> {
    let by_name =
        |wanted: &[u8]| config.header_checks.iter().rfind(|check| check.name.eq_ignore_ascii_case(wanted));
    by_name(name).or_else(|| by_name(b"*"))
}

fn run_check(shell: &mut Shell, check: &HeaderCheck, name: &[u8], value: &[u8], flags: u32) {
    let Shell { site, scope, console, runtime, .. } = shell;
    let config = &site.config;
    let (quoted, length) = quoted_value(value);
    define_named(config, scope, console, b"currHeader", &quoted);
    define_named(config, scope, console, b"hdr_name", name);
    define_named(config, scope, console, b"hdrlen", length.to_string().as_bytes());
    let kind: &[u8] = match flags {
        _ if flags & FROM != 0 => b"h s",
        _ if flags & RCPT != 0 => b"h r",
        _ => b"h",
    };
    define_named(config, scope, console, b"addr_type", kind);
    let ruleset = config.rulesets.display_name(check.ruleset);
    let mut rewriter = Rewriter::new(site, scope, console);
    let check = rewriter.check_header(&ruleset, value, check.keep_comments, flags & (FROM | RCPT) != 0);
    match runtime.block_on(check) {
        Verdict::Quarantine(reason) => set(config, scope, b"quarantine", &reason),
        Verdict::Reject(reply) => {
            let status = crate::rewrite::error_status(reply.enhanced_text().as_deref().map(str::as_bytes));
            console.fail(if reply.is_temporary() { Sysexit::TEMPFAIL } else { status });
        }
        Verdict::Accept | Verdict::Discard => {}
    }
}

fn set(config: &Config, scope: &mut Scope, name: &[u8], value: &[u8]) {
    if let Some(MacroId(id)) = config.names.get(name) {
        scope.set(MacroId(id), value);
    }
}

/// A header's value as one token in double quotes, and how many of its bytes were taken.
fn quoted_value(value: &[u8]) -> (Vec<u8>, usize) {
    let mut text = b"\"".to_vec();
    let mut taken = 0;
    let mut bytes = value.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let mut piece = match byte {
            b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => vec![b' '],
            b'"' => b"\\\"".to_vec(),
            byte => vec![byte],
        };
        if byte == b'\\' {
            piece.extend(bytes.next());
        }
        if text.len() + piece.len() > MAX_VALUE + 1 {
            break;
        }
        taken += piece.len();
        text.extend(piece);
    }
    text.push(b'"');
    (text, taken)
}

/// `?`: the help file's lines for `-bt`.
pub(super) fn help(shell: &mut Shell) {
    let Shell { site, scope, console, .. } = shell;
    let file = site.config.options.help_file.clone();
    let text = file.and_then(|path| std::fs::read(crate::sys::accounts::path(&path)).ok());
    let Some(text) = text else {
        console.say(concat!("Sendmail canonify-", env!("CARGO_PKG_VERSION"), " -- HELP not implemented"));
        return;
    };
    for line in text.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"-bt")) {
        let end = line.iter().position(crate::addr::is_space).unwrap_or(line.len());
        let line = line.get(end + 1..).unwrap_or_default();
        let level = site.config.level;
        let mut names = site.config.names.clone();
        let (translated, _) = crate::cf::translate(line, level, &mut names);
        console.say(expand(site, scope, &translated));
    }
    console.say("End of HELP info");
}
