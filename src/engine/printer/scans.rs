//! Texts that are cut into tokens: the lines of -d22, and the complaints where they were met.

use super::super::print::{put_text, put_tokens};
use super::super::scan::complaint;
use crate::addr::TokenBuffer;
use crate::config::Names;
use crate::logging::Tracer;

/// What is shown of a scan.
pub(super) fn scanned(
    names: &Names,
    text: &[u8],
    silent: bool,
    result: &TokenBuffer,
    tracer: &mut dyn Tracer,
) {
    let level = tracer.level(22);
    if level >= 11 {
        tracer.line(&printed(names, b"prescan: ", text));
    }
    if level >= 36 || !result.problems.is_empty() {
        print_met(names, text, silent, level >= 36, tracer, result);
    }
    if result.problems.last().is_some_and(|problem| problem.is_fatal()) {
        if level >= 12 {
            tracer.line(b"prescan: ==> NULL");
        }
        return;
    }
    if level >= 12 {
        let mut line = b"prescan==>".to_vec();
        put_tokens(names, result.tokens(), tracer.level(0) >= 44, &mut line);
        tracer.line(&line);
    }
    if level >= 1 && result.ends.is_empty() {
        tracer.line(b"prescan: null leading token");
    }
}

/// Tokens (-d22.36) and complaints in the order in which they were met.
fn print_met(
    names: &Names,
    text: &[u8],
    silent: bool,
    show_tokens: bool,
    tracer: &mut dyn Tracer,
    result: &TokenBuffer,
) {
    let met = result.problems.iter().zip(&result.found_after).filter(|_| !silent);
    let mut complaints = met.map(|(problem, after)| (complaint(text, *problem), *after)).peekable();
    for (number, token) in result.tokens_met().enumerate().filter(|_| show_tokens) {
        while let Some((reply, _)) = complaints.next_if(|(_, after)| *after <= number) {
            tracer.reply(&reply);
        }
        tracer.line(&printed(names, b"tok=", token));
    }
    for (reply, _) in complaints {
        tracer.reply(&reply);
    }
}

fn printed(names: &Names, head: &[u8], text: &[u8]) -> Vec<u8> {
    let mut line = head.to_vec();
    put_text(names, text, &mut line);
    line
}
