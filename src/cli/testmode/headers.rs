//! `/header` and `?`.

use super::shell::Shell;
use super::traces::ShellEvent;
use crate::addr::{MacroId, quote_internal};
use crate::config::{Config, HeaderCheck, HeaderCondition, HeaderDecl};
use crate::engine::Scope;
use crate::logging::Tracer;
use crate::message::{Header, HeaderKind, check_for, check_header};
use crate::rewrite::{Rewriter, Verdict, expand};
use crate::schema::Sysexit;
use crate::sys::accounts;
use crate::sys::safe::{self, Rules};

/// Shown where a check's ruleset gets the value without comments.
const STRIP_COMMENTS: u32 = 0x10000;

/// `/header Name: value`: what a message's header line goes through.
pub(super) fn header(shell: &mut Shell, line: &[u8]) {
    shell.console.show(&shell.site.config.names, &ShellEvent::Header { line });
    let colon = line.iter().position(|byte| *byte == b':').filter(|colon| is_name(&line[..*colon]));
    let Some(colon) = colon else {
        shell.console.message(&[b"header syntax error, line \"", line, b"\""].concat());
        shell.console.say("ul = 00000000");
        return;
    };
    let (name, value) = (line[..colon].trim_ascii_end(), &line[colon + 1..]);
    let kind = HeaderKind::of(name);
    let mut flags = kind.bits();
    let addresses = HeaderKind::SENDER.union(HeaderKind::RECIPIENT);
    if kind.intersects(addresses) && value.iter().any(|byte| b",(<;".contains(byte)) {
        shell.old_style = false;
    }
    if !kind.contains(HeaderKind::END) {
        let check = check_for(&shell.site.config, name).cloned();
        // what headers without a ruleset of their own get does not count
        if check.as_ref().is_some_and(|check| !check.keep_comments && check.name != b"*") {
            flags |= STRIP_COMMENTS;
        }
        show_match(shell, line, check.as_ref(), flags);
        flags |= HeaderKind::USER.bits();
        if let Some(check) = check {
            run_check(shell, &check, name, value);
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

fn show_match(shell: &mut Shell, line: &[u8], check: Option<&HeaderCheck>, flags: u32) {
    let ruleset = match check.filter(|check| check.name != b"*") {
        Some(check) => shell.site.config.rulesets.display_name(check.ruleset),
        None => b"<NULL>".to_vec(),
    };
    let event = ShellEvent::HeaderMatch { quoted: &quote_internal(line), flags, ruleset: &ruleset };
    shell.console.show(&shell.site.config.names, &event);
}

fn run_check(shell: &mut Shell, check: &HeaderCheck, name: &[u8], value: &[u8]) {
    let Shell { site, scope, console, runtime, .. } = shell;
    let (name, value) = (name.to_vec(), value.to_vec());
    let field = Header { name, value, condition: HeaderCondition::Always, kind: HeaderKind::USER };
    let verdict = runtime.block_on(check_header(&mut Rewriter::new(site, scope, console), check, &field));
    match verdict {
        Verdict::Quarantine(reason) => set(&site.config, scope, b"quarantine", &reason),
        Verdict::Reject { reply, .. } => {
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

/// `?`: the help file's lines for `-bt`.
pub(super) fn help(shell: &mut Shell) {
    let Shell { site, scope, console, .. } = shell;
    let file = site.config.options.help_file.clone();
    let rules = Rules::help(site.config.blame());
    let text = file.and_then(|path| safe::read(&accounts::path(&path), &rules).ok());
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
