//! `-q` and what may stand behind it.

use super::invocation::{Invocation, Refusal};
use super::messages::tell;
use crate::queue::{QueueOptions, Selection};
use crate::schema::Sysexit;
use std::time::Duration;

/// What the -q options of a command line ask for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct QueueRequest {
    /// Any -q at all.
    pub given: bool,
    /// Run again and again.
    pub interval: Option<Duration>,
    /// -qp: the log calls its runs persistent.
    pub persistent: bool,
    /// -qf: stay in the foreground.
    pub foreground: bool,
    /// -qG: one queue group only.
    pub group: Option<Vec<u8>>,
    /// What the run takes.
    pub selection: Selection,
}

/// The group that `-qG` names.
///
/// # Errors
/// There is none of that name; the caller has been told, and sendmail takes it for no failure.
pub(super) fn group(options: &QueueOptions, request: &QueueRequest) -> Result<Option<u16>, Sysexit> {
    let Some(name) = &request.group else { return Ok(None) };
    let group = options.group(name);
    let unknown = || tell(&[b"Queue group ", &name[..], b" unknown"].concat(), Sysexit::OK);
    group.ok_or_else(unknown).map(Some)
}

/// What the command line asks for.
///
/// # Errors
/// The exit status; the caller has been told, where sendmail tells of it: on standard output.
pub(super) fn requested(invocation: &Invocation) -> Result<QueueRequest, Sysexit> {
    read(&invocation.queue).map_err(|Refusal(text, status)| tell(&text, status))
}

/// Reads the values of all -q options.
///
/// # Errors
/// What sendmail would print.
pub fn read(values: &[Vec<u8>]) -> Result<QueueRequest, Refusal> {
    let mut request = QueueRequest { given: !values.is_empty(), ..QueueRequest::default() };
    let mut wrong: Vec<Vec<u8>> = Vec::new();
    // whatever is wrong with one, the others are read all the same
    for value in values {
        wrong.extend(read_one(value, &mut request).err());
    }
    match wrong.is_empty() {
        true => Ok(request),
        false => Err(Refusal(wrong.join(&b'\n'), Sysexit::USAGE)),
    }
}

/// # Errors
/// What is wrong with it.
fn read_one(value: &[u8], request: &mut QueueRequest) -> Result<(), Vec<u8>> {
    match value {
        [b'!', b'G', ..] => return Err(b"Can not use -q!G".to_vec()),
        [b'G', ..] if request.group.is_some() => {
            return Err(b"Can not use multiple -qG options".to_vec());
        }
        [b'G', name @ ..] => request.group = Some(name.to_vec()),
        [b'f', ..] => request.foreground = true,
        [b'p', text @ ..] => {
            let interval = if text.is_empty() { Duration::ZERO } else { time(text)? };
            request.interval = Some(interval.max(Duration::from_secs(1)));
            request.persistent = true;
        }
        _ if request.selection.add(value) => {}
        _ => {
            request.interval =
                Some(time(value.strip_prefix(b"!").unwrap_or(value))?).filter(|interval| !interval.is_zero())
        }
    }
    Ok(())
}

/// `1h30m`; a number alone means minutes. What is no unit is complained of letter by letter.
fn time(text: &[u8]) -> Result<Duration, Vec<u8>> {
    let (mut seconds, mut rest, mut wrong) = (0i64, text, Vec::new());
    while !rest.is_empty() {
        let sign = usize::from(rest.starts_with(b"-"));
        let end = rest[sign..].iter().position(|byte| !byte.is_ascii_digit());
        let end = end.map_or(rest.len(), |end| sign + end);
        let digits = std::str::from_utf8(&rest[..end]).ok();
        let number: i64 = digits.and_then(|digits| digits.parse().ok()).unwrap_or(0);
        let unit = match rest.get(end).map(u8::to_ascii_lowercase) {
            None | Some(b'm') => 60,
            Some(b's') => 1,
            Some(b'h') => 3600,
            Some(b'd') => 86_400,
            Some(b'w') => 7 * 86_400,
            Some(_) => {
                wrong.push([b"Invalid time unit `", &rest[end..end + 1], b"'"].concat());
                0
            }
        };
        seconds = seconds.saturating_add(number.saturating_mul(unit));
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    match wrong.is_empty() {
        true => match u64::try_from(seconds) {
            Ok(seconds) => Ok(Duration::from_secs(seconds)),
            Err(_) => Err(b"Invalid -q value".to_vec()),
        },
        false => Err(wrong.join(&b'\n')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(words: &[&str]) -> Result<QueueRequest, Refusal> {
        read(&words.iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>())
    }

    #[test]
    fn times_and_selections() {
        let run = |words: &[&str]| values(words).expect("well-formed");
        assert_eq!(run(&["30"]).interval, Some(Duration::from_secs(1800)));
        assert_eq!(run(&["1h30m"]).interval, Some(Duration::from_secs(5400)));
        assert_eq!(run(&["0"]).interval, None);
        assert!(run(&["f"]).foreground);
        assert!(run(&["!Rann", "Ibc"]).selection.fields().next().is_some());
        assert_eq!(values(&["!Gx"]).expect_err("refused").0, b"Can not use -q!G");
        let several = values(&["Ga", "1y", "Gb", "Gc", "!Gd", "1z"]).expect_err("refused").0;
        let multiple = "Can not use multiple -qG options";
        let said = ["Invalid time unit `y'", multiple, multiple, "Can not use -q!G", "Invalid time unit `z'"];
        assert_eq!(several, said.join("\n").into_bytes());
        assert!(values(&["xyz"]).is_err());
        assert_eq!(values(&["-1"]).expect_err("refused").0, b"Invalid -q value");
        assert_eq!(values(&["-x"]).expect_err("refused").0, b"Invalid time unit `x'");
    }
}
