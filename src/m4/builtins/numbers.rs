//! eval, incr, decr.

use crate::m4::call::{Call, Expansion};
use crate::m4::eval::{self, Fault};
use crate::m4::expand::{Expander, Stop};
use crate::m4::host::FindingKind;

fn step(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion, by: i32) -> Result<(), Stop> {
    if let Some(value) = super::number(m4, call, call.arg(1))? {
        out.text.extend_from_slice(value.wrapping_add(by).to_string().as_bytes());
    }
    Ok(())
}

pub(super) fn incr(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    step(m4, call, out, 1)
}

pub(super) fn decr(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    step(m4, call, out, -1)
}

pub(super) fn eval(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    let radix = match call.arg(2) {
        b"" => Some(10),
        text => super::number(m4, call, text)?,
    };
    let Some(radix) = radix else { return Ok(()) };
    if !(1..=36).contains(&radix) {
        let name = String::from_utf8_lossy(call.name).into_owned();
        return m4.warn(format!("radix {radix} in builtin `{name}' out of range").as_bytes());
    }
    let width = match call.count() {
        0..3 => Some(1),
        _ => super::number(m4, call, call.arg(3))?,
    };
    let Some(width) = width else { return Ok(()) };
    let Ok(width) = usize::try_from(width) else {
        return m4.warn(&[b"negative width to builtin `", &call.name[..], b"'"].concat());
    };
    if width > m4.settings.memory_limit / 2 {
        let kind = FindingKind::Limit;
        return Err(m4.fatal(kind, b"width to builtin `eval' out of range"));
    }
    let value = match call.arg(1) {
        b"" => {
            m4.warn(&[b"empty string treated as 0 in builtin `", &call.name[..], b"'"].concat())?;
            0
        }
        text => match evaluate(m4, text)? {
            Some(value) => value,
            None => return Ok(()),
        },
    };
    if radix == 1 && value.unsigned_abs() as usize > m4.settings.memory_limit / 2 {
        let kind = FindingKind::Limit;
        return Err(m4.fatal(kind, b"value in radix 1 of builtin `eval' out of range"));
    }
    eval::print(&mut out.text, value, radix.unsigned_abs(), width);
    Ok(())
}

fn evaluate(m4: &mut Expander<'_>, text: &[u8]) -> Result<Option<i32>, Stop> {
    let outcome = eval::evaluate(text);
    for _ in 0..outcome.single_equals {
        m4.warn(b"Warning: recommend ==, not =, for equality operator")?;
    }
    match outcome.value {
        Ok(value) => Ok(Some(value)),
        Err(fault) => {
            let what: &str = match fault {
                Fault::Syntax => "bad expression in eval: ",
                Fault::MissingParenthesis => "bad expression in eval (missing right parenthesis): ",
                Fault::BadInput => "bad expression in eval (bad input): ",
                Fault::ExcessInput => "bad expression in eval (excess input): ",
                Fault::InvalidOperator => "invalid operator in eval: ",
                Fault::DivideByZero => "divide by zero in eval: ",
                Fault::ModuloByZero => "modulo by zero in eval: ",
                Fault::NegativeExponent => "negative exponent in eval: ",
            };
            let message = [what.as_bytes(), text].concat();
            if fault == Fault::InvalidOperator {
                m4.warn(&message)?;
                m4.status = 1;
            } else {
                m4.warn(&message)?;
            }
            Ok(None)
        }
    }
}
