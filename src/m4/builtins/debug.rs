//! Where we are, and what is being traced.

use crate::m4::call::{Call, Expansion};
use crate::m4::expand::{Expander, Stop};
use crate::m4::trace::DebugFlags;
use crate::sys::errno_text;

fn quoted(m4: &Expander<'_>, text: &[u8], out: &mut Expansion) {
    out.text.extend_from_slice(&m4.lexer.left_quote);
    out.text.extend_from_slice(text);
    out.text.extend_from_slice(&m4.lexer.right_quote);
}

pub(super) fn file(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    let name = m4.files[call.place.file as usize].clone();
    quoted(m4, &name, out);
    Ok(())
}

pub(super) fn line(_: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    out.text.extend_from_slice(call.place.line.to_string().as_bytes());
    Ok(())
}

pub(super) fn program(m4: &mut Expander<'_>, _: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    let name = m4.settings.program.clone();
    quoted(m4, &name, out);
    Ok(())
}

pub(super) fn debugfile(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    let name = (call.count() > 0).then(|| call.arg(1));
    if let Err(error) = m4.set_debug_file(name) {
        let words = errno_text(&error);
        let text = [b"cannot set debug file `", call.arg(1), b"': ", words.as_bytes()].concat();
        m4.warn(&text)?;
    }
    Ok(())
}

pub(super) fn debugmode(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    let (sign, letters) = match call.arg(1) {
        [sign @ (b'+' | b'-'), letters @ ..] => (*sign, letters),
        letters => (b'=', letters),
    };
    let now = m4.tracing.flags;
    let flags = match (call.count(), DebugFlags::parse(letters)) {
        (0, _) => DebugFlags::empty(),
        (_, None) => return m4.warn(&[b"Debugmode: bad debug flags: `", call.arg(1), b"'"].concat()),
        (_, Some(flags)) if sign == b'+' => now | flags,
        (_, Some(flags)) if sign == b'-' => now - flags,
        (_, Some(flags)) => flags,
    };
    m4.tracing.flags = flags;
    m4.tracing.restarted |= call.count() > 0;
    Ok(())
}

pub(super) fn dumpdef(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    let mut names = match call.count() {
        0 => m4.symbols.names().iter().map(|name| name.to_vec()).collect(),
        _ => call.from(1).map(<[u8]>::to_vec).collect::<Vec<_>>(),
    };
    m4.spend(64 * names.len())?;
    let mut unknown = Vec::new();
    names.retain(|name| m4.symbols.get(name).is_some() || (unknown.push(name.clone()), false).1);
    for name in unknown {
        m4.warn(&[b"undefined macro `", &name[..], b"'"].concat())?;
    }
    names.sort();
    for name in names {
        let body = m4.symbols.get(&name).and_then(|symbol| symbol.current()).map(|found| found.body.clone());
        if let Some(body) = body {
            m4.dump(&name, &body);
        }
    }
    Ok(())
}

fn trace(m4: &mut Expander<'_>, call: &Call<'_>, on: bool) {
    if call.count() == 0 {
        m4.symbols.trace_all(on);
        m4.work += m4.symbols.held as u64 / 16;
    }
    for name in call.from(1) {
        m4.symbols.trace(name, on);
    }
}

pub(super) fn traceon(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    trace(m4, call, true);
    Ok(())
}

pub(super) fn traceoff(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    trace(m4, call, false);
    Ok(())
}
