//! Values of `conf…` defines that sendmail reads as something else than they say.

use super::mistakes::{Edit, Lint, Remedy};
use crate::diag::Severity::{Notice, Warning};
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

/// Names whose values are hosts, to which mail goes by SMTP.
const HOSTS: &[&str] =
    &["LOCAL_RELAY", "LUSER_RELAY", "MAIL_HUB", "SMART_HOST", "confFALLBACK_MX", "confFALLBACK_SMARTHOST"];

/// `define(`SMART_HOST', `smtp.example.com:587')`: what stands behind a colon is another host.
pub(super) fn hosts_with_ports(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    for call in survey.called("define").filter(|call| HOSTS.contains(&call.text(0))) {
        let name = call.text(0);
        let Some((host, port)) = call.text(1).trim().rsplit_once(':') else { continue };
        if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) || !host.contains(['.', ']']) {
            continue;
        }
        let message = format!("a colon in {name} divides hosts: sendmail takes `{port}' for another one");
        let mailer = match host.split_once(':') {
            Some(("smtp", _)) => "SMTP",
            Some(("esmtp", _)) => "ESMTP",
            _ => "RELAY",
        };
        let args = format!("define(`{mailer}_MAILER_ARGS', `TCP $h {port}')");
        let help = format!("write define(`{name}', `{host}') and {args}");
        lint.add(Warning, place(call), message, help);
    }
}

/// Lists of macros for filters: commas stand between them. sendmail takes a blank for one, but not nothing.
pub(super) fn macro_lists(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    let lists = survey.called("define").filter(|call| call.text(0).starts_with("confMILTER_MACROS_"));
    for argument in lists.filter_map(|call| call.arguments.as_ref()?.get(1)) {
        let text = &lint.text[argument.at..argument.end];
        for end in memchr::memchr_iter(b'}', text).map(|at| at + 1) {
            let blanks = text[end..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let next = text.get(end + blanks).copied().unwrap_or(b',');
            if next != b'{' && !next.is_ascii_alphanumeric() {
                continue;
            }
            let at = argument.at + end;
            let (severity, message) = match blanks {
                0 => (Warning, "a comma is missing here: sendmail reads one name, which no macro has"),
                _ => (Notice, "a comma is missing here; sendmail takes the blank for one"),
            };
            let remedy = Remedy::Sure(vec![Edit::new(at, at, ",")]);
            lint.mend(severity, at, message, "write a comma between the macros", remedy);
        }
    }
}

/// Where the value stands.
fn place(call: &Written) -> usize {
    let value = call.arguments.as_deref().and_then(|all| all.get(1));
    value.map_or(call.at, |argument| argument.at + usize::from(argument.quoted))
}
