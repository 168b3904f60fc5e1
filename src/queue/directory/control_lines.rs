//! Logical lines of a qf: a line that begins with a blank continues the one before.

/// Why there is no further line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LineError {
    /// The text ends, perhaps within a line.
    End,
}

/// Is this the end mark? What stands behind its dot says nothing.
pub(super) fn is_end(line: &[u8]) -> bool {
    line.starts_with(b".")
}

/// Cuts the next logical line off; line ends inside it stay, the last one goes. What stands behind a NUL byte says nothing.
pub(super) fn read_line(text: &[u8]) -> Result<(&[u8], &[u8]), LineError> {
    // the end mark says all that its line end could
    let mut end = match memchr::memchr(b'\n', text) {
        Some(end) => end,
        None if is_end(text) => return Ok((text, b"")),
        None => return Err(LineError::End),
    };
    // the end mark is never continued: what follows it is none of ours
    if !is_end(text) {
        while matches!(text.get(end + 1), Some(b' ' | b'\t')) {
            end += 1 + memchr::memchr(b'\n', &text[end + 1..]).ok_or(LineError::End)?;
        }
    }
    let line = &text[..end];
    let said = memchr::memchr(b'\0', line).unwrap_or(line.len());
    Ok((&line[..said], &text[end + 1..]))
}
