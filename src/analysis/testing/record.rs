//! Today's answers, written into the test file.

use super::report::Report;
use super::syntax::TestFile;
use super::words;

/// The text of the file with the answer of every question that has none, or a wrong one; and how many were written.
/// What stands otherwise on a line, its comment above all, stays.
pub fn recorded(file: &TestFile, report: &Report) -> (String, usize) {
    let mut lines = file.lines.clone();
    let mut count = 0;
    for outcome in report.outcomes.iter().filter(|outcome| outcome.file == file.name) {
        let settled = outcome.test.wanted.is_some() && outcome.passed();
        let (false, Some(answer)) = (settled, outcome.asked.answer.written()) else { continue };
        let line = &mut lines[outcome.test.line as usize - 1];
        // it was read before
        let Ok(cut) = words::words(line) else { continue };
        let comment = line[cut.end..].to_owned();
        line.truncate(cut.question_end);
        line.push_str(&format!(" => {answer}"));
        if !comment.is_empty() {
            line.push_str(&format!("  {comment}"));
        }
        count += 1;
    }
    (lines.join("\n"), count)
}
