//! Parameters of MAIL and RCPT, as rows.

use super::features::Features;
use super::policy::Policy;
use crate::envelope::{BodyType, DeliverBy, Envelope, EnvelopeFlags, Recipient, RecipientFlags};
use crate::schema::{EnhancedStatus, Reply};
use crate::smtp::proto::{ParameterError, is_xtext, parameters};

/// What a parameter may look at and change.
pub(super) struct ParameterContext<'a> {
    pub(super) features: &'a Features,
    pub(super) policy: &'a Policy,
    pub(super) envelope: &'a mut Envelope,
    /// For RCPT.
    pub(super) recipient: Option<&'a mut Recipient>,
    pub(super) size: &'a mut u64,
    /// What BODY= has said: is all input to have seven bits?
    pub(super) seven_bit: Option<bool>,
    /// Is REQUIRETLS offered in this session?
    pub(super) require_tls: bool,
}

/// One parameter.
pub(super) struct ParameterRow {
    keyword: &'static str,
    /// What a missing value is called in the reply.
    label: &'static str,
    /// Is it a DSN parameter (RFC 3461)?
    dsn: bool,
    /// It has no value.
    bare: bool,
    known: fn(&ParameterContext<'_>) -> bool,
    apply: fn(&mut ParameterContext<'_>, &[u8]) -> Result<(), Reply>,
}

const fn row(
    keyword: &'static str,
    apply: fn(&mut ParameterContext<'_>, &[u8]) -> Result<(), Reply>,
) -> ParameterRow {
    ParameterRow { keyword, label: keyword, dsn: false, bare: false, known: |_| true, apply }
}

const fn dsn(
    keyword: &'static str,
    apply: fn(&mut ParameterContext<'_>, &[u8]) -> Result<(), Reply>,
) -> ParameterRow {
    ParameterRow { keyword, label: keyword, dsn: true, bare: false, known: |_| true, apply }
}

/// Parameters of MAIL: SIZE (RFC 1870), BODY (RFC 6152), ENVID and RET (RFC 3461), AUTH (RFC 4954), BY
/// (RFC 2852), SMTPUTF8 (RFC 6531), REQUIRETLS (RFC 8689).
pub(super) const MAIL_PARAMETERS: &[ParameterRow] = &[
    row("SIZE", size),
    row("BODY", body),
    dsn("ENVID", envid),
    dsn("RET", ret),
    ParameterRow { label: "AUTH=", ..row("AUTH", auth) },
    ParameterRow { label: "BY=", known: |context| context.policy.deliver_by_min.is_some(), ..row("BY", by) },
    ParameterRow { bare: true, known: |context| context.policy.utf8, ..row("SMTPUTF8", utf8) },
    ParameterRow { bare: true, known: |context| context.require_tls, ..row("REQUIRETLS", require_tls) },
];

/// Parameters of RCPT (RFC 3461, section 4).
pub(super) const RCPT_PARAMETERS: &[ParameterRow] = &[dsn("NOTIFY", notify), dsn("ORCPT", orcpt)];

/// Applies the parameters in order, up to the first that is wrong.
pub(super) fn read(
    rows: &[ParameterRow],
    words: &[u8],
    context: &mut ParameterContext<'_>,
) -> Result<(), Reply> {
    for parameter in parameters(words) {
        let parameter = parameter.map_err(|error| match error {
            ParameterError::TooMany => Reply::new(501, Some(EnhancedStatus(5, 5, 4)), "Too many parameters"),
            ParameterError::Unrecognized(word) => unrecognized(word),
        })?;
        let keyword = parameter.keyword;
        let row = rows.iter().find(|row| keyword.eq_ignore_ascii_case(row.keyword.as_bytes()));
        let row = row.filter(|row| (row.known)(context)).ok_or_else(|| unrecognized(keyword))?;
        if row.dsn && !context.features.dsn {
            let text = format!("Sorry, {} not supported, we do not allow DSN", row.keyword);
            return Err(Reply::new(504, Some(EnhancedStatus(5, 7, 0)), text));
        }
        if row.bare && parameter.value.is_some() {
            let text = format!("{} takes no value", row.label);
            return Err(Reply::new(501, Some(EnhancedStatus(5, 5, 4)), text));
        }
        let value = parameter.value.or(row.bare.then_some(b"")).ok_or_else(|| {
            Reply::new(501, Some(EnhancedStatus(5, 5, 2)), format!("{} requires a value", row.label))
        })?;
        (row.apply)(context, value)?;
    }
    Ok(())
}

fn unrecognized(word: &[u8]) -> Reply {
    Reply::new(555, Some(EnhancedStatus(5, 5, 4)), [word, b" parameter unrecognized"].concat())
}

fn duplicate(keyword: &str) -> Reply {
    Reply::new(501, Some(EnhancedStatus(5, 5, 0)), format!("Duplicate {keyword} parameter"))
}

fn bad_syntax(keyword: &str) -> Reply {
    Reply::new(501, Some(EnhancedStatus(5, 5, 4)), format!("Syntax error in {keyword} parameter value"))
}

/// A number as C's strtol reads it: digits as far as they go; saturating.
fn leading_number(text: &[u8]) -> (i128, &[u8]) {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    let value = digits[..end]
        .iter()
        .fold(0i128, |sum, digit| sum.saturating_mul(10).saturating_add(i128::from(digit - b'0')));
    let rest = if end == 0 { text } else { &digits[end..] };
    (if negative { -value } else { value }, rest)
}

fn size(context: &mut ParameterContext<'_>, value: &[u8]) -> Result<(), Reply> {
    let refused = |text| Err(Reply::new(552, Some(EnhancedStatus(5, 2, 3)), text));
    let (number, _) = leading_number(value);
    if number < 0 {
        *context.size = i64::MAX.unsigned_abs();
        return refused("Message size invalid");
    }
    match i64::try_from(number) {
        Ok(number) if number < i64::MAX => *context.size = number.unsigned_abs(),
        _ => {
            // the log shows it as C's strtol reads it
            *context.size = i64::MAX.unsigned_abs();
            return refused("Message size exceeds maximum value");
        }
    }
    Ok(())
}

fn body(context: &mut ParameterContext<'_>, value: &[u8]) -> Result<(), Reply> {
    let kind = BodyType::parse(value).ok_or_else(|| {
        Reply::new(501, Some(EnhancedStatus(5, 5, 4)), [b"Unknown BODY type ", value].concat())
    })?;
    context.envelope.body_type = Some(kind);
    context.seven_bit = Some(kind == BodyType::SEVEN_BIT);
    Ok(())
}

fn envid(context: &mut ParameterContext<'_>, value: &[u8]) -> Result<(), Reply> {
    if !is_xtext(value) {
        return Err(bad_syntax("ENVID"));
    }
    if context.envelope.envid.is_some() {
        return Err(duplicate("ENVID"));
    }
    context.envelope.envid = Some(value.to_vec());
    Ok(())
}

fn ret(context: &mut ParameterContext<'_>, value: &[u8]) -> Result<(), Reply> {
    if context.envelope.flags.contains(EnvelopeFlags::RETURN_GIVEN) {
        return Err(duplicate("RET"));
    }
    // also one that asks for nothing that there is
    context.envelope.flags |= EnvelopeFlags::RETURN_GIVEN;
    let headers_only = value.eq_ignore_ascii_case(b"HDRS");
    if !headers_only && !value.eq_ignore_ascii_case(b"FULL") {
        let text = [b"Bad argument \"", value, b"\" to RET"].concat();
        return Err(Reply::new(501, Some(EnhancedStatus(5, 5, 2)), text));
    }
    let headers_only = headers_only || context.envelope.flags.contains(EnvelopeFlags::REQUIRE_TLS);
    context.envelope.flags.set(EnvelopeFlags::NO_BODY_RETURN, headers_only);
    Ok(())
}

/// Whether the client is trusted to name an author is asked behind all parameters.
fn auth(context: &mut ParameterContext<'_>, value: &[u8]) -> Result<(), Reply> {
    if context.envelope.auth.is_some() {
        return Err(duplicate("AUTH"));
    }
    if !is_xtext(value) {
        return Err(bad_syntax("AUTH"));
    }
    context.envelope.auth = Some(value.to_vec());
    Ok(())
}

fn utf8(context: &mut ParameterContext<'_>, _: &[u8]) -> Result<(), Reply> {
    context.envelope.flags |= EnvelopeFlags::SMTPUTF8;
    Ok(())
}

/// A report about it must not show more than the header, whatever RET says (RFC 8689, 5).
fn require_tls(context: &mut ParameterContext<'_>, _: &[u8]) -> Result<(), Reply> {
    context.envelope.flags |= EnvelopeFlags::REQUIRE_TLS | EnvelopeFlags::NO_BODY_RETURN;
    Ok(())
}

/// The largest time in seconds.
const MAX_BY_TIME: i128 = 999_999_999;

fn by(context: &mut ParameterContext<'_>, value: &[u8]) -> Result<(), Reply> {
    let wrong = |status: u16, text: String| Err(Reply::new(501, Some(EnhancedStatus(5, 5, status)), text));
    let (seconds, rest) = leading_number(value);
    if seconds.abs() > MAX_BY_TIME {
        return wrong(2, format!("BY={} out of range", String::from_utf8_lossy(value)));
    }
    let [b';', mode, trace @ ..] = rest else { return wrong(2, "BY= missing ';'".into()) };
    let mut flags = match mode.to_ascii_uppercase() {
        b'N' => DeliverBy::NOTIFY,
        b'R' => DeliverBy::RETURN,
        _ => return wrong(2, format!("illegal by-mode '{}'", char::from(*mode))),
    };
    match trace {
        [] => {}
        [b'T' | b't', ..] => flags |= DeliverBy::TRACE,
        [other, ..] => return wrong(2, format!("illegal by-trace '{}'", char::from(*other))),
    }
    if flags & DeliverBy::RETURN != 0 {
        if seconds <= 0 {
            return wrong(4, "mode R requires BY time > 0".into());
        }
        let least = context.policy.deliver_by_min.unwrap_or_default().as_secs();
        if seconds < i128::from(least) {
            let text = format!("time {seconds} less than {least}");
            return Err(Reply::new(555, Some(EnhancedStatus(5, 5, 2)), text));
        }
    }
    context.envelope.deliver_by = Some(DeliverBy { seconds: seconds as i64, flags });
    Ok(())
}

fn notify(context: &mut ParameterContext<'_>, value: &[u8]) -> Result<(), Reply> {
    let flags = RecipientFlags::of_notify(value).map_err(|word| {
        let text = [b"Bad argument \"", word, b"\"  to NOTIFY"].concat();
        Reply::new(501, Some(EnhancedStatus(5, 5, 4)), text)
    })?;
    if let Some(recipient) = &mut context.recipient {
        recipient.flags.remove(RecipientFlags::DEFAULT_NOTIFY | RecipientFlags::SUCCESS);
        recipient.flags |= flags;
    }
    Ok(())
}

fn orcpt(context: &mut ParameterContext<'_>, value: &[u8]) -> Result<(), Reply> {
    if context.recipient.as_ref().is_some_and(|recipient| recipient.orcpt.is_some()) {
        return Err(duplicate("ORCPT"));
    }
    let semicolon = value.iter().position(|byte| *byte == b';');
    let utf8 = context.envelope.flags.contains(EnvelopeFlags::SMTPUTF8);
    if !semicolon.is_some_and(|at| is_xtext(&value[at + 1..]) || utf8 && is_unitext(value, at)) {
        return Err(bad_syntax("ORCPT"));
    }
    let Some(recipient) = &mut context.recipient else { return Ok(()) };
    recipient.orcpt = Some(value.to_vec());
    Ok(())
}

/// The form of an address of type utf-8 that needs SMTPUTF8 (RFC 6533, section 3): its characters as they are.
fn is_unitext(value: &[u8], semicolon: usize) -> bool {
    let (kind, text) = (&value[..semicolon], &value[semicolon + 1..]);
    let ascii: Vec<u8> = text.iter().copied().filter(u8::is_ascii).collect();
    kind.eq_ignore_ascii_case(b"utf-8") && std::str::from_utf8(text).is_ok() && is_xtext(&ascii)
}

#[cfg(test)]
mod tests {
    use super::super::policy::DaemonFacts;
    use super::*;
    use std::time::Duration;

    fn said(rows: &[ParameterRow], words: &str) -> String {
        read_into(&mut Envelope::default(), rows, words)
    }

    fn read_into(envelope: &mut Envelope, rows: &[ParameterRow], words: &str) -> String {
        let policy =
            Policy { deliver_by_min: Some(Duration::from_secs(300)), utf8: true, ..Policy::default() };
        let features = Features::new(&policy, &DaemonFacts::default());
        let mut context = ParameterContext {
            features: &features,
            policy: &policy,
            envelope,
            recipient: Some(&mut Recipient::default()),
            size: &mut 0,
            seven_bit: None,
            require_tls: true,
        };
        let read = read(rows, words.as_bytes(), &mut context);
        read.map_or_else(|reply| String::from_utf8_lossy(&reply.to_line()).into_owned(), |()| "ok".into())
    }

    #[test]
    fn parameters_of_mail() {
        let rows = [
            ("FOO=bar", "555 5.5.4 FOO parameter unrecognized"),
            ("SIZE", "501 5.5.2 SIZE requires a value"),
            ("SIZE=abc", "ok"),
            ("SIZE=-5", "552 5.2.3 Message size invalid"),
            ("SIZE=99999999999999999999", "552 5.2.3 Message size exceeds maximum value"),
            ("BODY=BINARYMIME", "501 5.5.4 Unknown BODY type BINARYMIME"),
            ("RET=MAYBE", "501 5.5.2 Bad argument \"MAYBE\" to RET"),
            ("RET=FULL RET=HDRS", "501 5.5.0 Duplicate RET parameter"),
            ("ENVID=a ENVID=b", "501 5.5.0 Duplicate ENVID parameter"),
            ("ENVID=a+zz", "501 5.5.4 Syntax error in ENVID parameter value"),
            ("AUTH", "501 5.5.2 AUTH= requires a value"),
            ("BY=", "501 5.5.2 BY= missing ';'"),
            ("BY=100;R", "555 5.5.2 time 100 less than 300"),
            ("BY=abc;N", "501 5.5.2 BY= missing ';'"),
            ("BY=-5;R", "501 5.5.4 mode R requires BY time > 0"),
            ("BY=400;Q", "501 5.5.2 illegal by-mode 'Q'"),
            ("SMTPUTF8=yes", "501 5.5.4 SMTPUTF8 takes no value"),
            ("smtputf8 BODY=8BITMIME", "ok"),
            ("REQUIRETLS=1", "501 5.5.4 REQUIRETLS takes no value"),
            ("REQUIRETLS", "ok"),
            ("BODY=7BIT SIZE=10 RET=HDRS ENVID=ok BY=400;NT", "ok"),
        ];
        for (words, reply) in rows {
            assert_eq!(said(MAIL_PARAMETERS, words), reply, "{words}");
        }
    }

    #[test]
    fn a_report_of_what_needs_tls_has_no_body() {
        for words in ["REQUIRETLS", "RET=FULL REQUIRETLS", "REQUIRETLS RET=FULL"] {
            let mut envelope = Envelope::default();
            assert_eq!(read_into(&mut envelope, MAIL_PARAMETERS, words), "ok");
            assert!(envelope.flags.contains(EnvelopeFlags::REQUIRE_TLS | EnvelopeFlags::NO_BODY_RETURN));
        }
    }

    #[test]
    fn parameters_of_rcpt() {
        let rows = [
            ("NOTIFY=NOW", "501 5.5.4 Bad argument \"NOW\"  to NOTIFY"),
            ("NOTIFY", "501 5.5.2 NOTIFY requires a value"),
            ("NOTIFY=NEVER,SUCCESS", "501 5.5.4 Bad argument \"NEVER\"  to NOTIFY"),
            ("NOTIFY=never", "ok"),
            ("NOTIFY=success,DELAY", "ok"),
            ("ORCPT=nosemicolon", "501 5.5.4 Syntax error in ORCPT parameter value"),
            ("ORCPT=rfc822;a+z", "501 5.5.4 Syntax error in ORCPT parameter value"),
            ("ORCPT=rfc822;a ORCPT=rfc822;b", "501 5.5.0 Duplicate ORCPT parameter"),
            ("X Y", "555 5.5.4 X parameter unrecognized"),
        ];
        for (words, reply) in rows {
            assert_eq!(said(RCPT_PARAMETERS, words), reply, "{words}");
        }
    }
}
