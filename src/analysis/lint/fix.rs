//! Findings mended in their files.

use super::finding::{Edit, Finding};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Applies the edits of all findings, file by file, through `write`. Gives how many were applied: a line that is no
/// longer what it was stays.
///
/// # Errors
/// A file cannot be read or written.
pub fn mend(findings: &[Finding], write: &dyn Fn(&Path, &[u8]) -> io::Result<()>) -> io::Result<usize> {
    let mut files: BTreeMap<&Path, Vec<&Edit>> = BTreeMap::new();
    for edit in findings.iter().filter_map(|finding| finding.edit.as_ref()) {
        files.entry(&edit.file).or_default().push(edit);
    }
    let mut count = 0;
    for (file, mut edits) in files {
        // from the end: the lines before stay where they are; one edit a line
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.line));
        edits.dedup_by_key(|edit| edit.line);
        let text = std::fs::read(file)?;
        let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        let before = count;
        for edit in edits {
            let index = (edit.line as usize).saturating_sub(1);
            if lines.get(index) != Some(&&*edit.old) {
                continue;
            }
            match &edit.new {
                Some(new) => lines[index] = new,
                None => drop(lines.remove(index)),
            }
            count += 1;
        }
        if count > before {
            write(file, &lines.join(&b'\n'))?;
        }
    }
    Ok(count)
}
