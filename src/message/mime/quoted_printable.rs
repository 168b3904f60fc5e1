//! Quoted-printable (RFC 2045, 6.7), written and read.

/// Writes it, with line ends only where the text has them and where lines grow too long.
#[derive(Clone, Debug, Default)]
pub(super) struct Encoder {
    /// The line so far.
    line: Vec<u8>,
    /// A blank that may yet turn out to be the last byte of its line.
    blank: Option<u8>,
    /// The byte before.
    last: u8,
    /// Flag 3 of the mailer: what EBCDIC has elsewhere is written in hexadecimal too.
    ebcdic: bool,
    /// Flag E: `From ` at the beginning of a line is not left as it is.
    escape_from: bool,
}

/// Characters that gateways to EBCDIC change (RFC 2045, 6.7, end).
const NOT_IN_EBCDIC: &[u8] = b"!\"#$@[\\]^`{|}~";

/// Columns that are filled before a line is broken; the last three are left to a byte in hexadecimal.
const WIDTH: usize = 72;

impl Encoder {
    pub(super) fn new(ebcdic: bool, escape_from: bool) -> Self {
        Self { ebcdic, escape_from, ..Self::default() }
    }

    /// The next byte; an LF is a line end.
    pub(super) fn push(&mut self, byte: u8, out: &mut Vec<u8>) {
        if byte == b'\n' {
            self.end_line(out);
        } else {
            self.release_blank();
            self.make_room(byte, out);
            match byte {
                b' ' | b'\t' => self.blank = Some(byte),
                _ if self.is_plain(byte) => self.line.push(byte),
                _ => self.hexadecimal(byte),
            }
        }
        self.last = byte;
    }

    fn is_plain(&self, byte: u8) -> bool {
        matches!(byte, b'!'..=b'~') && byte != b'=' && !(self.ebcdic && NOT_IN_EBCDIC.contains(&byte))
    }

    fn hexadecimal(&mut self, byte: u8) {
        self.line.extend_from_slice(format!("={byte:02X}").as_bytes());
    }

    fn release_blank(&mut self) {
        match self.blank.take() {
            Some(b' ') if self.escape_from && self.line == b"From" => self.hexadecimal(b' '),
            Some(blank) => self.line.push(blank),
            None => {}
        }
    }

    /// Breaks a line that is full. A dot is rather put behind a full line than before the next one, where it could end a
    /// message on its way.
    fn make_room(&mut self, next: u8, out: &mut Vec<u8>) {
        let length = self.line.len();
        let dot_before = length > WIDTH + 1 && self.last == b'.';
        if length <= WIDTH || (length <= WIDTH + 3 && next == b'.' && !dot_before) {
            return;
        }
        if dot_before {
            self.line.pop();
        }
        self.line.extend_from_slice(b"=\n");
        out.append(&mut self.line);
        if dot_before {
            self.line.push(b'.');
        }
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        if let Some(blank) = self.blank.take() {
            self.hexadecimal(blank);
        }
        if self.line == b"." {
            self.line = b"=2E".to_vec();
        }
        self.line.push(b'\n');
        out.append(&mut self.line);
    }

    /// The end of the text; `always`: even an empty last line is one.
    pub(super) fn finish(&mut self, always: bool, out: &mut Vec<u8>) {
        if always || !self.line.is_empty() || self.blank.is_some() {
            self.end_line(out);
        }
    }
}

/// Reads one line, its end included where it has one. What is no code stays as it is: nothing of a text is lost that
/// somebody did not encode well (RFC 2045, 6.7, note 2).
pub(super) fn decode(line: &[u8], out: &mut Vec<u8>) {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let has_end = text.len() < line.len();
    let mut rest = text;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        if *byte != b'=' {
            out.push(*byte);
            continue;
        }
        if behind.trim_ascii().is_empty() {
            return;
        }
        if let Some(decoded) = behind.get(..2).and_then(hexadecimal) {
            out.push(decoded);
            rest = &behind[2..];
        } else {
            out.push(b'=');
        }
    }
    if has_end {
        out.push(b'\n');
    }
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &[u8]) -> String {
        let (mut encoder, mut out) = (Encoder::new(false, true), Vec::new());
        text.iter().for_each(|byte| encoder.push(*byte, &mut out));
        encoder.finish(false, &mut out);
        String::from_utf8(out).expect("ASCII")
    }

    proptest::proptest! {
        #[test]
        fn what_was_encoded_is_read_again(text: Vec<u8>) {
            let mut decoded = Vec::new();
            for line in encoded(&text).as_bytes().split_inclusive(|byte| *byte == b'\n') {
                assert!(line.len() <= 77);
                decode(line, &mut decoded);
            }
            let ended = text.is_empty() || text.ends_with(b"\n");
            assert_eq!(decoded, if ended { text } else { [text, b"\n".to_vec()].concat() });
        }
    }

    #[test]
    fn blanks_and_from_lines() {
        assert_eq!(encoded(b"caf\xe9 \nFrom here\n\ta=b\t\n"), "caf=E9=20\nFrom=20here\n\ta=3Db=09\n");
    }
}
