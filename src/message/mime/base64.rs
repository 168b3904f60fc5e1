//! Base64 (RFC 2045, 6.8), written and read.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Characters of a line.
const WIDTH: usize = 72;

/// Writes it. Line ends of the text are CR LF in it (RFC 2045, 6.8).
#[derive(Clone, Debug, Default)]
pub(super) struct Encoder {
    line: Vec<u8>,
    /// Bytes that are not yet three.
    held: Vec<u8>,
    /// Line ends stay LF: it is no text.
    binary: bool,
}

impl Encoder {
    pub(super) fn new(binary: bool) -> Self {
        Self { binary, ..Self::default() }
    }

    /// The next byte of the text, whose line ends are LF.
    pub(super) fn push(&mut self, byte: u8, out: &mut Vec<u8>) {
        if byte == b'\n' && !self.binary {
            self.byte(b'\r', out);
        }
        self.byte(byte, out);
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.held.push(byte);
        if self.held.len() == 3 {
            self.group(out);
        }
    }

    fn group(&mut self, out: &mut Vec<u8>) {
        if self.line.len() >= WIDTH {
            self.end_line(out);
        }
        let count = self.held.len();
        self.held.resize(3, 0);
        let bits = self.held.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        let digit =
            |place: usize| if place > count { b'=' } else { ALPHABET[bits >> (18 - 6 * place) & 0x3f] };
        self.line.extend((0..4).map(digit));
        self.held.clear();
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        self.line.push(b'\n');
        out.append(&mut self.line);
    }

    /// The end of the text; `always`: even an empty last line is one.
    pub(super) fn finish(&mut self, always: bool, out: &mut Vec<u8>) {
        if !self.held.is_empty() {
            self.group(out);
        }
        if always || !self.line.is_empty() {
            self.end_line(out);
        }
    }
}

/// Longest line that is read; what is more of it stands in the next one.
const LONGEST: usize = 2048;

/// Reads it, in groups of four characters that are no blanks. A group with padding where none can be says nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Decoder {
    group: Vec<u8>,
    line: Vec<u8>,
}

impl Decoder {
    /// The next bytes of the encoded text; line ends of the text are LF again.
    pub(super) fn push(&mut self, text: &[u8], out: &mut Vec<u8>) {
        for byte in text.iter().filter(|byte| !byte.is_ascii_whitespace() && **byte != b'\x0b') {
            self.group.push(*byte);
            if self.group.len() == 4 {
                let (bytes, count) = decoded(&self.group);
                bytes[..count].iter().for_each(|byte| self.byte(*byte, out));
                self.group.clear();
            }
        }
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        if byte == b'\n' {
            self.line.pop_if(|last| *last == b'\r');
        } else {
            self.line.push(byte);
        }
        if byte == b'\n' || self.line.len() == LONGEST {
            self.end_line(out);
        }
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        self.line.push(b'\n');
        out.append(&mut self.line);
    }

    /// The end of the text, and a blank line as sendmail writes it there.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.line.is_empty() {
            self.end_line(out);
        }
        out.push(b'\n');
    }
}

/// Bytes of a group, and how many of them count.
fn decoded(group: &[u8]) -> ([u8; 3], usize) {
    let digit = |byte: &u8| ALPHABET.iter().position(|digit| digit == byte).map_or(0xff, |at| at as u8);
    let digits: Vec<u8> = group.iter().map(digit).collect();
    let bytes = [
        digits[0] << 2 | digits[1] >> 4 & 0x03,
        digits[1] << 4 | digits[2] >> 2 & 0x0f,
        digits[2] << 6 | digits[3] & 0x3f,
    ];
    let padded = group.iter().position(|byte| *byte == b'=');
    (bytes, padded.map_or(3, |at| at.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_was_encoded_is_read_again(text in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2000)) {
            let (mut encoder, mut encoded, mut decoded) = (Encoder::default(), Vec::new(), Vec::new());
            text.iter().for_each(|byte| encoder.push(*byte, &mut encoded));
            encoder.finish(false, &mut encoded);
            let mut decoder = Decoder::default();
            decoder.push(&encoded, &mut decoded);
            decoder.finish(&mut decoded);
            let ended = text.is_empty() || text.ends_with(b"\n");
            assert_eq!(decoded, [&text[..], if ended { b"\n" } else { b"\n\n" }].concat());
            assert!(encoded.split(|byte| *byte == b'\n').all(|line| line.len() <= WIDTH));
        }
    }
}
