//! `SET,SET address,address`, `=S`, `=M`.

use super::shell::Shell;
use super::traces::ShellEvent;
use crate::addr::{META_QUOTE, Table, Token, cataddr};
use crate::config::{MailerId, RulesetId};
use crate::engine::{Printer, ScanMode, put_text, with_address};
use crate::logging::Tracer;
use crate::rewrite::{AddressKind, Rewriter, invalid_text};
use crate::schema::Reply;
use std::task::{Context, Poll, Waker};

/// Runs the sets of the first word on the addresses that follow.
pub(super) fn call(shell: &mut Shell, line: &[u8]) {
    let line = crate::addr::trim_start(line);
    let end = line.iter().position(crate::addr::is_space).unwrap_or(line.len());
    let (sets, mut rest) = line.split_at(end);
    if rest.is_empty() {
        shell.console.say("No address!");
        return;
    }
    rest = &rest[1..];
    let octal;
    let joined = shell.console.level(23) >= 101 && memchr::memmem::find(rest, b"\\0").is_some();
    if joined {
        octal = with_octal(rest);
        rest = &octal;
    }
    // an empty address is scanned, too
    while let Some(used) = one_address(shell, sets, rest, joined) {
        match rest.get(used + 1..) {
            Some(next) => rest = next,
            None => return,
        }
    }
}

/// Runs the sets on the first address of a list; gives its length. `joined`: shows each result as text, too.
fn one_address(shell: &mut Shell, sets: &[u8], text: &[u8], joined: bool) -> Option<usize> {
    let utf8 = shell.site.config.options.utf8_addresses;
    if let Err(reply) = invalid_text(text, AddressKind::RECIPIENT, utf8) {
        let about = std::mem::take(&mut shell.console.about);
        shell.console.reply(&with_address(&about, reply));
        shell.console.about = about;
        return None;
    }
    let config = shell.site.config.clone();
    let table = if config.level >= 9 { Table::NoComment } else { Table::External };
    let mode = ScanMode { delimiter: b',', ..ScanMode::whole(table) };
    let mut printer = Printer::new(&config, &mut shell.console);
    let rest = shell.machine.scan(&shell.site.program, text, mode, &mut printer);
    if !shell.machine.is_empty() {
        run_sets(shell, sets, joined);
    }
    Some(rest)
}

fn run_sets(shell: &mut Shell, sets: &[u8], joined: bool) {
    let mut rest = sets;
    loop {
        let Some((ruleset, used)) = shell.find_ruleset(rest) else {
            shell.console.say([b"Undefined ruleset ", rest].concat());
            return;
        };
        let end = rest[used..].iter().position(|byte| *byte == b',').map_or(rest.len(), |at| used + at);
        let Shell { site, scope, console, runtime, machine, .. } = &mut *shell;
        let status = at_once(runtime, Rewriter::new(site, scope, console).call(ruleset, machine));
        if !status.is_ok() {
            let tail = format!(" ({}) status {}", ruleset.0, status.0);
            shell.console.say([b"== Ruleset ", rest, tail.as_bytes()].concat());
        } else if joined {
            show_joined(shell);
        }
        match rest.get(end + 1..) {
            Some(next) if !next.is_empty() => rest = next,
            _ => return,
        }
    }
}

/// Runs what mostly never waits: the runtime is only asked when it does.
fn at_once<T>(runtime: &tokio::runtime::Runtime, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let inside = runtime.enter();
    let polled = work.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    drop(inside);
    match polled {
        Poll::Ready(done) => done,
        Poll::Pending => runtime.block_on(work),
    }
}

/// What -d23.101 shows after each set for a line in which bytes were given as numbers.
fn show_joined(shell: &mut Shell) {
    let program = &shell.site.program;
    let text = cataddr(&program.operators, &shell.machine.tokens(program), Some(program.blank_sub), true);
    shell.console.show(&shell.site.config.names, &ShellEvent::Joined { text: &text });
}

/// `\0ooo` stands for a byte; one that is an operator inside is quoted.
fn with_octal(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let digits =
            text.get(at + 2..at + 5).filter(|digits| digits.iter().all(|byte| (b'0'..b'8').contains(byte)));
        match digits {
            Some(digits) if text[at..].starts_with(b"\\0") => {
                let byte =
                    digits.iter().fold(0u8, |sum, digit| sum.wrapping_mul(8).wrapping_add(digit - b'0'));
                if matches!(byte, 0x80..=0x9f) {
                    out.push(META_QUOTE);
                }
                out.push(byte);
                at += 5;
            }
            _ => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    out
}

impl Shell {
    /// The ruleset that a text begins with, and where its name ends; complains of bad names.
    fn find_ruleset(&mut self, text: &[u8]) -> Option<(RulesetId, usize)> {
        match self.site.config.rulesets.look_up(text) {
            Ok(found) => Some(found),
            Err(problem) => {
                let problem = problem.or_else(|| self.no_number_left(text));
                if let Some(problem) = problem {
                    self.console.reply(&Reply::new(554, None, problem));
                }
                None
            }
        }
    }
}

impl Shell {
    /// sendmail gives every name that is asked for a number, as long as there are some.
    fn no_number_left(&self, text: &[u8]) -> Option<Vec<u8>> {
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
        let name = &text[..text.iter().take_while(is_name).count()];
        let full = self.site.config.rulesets.names_exhausted();
        full.then(|| [name, b": too many named rulesets (100 max)"].concat())
    }
}

/// `=Sname` and `=M`
pub(super) fn list(shell: &mut Shell, rest: &[u8]) {
    match rest.split_first() {
        Some((b'S', name)) => list_rules(shell, name),
        Some((b'M', _)) => {
            let config = &shell.site.config;
            for (number, MailerId(index)) in config.mailer_numbers.listed() {
                shell.console.say(config.mailers[usize::from(index)].listing(number, config));
            }
        }
        Some(_) => shell.console.say([b"Unknown \"=\" command =", rest].concat()),
        None => shell.console.say("Usage: =Sruleset or =M"),
    }
}

fn list_rules(shell: &mut Shell, name: &[u8]) {
    let Some((id, _)) = shell.find_ruleset(name) else {
        shell.console.say([b"Undefined ruleset ", name].concat());
        return;
    };
    let config = &shell.site.config;
    let Some(ruleset) = config.rulesets.get(id) else { return };
    for rule in ruleset.rules() {
        let mut line = b"R".to_vec();
        let put = |tokens: &[Token], line: &mut Vec<u8>| {
            for token in tokens {
                put_text(&config.names, token, line);
                line.push(b' ');
            }
        };
        put(&ruleset.left(rule), &mut line);
        line.extend_from_slice(b"\t\t");
        put(&ruleset.right(rule), &mut line);
        shell.console.say(line);
    }
}
