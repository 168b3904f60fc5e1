//! What a run of the queue in the foreground says of failures.

use crate::logging::without_code;
use std::io::Write;

/// Says on standard output what failed for good, by this transcript or the part of it that is new.
pub(super) fn tell(transcript: &[u8]) {
    let mut out = std::io::stdout().lock();
    for text in failures(transcript) {
        // a closed stdout leaves nobody to tell
        let _ = out.write_all(&[text, b"\n"].concat());
    }
}

/// The lines of a transcript that are replies for good, without code and status.
fn failures(transcript: &[u8]) -> impl Iterator<Item = &[u8]> {
    transcript.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"5")).filter_map(without_code)
}

#[cfg(test)]
mod tests {
    use super::failures;

    #[test]
    fn replies_without_their_codes() {
        let transcript = b"... while talking to a.:\n<<< 550 5.1.1 no\n550 5.1.1 <x@a>... User unknown\n554 5.0.0 Service unavailable\n451 4.0.0 later\n";
        let found: Vec<_> = failures(transcript).collect();
        assert_eq!(found, [&b"<x@a>... User unknown"[..], b"Service unavailable"]);
    }
}
