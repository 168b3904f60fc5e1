//! Values of `conf…` defines that sendmail reads as something else than they say.

use super::Lint;
use crate::diag::Severity::Warning;
use crate::m4::scan::Written;
use crate::schema::{Form, OPTIONS};

/// Numbers that are none, and truths that are lies: sendmail says nothing about either.
pub(super) fn check(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    for call in survey.called("define") {
        let value = call.text(1);
        let plain = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let Some(row) = OPTIONS.iter().find(|row| plain && row.conf == call.text(0)) else { continue };
        let (message, help) = match row.form {
            Form::Int => {
                let digits = value.bytes().take_while(u8::is_ascii_digit).count();
                if digits == value.len() {
                    continue;
                }
                let read = if digits == 0 { "0" } else { &value[..digits] };
                (format!("`{value}' is no number: sendmail reads {read}"), "write digits only")
            }
            Form::Bool if !value.starts_with(['t', 'T', 'y', 'Y', 'f', 'F', 'n', 'N']) => {
                (format!("`{value}' is neither True nor False: sendmail reads False"), "write True or False")
            }
            _ => continue,
        };
        // The value may be a macro of the site's.
        if !(lint.names)().iter().any(|name| name == value) {
            lint.add(Warning, place(call), message, help);
        }
    }
}

/// Where the value stands.
fn place(call: &Written) -> usize {
    let value = call.arguments.as_deref().and_then(|all| all.get(1));
    value.map_or(call.at, |argument| argument.at + usize::from(argument.quoted))
}
