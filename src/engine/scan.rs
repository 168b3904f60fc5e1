//! Scanning with its traces and its complaints.

use super::print::{put_text, put_tokens};
use crate::addr::{Cut, Operators, Scan, ScanProblem, Table, Token};
use crate::config::Names;
use crate::logging::Tracer;
use crate::schema::Reply;

/// Bytes of an address in a message.
pub const MAX_SHOWN: usize = 203;

/// How a text is to be scanned.
#[derive(Clone, Copy, Debug)]
pub struct ScanMode {
    /// Ends the scan; 0 for the whole text.
    pub delimiter: u8,
    /// The byte table.
    pub table: Table,
    /// Imbalance is neither reported nor mended.
    pub ignore: bool,
    /// Imbalance is mended without a word.
    pub silent: bool,
}

impl ScanMode {
    /// The whole text, complaints reported.
    pub const fn whole(table: Table) -> Self {
        Self { delimiter: 0, table, ignore: false, silent: false }
    }
}

/// [`crate::addr::prescan`], reporting to the tracer: complaints begin with the text scanned.
pub fn scan(
    operators: &Operators,
    names: &Names,
    text: &[u8],
    mode: ScanMode,
    tracer: &mut dyn Tracer,
) -> Scan {
    let mut cut = Cut::default();
    scan_into(operators, names, text, mode, tracer, &mut cut);
    Scan { tokens: cut.tokens().map(Token::new).collect(), rest: cut.rest, problems: cut.problems }
}

/// [`scan`] in the room of the scan before.
pub(super) fn scan_into(
    operators: &Operators,
    names: &Names,
    text: &[u8],
    mode: ScanMode,
    tracer: &mut dyn Tracer,
    cut: &mut Cut,
) {
    let level = tracer.level(22);
    if level >= 11 {
        tracer.line(&printed(names, b"prescan: ", text));
    }
    cut.scan(operators, text, mode.delimiter, mode.table, mode.ignore);
    if level >= 36 || !cut.problems.is_empty() {
        tell(names, text, mode, level >= 36, tracer, cut);
    }
    if cut.problems.last().is_some_and(|problem| problem.is_fatal()) {
        if level >= 12 {
            tracer.line(b"prescan: ==> NULL");
        }
        return;
    }
    if level >= 12 {
        let mut line = b"prescan==>".to_vec();
        put_tokens(names, cut.tokens(), tracer.level(0) >= 44, &mut line);
        tracer.line(&line);
    }
    if level >= 1 && cut.ends.is_empty() {
        tracer.line(b"prescan: null leading token");
    }
}

/// Tokens (-d22.36) and complaints in the order in which they were met.
fn tell(names: &Names, text: &[u8], mode: ScanMode, show_tokens: bool, tracer: &mut dyn Tracer, cut: &Cut) {
    let met = cut.problems.iter().zip(&cut.found_after).filter(|_| !mode.silent);
    let mut complaints = met.map(|(problem, after)| (complaint(text, *problem), *after)).peekable();
    for (number, token) in cut.tokens_met().enumerate().filter(|_| show_tokens) {
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

/// The complaint, with the text it is about in front.
fn complaint(text: &[u8], problem: ScanProblem) -> Reply {
    with_address(text, problem.reply())
}

/// Puts `address... ` in front of a reply's text, as sendmail does for the codes that are about an
/// address.
pub fn with_address(address: &[u8], mut reply: Reply) -> Reply {
    if matches!(reply.code, 50 | 250 | 252 | 450 | 550 | 553) && !address.is_empty() {
        reply.text = [&shorten(address, MAX_SHOWN), &b"... "[..], &reply.text].concat();
    }
    reply
}

/// Cuts the middle out of a long text.
pub fn shorten(text: &[u8], most: usize) -> Vec<u8> {
    if text.len() < most {
        return text.to_vec();
    }
    let half = (most - 3) / 2;
    [&text[..half], b"...", &text[text.len() - half..]].concat()
}
