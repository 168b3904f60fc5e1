//! define, undefine, defn, pushdef, popdef, indir, builtin.

use std::rc::Rc;

use crate::m4::call::{Call, Expansion};
use crate::m4::expand::{Expander, Stop};
use crate::m4::host::FindingKind;
use crate::m4::regex::Memory;
use crate::m4::symbols::{Body, Definition};

/// The definition that a call of `define` or `pushdef` gives; nothing where its name is a builtin.
fn definition(m4: &mut Expander<'_>, call: &Call<'_>) -> Result<Option<Definition>, Stop> {
    if call.builtin_arg(1).is_some() {
        m4.warn(&[b"Warning: ", &call.name[..], b": invalid macro name ignored"].concat())?;
        return Ok(None);
    }
    let body = match call.builtin_arg(2) {
        Some(builtin) => Body::Builtin(builtin),
        None => {
            m4.warn_about_sequences(call.arg(1), call.arg(2))?;
            Body::text(call.arg(2))
        }
    };
    Ok(Some(Definition { body, site: call.site }))
}

impl Expander<'_> {
    /// `--warn-macro-sequence`: names what a definition holds that may not mean what it looks like.
    pub(in crate::m4) fn warn_about_sequences(&mut self, name: &[u8], text: &[u8]) -> Result<(), Stop> {
        let Some(regex) = self.suspicious.take() else { return Ok(()) };
        let mut at = 0;
        let mut outcome = Ok(());
        let mut memory = Memory::default();
        while let (Ok(()), Ok(Some(found))) = (&outcome, regex.search(text, at, &mut memory)) {
            let Some((start, end)) = found[0] else { break };
            if end > start {
                let part = &text[start..end];
                let message =
                    [b"Warning: definition of `", name, b"' contains sequence `", part, b"'"].concat();
                outcome = self.warn(&message);
            }
            at = end.max(start + 1);
        }
        self.suspicious = Some(regex);
        outcome
    }
}

pub(super) fn define(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    if let Some(definition) = definition(m4, call)? {
        m4.symbols.define(call.arg(1), definition);
    }
    Ok(())
}

pub(super) fn pushdef(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    if let Some(definition) = definition(m4, call)? {
        m4.symbols.push(call.arg(1), definition);
    }
    Ok(())
}

pub(super) fn undefine(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    for name in call.from(1) {
        if !m4.symbols.undefine(name) {
            undefined(m4, name)?;
        }
    }
    Ok(())
}

pub(super) fn popdef(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    for name in call.from(1) {
        if !m4.symbols.pop(name) {
            undefined(m4, name)?;
        }
    }
    Ok(())
}

/// GNU m4 1.4 says nothing when a name to be forgotten was never known.
fn undefined(_: &mut Expander<'_>, _: &[u8]) -> Result<(), Stop> {
    Ok(())
}

pub(super) fn defn(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    for name in call.from(1) {
        let definition = m4.symbols.get(name).and_then(|symbol| symbol.current());
        out.decided = out.decided.or(definition.and_then(|definition| definition.site));
        match definition.map(|definition| definition.body.clone()) {
            None => {}
            Some(Body::Text { text, .. }) => {
                out.text.extend_from_slice(&m4.lexer.left_quote);
                out.text.extend_from_slice(&text);
                out.text.extend_from_slice(&m4.lexer.right_quote);
            }
            Some(Body::Builtin(builtin)) if call.count() == 1 => out.builtin = Some(builtin),
            Some(Body::Builtin(_)) => {
                m4.warn(&[b"Warning: cannot concatenate builtin `", name, b"'"].concat())?;
            }
        }
    }
    Ok(())
}

/// `builtin(`builtin', `builtin', …)` needs stack for each; what is sensible needs two or three.
fn deeper(m4: &mut Expander<'_>) -> Result<(), Stop> {
    const DEEPEST: u32 = 500;
    m4.indirect += 1;
    if m4.indirect <= DEEPEST {
        return Ok(());
    }
    let text = format!("more than {DEEPEST} calls of `indir' or `builtin' within each other");
    Err(m4.fatal(FindingKind::Limit, text.as_bytes()))
}

pub(super) fn indir(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    if call.builtin_arg(1).is_some() {
        return m4.warn(b"Warning: indir: invalid macro name ignored");
    }
    let found = m4.symbols.get(call.arg(1));
    match found.and_then(|symbol| Some((symbol.name.clone(), symbol.current()?.body.clone()))) {
        Some((name, body)) => {
            deeper(m4)?;
            let outcome = m4.invoke_shifted(&body, &name, call, out);
            m4.indirect -= 1;
            outcome
        }
        None => m4.warn(&[b"undefined macro `", call.arg(1), b"'"].concat()),
    }
}

pub(super) fn builtin(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    if call.builtin_arg(1).is_some() {
        return m4.warn(b"Warning: builtin: invalid macro name ignored");
    }
    let wanted = call.arg(1);
    match super::find(wanted) {
        Some(row) => {
            let name: Rc<[u8]> = wanted.into();
            deeper(m4)?;
            let outcome = m4.invoke_shifted(&Body::Builtin(row), &name, call, out);
            m4.indirect -= 1;
            outcome
        }
        None => m4.warn(&[b"undefined builtin `", wanted, b"'"].concat()),
    }
}
