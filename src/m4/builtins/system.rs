//! syscmd, esyscmd, sysval, mkstemp, maketemp: all by way of the host.

use crate::m4::call::{Call, Expansion};
use crate::m4::expand::{Expander, Stop};
use crate::sys::errno_text;

/// Exit status that `sysval` shows for a command that could not be run.
const NOT_RUN: i32 = 127;

fn run(m4: &mut Expander<'_>, command: &[u8], capture: bool) -> Result<Vec<u8>, Stop> {
    if command.is_empty() {
        m4.sysval = 0;
        return Ok(Vec::new());
    }
    m4.write_output(0)?;
    m4.host.console.flush()?;
    match m4.host.commands.run(command, capture) {
        Ok((output, status)) => {
            m4.sysval = status;
            Ok(output)
        }
        Err(error) => {
            m4.sysval = NOT_RUN;
            let text = [b"cannot run command `", command, b"': ", errno_text(&error).as_bytes()].concat();
            m4.warn(&text)?;
            Ok(Vec::new())
        }
    }
}

pub(super) fn syscmd(m4: &mut Expander<'_>, call: &Call<'_>, _: &mut Expansion) -> Result<(), Stop> {
    // Where output is kept in hand for its provenance, the command's must join it there.
    let capture = m4.settings.provenance;
    let output = run(m4, call.arg(1), capture)?;
    m4.diversions.append_output(&output);
    Ok(())
}

pub(super) fn esyscmd(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    out.text = run(m4, call.arg(1), true)?;
    Ok(())
}

pub(super) fn sysval(m4: &mut Expander<'_>, _: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    out.text.extend_from_slice(m4.sysval.to_string().as_bytes());
    Ok(())
}

pub(super) fn mkstemp(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    let marks = call.arg(1).iter().rev().take_while(|byte| **byte == b'X').count();
    let mut template = call.arg(1).to_vec();
    template.resize(template.len() + 6usize.saturating_sub(marks), b'X');
    match m4.host.files.temporary(&template) {
        Ok(name) => {
            out.text.extend_from_slice(&m4.lexer.left_quote);
            out.text.extend_from_slice(&name);
            out.text.extend_from_slice(&m4.lexer.right_quote);
        }
        Err(error) => {
            let words = errno_text(&error);
            let text = [&call.name[..], b": cannot create tempfile `", call.arg(1), b"': ", words.as_bytes()]
                .concat();
            m4.warn(&text)?;
        }
    }
    Ok(())
}

/// With `-G` the trailing `X`s become the process id and nothing is created.
pub(super) fn maketemp(m4: &mut Expander<'_>, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
    if !m4.settings.traditional {
        return mkstemp(m4, call, out);
    }
    m4.warn(b"recommend using mkstemp instead")?;
    let marks = call.arg(1).iter().rev().take_while(|byte| **byte == b'X').count();
    let stem = &call.arg(1)[..call.arg(1).len() - marks];
    let id = m4.settings.process_id.to_string();
    out.text.extend_from_slice(stem);
    if id.len() >= marks {
        out.text.extend_from_slice(&id.as_bytes()[id.len() - marks..]);
    } else {
        out.text.resize(out.text.len() + marks - id.len(), b'0');
        out.text.extend_from_slice(id.as_bytes());
    }
    Ok(())
}
