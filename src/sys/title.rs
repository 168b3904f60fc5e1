//! What `ps` shows for this process.

use std::io::{Seek, SeekFrom, Write};

/// Overwrites the memory of the argument vector with `text`, as far as it has room.
///
/// Written through /proc/self/mem, so that no pointer is needed; where that is refused nothing
/// changes. Arguments must have been read before.
pub fn set(text: &[u8]) {
    let _ = try_set(text);
}

fn try_set(text: &[u8]) -> Option<()> {
    let stat = std::fs::read("/proc/self/stat").ok()?;
    // the second field holds the command name in brackets and may hold anything
    let after = stat.iter().rposition(|byte| *byte == b')')? + 2;
    let fields: Vec<&[u8]> = stat.get(after..)?.split(|byte| byte.is_ascii_whitespace()).collect();
    // proc(5): arg_start and arg_end are fields 48 and 49; `fields` starts with field 3
    let number = |index: usize| std::str::from_utf8(fields.get(index)?).ok()?.parse::<u64>().ok();
    let (start, end) = (number(45)?, number(46)?);
    let room = usize::try_from(end.checked_sub(start)?).ok()?;
    if room < 2 {
        return None;
    }
    let mut line = text[..text.len().min(room - 1)].to_vec();
    line.resize(room, 0);
    let mut memory = std::fs::OpenOptions::new().write(true).open("/proc/self/mem").ok()?;
    memory.seek(SeekFrom::Start(start)).ok()?;
    memory.write_all(&line).ok()
}
