//! What decides about the input: ifdef, ifelse, shift, dnl, quotes, comments, files, m4wrap, m4exit.

use std::io;

use crate::m4::call::{Call, Expansion, join};
use crate::m4::expand::{Expander, Stop};
use crate::m4::host::FindingKind;
use crate::sys::errno_text;

pub(super) fn ifdef(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    let definition = m4.symbols.get(call.arg(1)).and_then(|symbol| symbol.current());
    out.decided = definition.and_then(|definition| definition.site);
    let chosen = if definition.is_some() { 2 } else { 3 };
    out.text.extend_from_slice(call.arg(chosen));
    Ok(())
}

pub(super) fn ifelse(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    let count = call.count();
    if count == 1 {
        return Ok(()); // the usual way to write a comment
    }
    if count == 2 {
        return super::warn_about(m4, call, "Warning: too few arguments to builtin `", "'");
    }
    out.decided = call.asked;
    if count > 3 && count % 3 == 2 {
        super::warn_about(m4, call, "Warning: excess arguments to builtin `", "' ignored")?;
    }
    let mut at = 1;
    loop {
        if call.arg(at) == call.arg(at + 1) {
            out.text.extend_from_slice(call.arg(at + 2));
            return Ok(());
        }
        at += 3;
        match (count + 1).saturating_sub(at) {
            0 => return Ok(()),
            1 | 2 => {
                out.text.extend_from_slice(call.arg(at));
                return Ok(());
            }
            _ => {}
        }
    }
}

pub(super) fn shift(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    join(&mut out.text, call.from(2), b",", &m4.lexer.left_quote, &m4.lexer.right_quote);
    Ok(())
}

pub(super) fn dnl(m4: &mut Expander<'_>, _: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    while let Some(block) = m4.input.top() {
        let rest = block.rest();
        if let Some(newline) = memchr::memchr(b'\n', rest) {
            m4.input.advance(newline + 1);
            return Ok(());
        }
        if rest.is_empty() {
            m4.input.take_builtin();
            continue;
        }
        let length = rest.len();
        m4.input.advance(length);
    }
    m4.warn(b"Warning: end of file treated as newline")
}

pub(super) fn changequote(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    match call.count() {
        0 => m4.lexer.set_quotes(b"`", b"'"),
        1 => m4.lexer.set_quotes(call.arg(1), b"'"),
        _ => m4.lexer.set_quotes(call.arg(1), call.arg(2)),
    }
    Ok(())
}

pub(super) fn changecom(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    let newline = call.count() > 0 && call.arg(2).is_empty();
    m4.lexer.set_comment(call.arg(1), if newline { b"\n" } else { call.arg(2) });
    Ok(())
}

pub(super) fn include(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    if let Err(error) = read(m4, call.arg(1))? {
        let text = [b"cannot open `", call.arg(1), b"': ", errno_text(&error).as_bytes()].concat();
        m4.error(FindingKind::MissingFile, &text);
        if m4.settings.fatal_warnings > 1 {
            return Err(Stop::Exit(1));
        }
    }
    Ok(())
}

pub(super) fn sinclude(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    read(m4, call.arg(1)).map(drop)
}

fn read(m4: &mut Expander<'_>, name: &[u8]) -> Result<io::Result<()>, Stop> {
    match m4.host.files.read(name) {
        Ok(found) => {
            m4.debug_path(name, &found.name);
            m4.enter_file(found.name, found.text, found.site)?;
            Ok(Ok(()))
        }
        Err(error) => Ok(Err(error)),
    }
}

pub(super) fn m4wrap(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    let mut text = Vec::new();
    if m4.settings.traditional {
        text.extend_from_slice(call.arg(1));
    } else {
        join(&mut text, call.from(1), b" ", b"", b"");
    }
    m4.wrapped.push((text, call.place, call.site));
    Ok(())
}

pub(super) fn m4exit(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    let mut status = 0;
    if call.count() > 0 {
        match super::number(m4, call, call.arg(1))? {
            None => status = 1,
            Some(asked) => match u8::try_from(asked) {
                Ok(asked) => status = asked,
                Err(_) => {
                    m4.warn(format!("exit status out of range: `{asked}'").as_bytes())?;
                    status = 1;
                }
            },
        }
    }
    Err(Stop::Exit(if status == 0 { m4.status } else { status }))
}
