//! A body as a mailer wants it.

use crate::message::{BodyForm, BodyLines};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

/// Writes the whole file, whatever its descriptor's position is (it is shared with the front).
pub(super) fn write(body: &File, form: &BodyForm, out: &mut dyn Write) -> io::Result<()> {
    let (mut buffer, mut at) = (vec![0; 64 << 10], 0);
    let mut lines = BodyLines::new(form);
    loop {
        match body.read_at(&mut buffer, at)? {
            0 => break,
            count => {
                at += count as u64;
                lines.write(&buffer[..count], out)?;
            }
        }
    }
    lines.finish(out)
}
