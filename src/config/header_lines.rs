//! H lines.

use super::headers::{HeaderCheck, HeaderCondition, HeaderDecl};
use super::load::{Loader, MAX_LINE};
use crate::addr::{MacroId, op};

/// Longest header name.
const MAX_NAME: usize = 100;

impl Loader<'_> {
    /// `H[?cond?]Name: value`
    pub(super) fn header_line(&mut self, text: &[u8]) {
        let Some((condition, rest)) = condition(text) else { return self.header_error(text) };
        let Some((name, value)) = split(rest) else { return self.header_error(text) };
        let trimmed = value.trim_ascii_start();
        let expanded = self.expanded(&trimmed[..trimmed.len().min(MAX_LINE)], MAX_LINE);
        if expanded.first() == Some(&op::CALL_SUBROUTINE) {
            self.header_check(name, &expanded[1..]);
            return;
        }
        let (name, value, line) = (name.to_vec(), value.to_vec(), self.first_line);
        self.config.headers.push(HeaderDecl { name, value, condition, line });
    }

    /// Of a line whose condition has an end only that much is shown.
    fn header_error(&mut self, text: &[u8]) {
        let end = match text {
            [b'?', op::MACRO_EXPAND, _, b'?', ..] => Some(3),
            // whatever follows the mark of a macro is its name
            [b'?', op::MACRO_EXPAND, ..] => None,
            [b'?', rest @ ..] => rest.iter().position(|byte| *byte == b'?').map(|end| end + 1),
            _ => None,
        };
        let text = &text[..end.unwrap_or(text.len())];
        self.error([b"header syntax error, line \"", text, b"\""].concat());
    }

    /// `HName: $>set`, `HName: $>+set`
    fn header_check(&mut self, name: &[u8], text: &[u8]) {
        let keep_comments = text.first() == Some(&b'+');
        let text = if keep_comments { &text[1..] } else { text };
        let Some((ruleset, _)) = self.ruleset_id(text) else { return };
        let check = HeaderCheck { name: name.to_vec(), ruleset, keep_comments, line: self.first_line };
        match self.config.header_checks.iter_mut().find(|old| old.name.eq_ignore_ascii_case(name)) {
            Some(old) => *old = check,
            None => self.config.header_checks.push(check),
        }
    }
}

/// The condition, if any, and what follows; `None` when it is malformed.
fn condition(text: &[u8]) -> Option<(HeaderCondition, &[u8])> {
    let Some(text) = text.strip_prefix(b"?") else { return Some((HeaderCondition::Always, text)) };
    if let [op::MACRO_EXPAND, id, b'?', rest @ ..] = text {
        return Some((HeaderCondition::Macro(MacroId(*id)), rest));
    }
    let end = text.iter().position(|byte| *byte == b'?')?;
    let mut flags = 0u128;
    for letter in &text[..end] {
        flags |= 1u128.checked_shl(u32::from(*letter)).filter(|_| letter.is_ascii())?;
    }
    let condition = if flags == 0 { HeaderCondition::Always } else { HeaderCondition::MailerFlags(flags) };
    Some((condition, &text[end + 1..]))
}

/// Name and value around the colon.
fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = text.iter().take_while(|byte| matches!(byte, 0x21..=0x7e) && **byte != b':').count();
    let (name, rest) = text.split_at(length);
    let rest = rest.trim_ascii_start();
    let value = rest.strip_prefix(b":")?;
    (1..=MAX_NAME).contains(&length).then_some((name, value))
}
