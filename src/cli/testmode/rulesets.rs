//! `SET,SET address,address`, `=S`, `=M`.

use super::Shell;
use crate::addr::{Table, Token};
use crate::config::RulesetId;
use crate::engine::{ScanMode, put_text, scan};
use crate::logging::Tracer;
use crate::rewrite::{AddressKind, invalid_text, run};

/// Runs the sets of the first word on the addresses that follow.
pub(super) fn call(shell: &mut Shell, line: &[u8]) {
    let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    let (sets, mut rest) = line.split_at(end);
    if rest.is_empty() {
        shell.console.say("No address!");
        return;
    }
    loop {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return;
        }
        let Some(used) = one_address(shell, sets, rest) else { return };
        rest = &rest[used..];
        rest = rest.strip_prefix(b",").unwrap_or(rest);
    }
}

/// Runs the sets on the first address of a list; gives its length.
fn one_address(shell: &mut Shell, sets: &[u8], text: &[u8]) -> Option<usize> {
    if let Err(reply) = invalid_text(text, AddressKind::RECIPIENT) {
        shell.console.reply(&reply);
        return None;
    }
    let config = shell.site.config.clone();
    let table = if config.level >= 9 { Table::NoComment } else { Table::Internal };
    let mode = ScanMode { delimiter: b',', ..ScanMode::whole(table) };
    let scan = scan(&shell.site.program.operators, &config.names, text, mode, &mut shell.console);
    if !scan.tokens.is_empty() {
        run_sets(shell, sets, scan.tokens);
    }
    Some(scan.rest)
}

fn run_sets(shell: &mut Shell, sets: &[u8], mut tokens: Vec<Token>) {
    let mut rest = sets;
    loop {
        let end = rest.iter().position(|byte| *byte == b',').unwrap_or(rest.len());
        let Some(ruleset) = shell.find_ruleset(&rest[..end]) else {
            shell.console.say([b"Undefined ruleset ", rest].concat());
            return;
        };
        let Shell { site, scope, console, runtime, .. } = &mut *shell;
        let (result, status) = runtime.block_on(run(site, scope, console, ruleset, tokens));
        tokens = result;
        if !status.is_ok() {
            let tail = format!(" ({}) status {}", ruleset.0, status.0);
            shell.console.say([b"== Ruleset ", rest, tail.as_bytes()].concat());
        }
        match rest.get(end + 1..) {
            Some(next) if !next.is_empty() => rest = next,
            _ => return,
        }
    }
}

impl Shell {
    /// A ruleset that was mentioned in the cf, or any number below 100.
    fn find_ruleset(&self, name: &[u8]) -> Option<RulesetId> {
        self.site.config.rulesets.find(name)
    }
}

/// `=Sname` and `=M`
pub(super) fn list(shell: &mut Shell, rest: &[u8]) {
    match rest.split_first() {
        Some((b'S', name)) => list_rules(shell, name),
        Some((b'M', _)) => {
            let config = &shell.site.config;
            for (number, mailer) in config.mailers.iter().enumerate() {
                shell.console.say(mailer.listing(number, config));
            }
        }
        Some(_) => shell.console.say([b"Unknown \"=\" command =", rest].concat()),
        None => shell.console.say("Usage: =Sruleset or =M"),
    }
}

fn list_rules(shell: &mut Shell, name: &[u8]) {
    let Some(id) = shell.find_ruleset(name) else {
        shell.console.say([b"Undefined ruleset ", name].concat());
        return;
    };
    let config = &shell.site.config;
    for rule in config.rulesets.get(id).map(|ruleset| &ruleset.rules[..]).unwrap_or_default() {
        let mut line = b"R".to_vec();
        let put = |tokens: &[Token], line: &mut Vec<u8>| {
            for token in tokens {
                put_text(&config.names, token, line);
                line.push(b' ');
            }
        };
        put(&rule.lhs, &mut line);
        line.extend_from_slice(b"\t\t");
        put(&rule.rhs, &mut line);
        shell.console.say(line);
    }
}
