//! divert, undivert, divnum, errprint.

use crate::m4::call::{Call, Expansion, join};
use crate::m4::expand::{Expander, Stop};
use crate::sys::errno_text;

pub(super) fn divert(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    let number = match call.count() {
        0 => Some(0),
        _ => super::number(m4, call, call.arg(1))?,
    };
    if let Some(number) = number {
        if number != m4.diversions.number {
            m4.restart_synclines();
        }
        m4.diversions.switch(number);
    }
    Ok(())
}

pub(super) fn divnum(m4: &mut Expander<'_>, _: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    out.text.extend_from_slice(m4.diversions.number.to_string().as_bytes());
    Ok(())
}

pub(super) fn undivert(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    if call.count() == 0 {
        if m4.diversions.undivert_all() {
            m4.interrupt_synclines();
        }
        return Ok(());
    }
    for name in call.from(1) {
        match diversion_number(name) {
            Some(number) => {
                if m4.diversions.undivert(number) {
                    m4.interrupt_synclines();
                }
            }
            None if m4.settings.traditional => {
                m4.warn(&[b"non-numeric argument to builtin `", &call.name[..], b"'"].concat())?;
            }
            None => insert_file(m4, name)?,
        }
    }
    Ok(())
}

/// A whole number, as undivert takes it; anything else is a file's name. Empty counts as 0.
fn diversion_number(text: &[u8]) -> Option<i32> {
    if text.is_empty() {
        return Some(0);
    }
    let number: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(number as i32)
}

fn insert_file(m4: &mut Expander<'_>, name: &[u8]) -> Result<(), Stop> {
    match m4.host.files.read(name) {
        Ok(found) => {
            m4.debug_path(name, &found.name);
            m4.diversions.sink().text.extend_from_slice(&found.text);
        }
        Err(error) => {
            let text = [b"cannot undivert `", name, b"': ", errno_text(&error).as_bytes()].concat();
            m4.warn(&text)?;
        }
    }
    Ok(())
}

pub(super) fn errprint(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    let mut text = Vec::new();
    join(&mut text, call.from(1), b" ", b"", b"");
    m4.spend(text.len())?;
    m4.errprint(&text);
    Ok(())
}
