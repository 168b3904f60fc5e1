//! The debugger at a terminal: a command's run is kept on a tape, and what it has printed is shown as the tape is walked
//! through. Piped input never comes here: what is printed there is sendmail's.

use super::console::Console;
use super::kept::{Debugging, Kept};
use super::shell::Shell;
use super::vocabulary::Vocabulary;
use crate::analysis::Style;
use crate::analysis::debugger::{Debugger, First, Shown, Tape, words};
use crate::cli::show;
use crate::config::Config;
use crate::engine::Watcher;
use std::sync::{Arc, Mutex, PoisonError};

/// Behind sendmail's own line of usage.
pub(super) const USAGE: &str =
    "Debugger: /break [place], /delete breakpoint|all, /step command, /back (into the last run)";

pub(super) fn add_break(shell: &mut Shell, place: &[u8]) {
    let Shell { debugging: Some(debugging), site, console, .. } = shell else { return };
    let text = String::from_utf8_lossy(place);
    let said = match &*text {
        "" => debugging.breaks.list(&site.config),
        place => {
            let added = debugging.breaks.add(place, &site.config, &mut debugging.sources);
            added.unwrap_or_else(|why| why + "\n")
        }
    };
    console.put(said);
}

pub(super) fn delete(shell: &mut Shell, which: &[u8]) {
    let Shell { debugging: Some(debugging), console, .. } = shell else { return };
    if let Err(why) = debugging.breaks.delete(&String::from_utf8_lossy(which)) {
        console.say(why);
    }
}

/// Commands that say nothing of rules: a tape of them would take the place of one that does.
fn is_about_rules(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    let word = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let runs = [&b"/parse"[..], b"/try", b"/header", b"/sender"];
    match line.first() {
        None | Some(b'#' | b'.' | b'=' | b'-' | b'$' | b'?') => false,
        Some(b'/') => runs.iter().any(|slash| slash.eq_ignore_ascii_case(word)),
        Some(_) => true,
    }
}

/// Runs a command, and stops at breakpoints.
pub(super) fn run(shell: &mut Shell, line: &[u8]) {
    match is_about_rules(line) {
        true => keep(shell, line, First::Break),
        false => shell.command(line),
    }
}

/// Runs a command, and stops at the first thing that happens.
pub(super) fn step(shell: &mut Shell, line: &[u8]) {
    keep(shell, line, First::Step);
}

fn keep(shell: &mut Shell, line: &[u8], first: First) {
    let tape = Arc::new(Mutex::new(Tape::new(shell.site.config.clone())));
    let scope = shell.scope.clone();
    shell.scope.watch(Watcher::new(tape.clone()));
    shell.console.keep_on(Some(tape.clone()));
    shell.command(line);
    shell.console.keep_on(None);
    shell.scope.unwatch();
    let Shell { debugging: Some(debugging), .. } = shell else { return };
    debugging.last = Some(Kept { tape, scope });
    walk(shell, first);
}

pub(super) fn go_back(shell: &mut Shell) {
    match &shell.debugging {
        Some(Debugging { last: Some(_), .. }) => walk(shell, First::End),
        _ => shell.console.say("no run has been kept: set a breakpoint, or use /step"),
    }
}

/// Walks through the tape as the person wants.
fn walk(shell: &mut Shell, first: First) {
    let Shell { debugging: Some(debugging), site, console, .. } = shell else { return };
    let Debugging { sources, breaks, colour, last: Some(Kept { tape, scope }) } = debugging else { return };
    let config: Arc<Config> = site.config.clone();
    let tape = tape.lock().unwrap_or_else(PoisonError::into_inner);
    let style = Style { colour: *colour, ..show::style(true) };
    let mut debugger = Debugger::new((&config, sources), (&*scope, &*tape), breaks, style);
    let mut shown = debugger.begin(first);
    loop {
        console.put(&shown.text);
        if shown.over {
            return;
        }
        shown = ask(console, &config, &mut debugger);
    }
}

fn ask(console: &mut Console, config: &Config, debugger: &mut Debugger<'_>) -> Shown {
    console.offer(|| Vocabulary::of_debugger(config, words()));
    match console.read_line("(debug) ") {
        Some(line) => debugger.command(&String::from_utf8_lossy(&line)),
        // the end of the input is the end of the walk
        None => debugger.command("quit"),
    }
}
