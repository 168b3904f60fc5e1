//! len, index, substr, translit, regexp, patsubst, format.

use memchr::memmem;

use crate::m4::call::{Call, Expansion};
use crate::m4::expand::{Expander, Stop};
use crate::m4::format as printf;
use crate::m4::host::FindingKind;
use crate::m4::regex::{Captures, Memory, Regex};

pub(super) fn len(_: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    out.text.extend_from_slice(call.arg(1).len().to_string().as_bytes());
    Ok(())
}

pub(super) fn index(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    if call.count() < 2 {
        out.text.push(b'0');
        return Ok(());
    }
    m4.spend(call.arg(1).len())?;
    match memmem::find(call.arg(1), call.arg(2)) {
        Some(at) => out.text.extend_from_slice(at.to_string().as_bytes()),
        None => out.text.extend_from_slice(b"-1"),
    }
    Ok(())
}

pub(super) fn substr(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    let text = call.arg(1);
    if call.count() < 2 {
        out.text.extend_from_slice(text);
        return Ok(());
    }
    let Some(start) = super::number(m4, call, call.arg(2))? else { return Ok(()) };
    let length = match call.count() {
        2 => Some(i32::MAX),
        _ => super::number(m4, call, call.arg(3))?,
    };
    let (Ok(start), Some(length)) = (usize::try_from(start), length) else { return Ok(()) };
    if let (Some(rest), Ok(length)) = (text.get(start..), usize::try_from(length)) {
        out.text.extend_from_slice(&rest[..length.min(rest.len())]);
    }
    Ok(())
}

pub(super) fn translit(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    if call.count() < 2 {
        out.text.extend_from_slice(call.arg(1));
        return Ok(());
    }
    m4.spend(call.arg(2).len())?;
    let mut to = Ranges::new(call.arg(3));
    let mut map: [Option<Option<u8>>; 256] = [None; 256];
    for byte in Ranges::new(call.arg(2)) {
        // The first of several entries for a character counts.
        let target = to.next();
        map[usize::from(byte)].get_or_insert(target);
    }
    let translated = call.arg(1).iter().filter_map(|byte| map[usize::from(*byte)].unwrap_or(Some(*byte)));
    out.text.extend(translated);
    Ok(())
}

/// The characters of a text in which `a-e` and `e-a` stand for what lies between; a dash at either end is itself.
struct Ranges<'a> {
    rest: &'a [u8],
    before: Option<u8>,
    /// Where the range in hand goes.
    last: Option<u8>,
}

impl<'a> Ranges<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { rest: text, before: None, last: None }
    }
}

impl Iterator for Ranges<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        loop {
            if let (Some(last), Some(before)) = (self.last, self.before) {
                if before == last {
                    self.last = None;
                    continue;
                }
                let next = if before < last { before + 1 } else { before - 1 };
                self.before = Some(next);
                return Some(next);
            }
            match (self.before, self.rest) {
                (Some(_), [b'-', last, tail @ ..]) => {
                    self.last = Some(*last);
                    self.rest = tail;
                }
                (_, [byte, tail @ ..]) => {
                    self.before = Some(*byte);
                    self.rest = tail;
                    return Some(*byte);
                }
                (_, []) => return None,
            }
        }
    }
}

/// Compiles a regular expression, with m4's message if it is none.
fn compile(m4: &mut Expander<'_>, pattern: &[u8], colon: bool) -> Result<Option<Regex>, Stop> {
    match Regex::new(pattern) {
        Ok(regex) => Ok(Some(regex)),
        Err(fault) => {
            let colon = if colon { ":" } else { "" };
            let head = format!("bad regular expression{colon} `");
            m4.warn(&[head.as_bytes(), pattern, b"': ", fault.as_bytes()].concat())?;
            Ok(None)
        }
    }
}

fn search(
    m4: &mut Expander<'_>,
    regex: &Regex,
    text: &[u8],
    from: usize,
    memory: &mut Memory,
) -> Result<Option<Captures>, Stop> {
    let before = memory.steps;
    let found = regex.search(text, from, memory);
    m4.work += 4 * (memory.steps - before);
    let fits = m4.work <= m4.settings.work_limit;
    match found {
        Ok(found) if fits => Ok(found),
        _ => Err(m4.fatal(FindingKind::Limit, b"regular expression takes too many steps")),
    }
}

pub(super) fn regexp(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    if call.count() < 2 {
        out.text.push(b'0');
        return Ok(());
    }
    let (text, replacement) = (call.arg(1), (call.count() > 2).then(|| call.arg(3)));
    let Some(regex) = compile(m4, call.arg(2), true)? else { return Ok(()) };
    let found = search(m4, &regex, text, 0, &mut Memory::default())?;
    match (found, replacement) {
        (None, None) => out.text.extend_from_slice(b"-1"),
        (None, Some(_)) => {}
        (Some(captures), None) => {
            out.text.extend_from_slice(captures[0].map_or(0, |span| span.0).to_string().as_bytes())
        }
        (Some(captures), Some(replacement)) => {
            substitute(m4, out, text, &captures, regex.groups(), replacement)?
        }
    }
    Ok(())
}

pub(super) fn patsubst(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    let text = call.arg(1);
    if call.count() < 2 {
        out.text.extend_from_slice(text);
        return Ok(());
    }
    let Some(regex) = compile(m4, call.arg(2), false)? else { return Ok(()) };
    let mut at = 0;
    let mut memory = Memory::default();
    while at <= text.len() {
        let Some(captures) = search(m4, &regex, text, at, &mut memory)? else { break };
        let Some((start, end)) = captures[0] else { break };
        out.text.extend_from_slice(&text[at..start]);
        substitute(m4, out, text, &captures, regex.groups(), call.arg(3))?;
        at = end;
        if start == end {
            out.text.extend(text.get(at));
            at += 1;
        }
    }
    out.text.extend_from_slice(text.get(at..).unwrap_or(b""));
    Ok(())
}

/// Replaces `\1`…`\9` and `\&` in a replacement.
fn substitute(
    m4: &mut Expander<'_>,
    out: &mut Expansion,
    text: &[u8],
    captures: &Captures,
    groups: usize,
    replacement: &[u8],
) -> Result<(), Stop> {
    let mut rest = replacement;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.text.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let Some((&byte, tail)) = rest.split_first() else {
            return m4.warn(b"Warning: trailing \\ ignored in replacement");
        };
        rest = tail;
        if out.text.len() > m4.settings.memory_limit {
            return Err(m4.too_large());
        }
        let group = match byte {
            b'&' => 0,
            b'0' => {
                m4.warn(b"Warning: \\0 will disappear, use \\& instead in replacements")?;
                0
            }
            b'1'..=b'9' => usize::from(byte - b'0'),
            _ => {
                out.text.push(byte);
                continue;
            }
        };
        if group > groups {
            m4.warn(format!("Warning: sub-expression {group} not present").as_bytes())?;
        } else if let Some(Some((start, end))) = captures.get(group) {
            out.text.extend_from_slice(&text[*start..*end]);
        }
    }
    out.text.extend_from_slice(rest);
    Ok(())
}

pub(super) fn format(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    let arguments: Vec<&[u8]> = call.from(2).collect();
    let limit = m4.settings.memory_limit / 2;
    let messages = printf::format(&mut out.text, call.arg(1), &arguments, limit);
    if out.text.len() >= limit {
        return Err(m4.too_large());
    }
    for message in messages {
        m4.warn(&message)?;
    }
    Ok(())
}
