//! Scanning, with its complaints.

use super::event::{Event, Observer, Watch};
use crate::addr::{
    MAX_SHOWN, Operators, Scan, ScanProblem, Table, Token, TokenBuffer, quote_internal, shorten,
};
use crate::schema::Reply;
use std::borrow::Cow;

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
    /// The text comes from outside: none of its bytes is an operator.
    pub outside: bool,
}

impl ScanMode {
    /// The whole of a text of our own, complaints reported.
    pub const fn whole(table: Table) -> Self {
        Self { delimiter: 0, table, ignore: false, silent: false, outside: false }
    }

    /// The whole of a text from outside, complaints reported.
    pub const fn outside(table: Table) -> Self {
        Self { outside: true, ..Self::whole(table) }
    }
}

/// [`crate::addr::prescan`], shown to an observer. What is wrong with the text is returned, too.
pub fn scan(operators: &Operators, text: &[u8], mode: ScanMode, observer: &mut dyn Observer) -> Scan {
    let mut buffer = TokenBuffer::default();
    scan_into(operators, text, mode, observer, &mut buffer);
    Scan { tokens: buffer.tokens().map(Token::new).collect(), rest: buffer.rest, problems: buffer.problems }
}

/// [`scan`] with the memory of the scan before.
pub(super) fn scan_into(
    operators: &Operators,
    text: &[u8],
    mode: ScanMode,
    observer: &mut dyn Observer,
    buffer: &mut TokenBuffer,
) {
    let given = text;
    let quoted = (mode.outside && mode.table != Table::External).then(|| quote_internal(given));
    let text = quoted.as_deref().unwrap_or(given);
    buffer.scan(operators, text, mode.delimiter, mode.table, mode.ignore);
    match &quoted {
        None if mode.outside => buffer.quote_internal(),
        // places have moved where there was something to quote
        Some(Cow::Owned(_)) => buffer.rest = given_length(given, buffer.rest),
        _ => {}
    }
    if !buffer.problems.is_empty() || observer.watches() == Watch::Steps {
        observer.event(&Event::Scanned { text, silent: mode.silent, result: buffer });
    }
}

/// What is to be answered about a text that does not scan as it stands.
pub fn complaints(text: &[u8], problems: &[ScanProblem]) -> impl Iterator<Item = Reply> {
    problems.iter().map(move |problem| complaint(text, *problem))
}

/// Where a place of the quoted text lies in the text as given.
fn given_length(given: &[u8], quoted: usize) -> usize {
    let mut length = 0;
    let fits = |byte: &&u8| {
        length += quote_internal(std::slice::from_ref(*byte)).len();
        length <= quoted
    };
    given.iter().take_while(fits).count()
}

/// The complaint, with the text it is about in front.
pub(super) fn complaint(text: &[u8], problem: ScanProblem) -> Reply {
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
