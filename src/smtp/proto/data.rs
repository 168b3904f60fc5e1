//! Message data (RFC 5321, section 4.5.2): transparency dots off, line ends to LF, the end found. Chunks (RFC 3030) have
//! neither those dots nor an end of their own.
//!
//! Only CR LF . CR LF ends the data, and a bare CR or LF is refused, unless the caller relaxes that
//! for a peer: any laxer reading lets two servers disagree about where a message ends (CVE-2023-51765).

/// What becomes of a CR or LF that stands alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum BareCharacter {
    /// The transaction and the connection end.
    #[default]
    Refuse,
    /// A blank takes its place.
    Replace,
    /// It is a character; a bare LF ends a line where no CR LF is asked for around the final dot.
    Allow,
}

/// How strictly one peer's data is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Strictness {
    /// LF without CR.
    pub line_feed: BareCharacter,
    /// CR without LF.
    pub carriage_return: BareCharacter,
    /// Must CR LF surround the final dot? Without it LF . LF ends the data as well.
    pub crlf_dot: bool,
}

impl Default for Strictness {
    fn default() -> Self {
        Self { line_feed: BareCharacter::Refuse, carriage_return: BareCharacter::Refuse, crlf_dot: true }
    }
}

/// Which bare character.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Violation {
    /// LF without CR.
    LineFeed,
    /// CR without LF.
    CarriageReturn,
}

/// In which part of the message something was seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Where {
    /// Before the first empty line.
    pub header: bool,
    /// After it.
    pub body: bool,
}

impl Where {
    /// For the log: `header`, `body`, `header+body`; `None` when it was not seen.
    pub fn name(self) -> Option<&'static str> {
        match (self.header, self.body) {
            (true, true) => Some("header+body"),
            (true, false) => Some("header"),
            (false, true) => Some("body"),
            (false, false) => None,
        }
    }

    fn add(&mut self, in_body: bool) {
        *(if in_body { &mut self.body } else { &mut self.header }) = true;
    }
}

/// How far a call of [`DataDecoder::push`] got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DataEvent {
    /// All input is used up.
    More,
    /// The final dot was read; the rest of the input is commands again.
    End,
    /// A bare character that is refused.
    Refused(Violation),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// At the beginning of a line.
    LineStart,
    /// After a dot at the beginning of a line.
    Dot,
    /// After that dot and a CR.
    DotCr,
    /// Inside a line.
    Line,
    /// After a CR inside a line.
    Cr,
}

/// Decodes one message's data, in pieces of any size.
#[derive(Clone, Debug)]
pub struct DataDecoder {
    strictness: Strictness,
    /// Does a dot begin a line that needs it, or end the data?
    dots: bool,
    state: State,
    /// Did the line before end with CR LF? (DATA's own line did.)
    after_crlf: bool,
    /// Is the line so far empty?
    empty: bool,
    in_body: bool,
    /// Bare line feeds seen.
    pub bare_line_feeds: Where,
    /// Bare carriage returns seen.
    pub bare_carriage_returns: Where,
    /// A NUL was seen.
    pub nul: bool,
    /// A byte above 127 was seen.
    pub eight_bit: bool,
}

impl DataDecoder {
    /// For the data after one DATA command.
    pub fn new(strictness: Strictness) -> Self {
        Self {
            strictness,
            dots: true,
            state: State::LineStart,
            after_crlf: true,
            empty: true,
            in_body: false,
            bare_line_feeds: Where::default(),
            bare_carriage_returns: Where::default(),
            nul: false,
            eight_bit: false,
        }
    }

    /// For the chunks after BDAT: a dot is a character.
    pub fn of_chunks(strictness: Strictness) -> Self {
        Self { dots: false, ..Self::new(strictness) }
    }

    /// The data end here: a line that was begun is a whole one.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> DataEvent {
        if self.state == State::Cr
            && let Some(refused) = self.lone_cr(out)
        {
            return refused;
        }
        match self.state {
            State::Line => self.end_line(true, out),
            _ => DataEvent::More,
        }
    }

    /// Has the empty line after the headers been read?
    pub fn in_body(&self) -> bool {
        self.in_body
    }

    /// Decodes `input` onto `out`; gives the number of bytes used and why it stopped.
    pub fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> (usize, DataEvent) {
        out.reserve(input.len());
        let (used, event) = self.decode(input, out);
        let taken = &input[..used];
        self.nul = self.nul || memchr::memchr(0, taken).is_some();
        self.eight_bit = self.eight_bit || !taken.is_ascii();
        (used, event)
    }

    fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> (usize, DataEvent) {
        let mut at = 0;
        while at < input.len() {
            let copied = self.copy_line(&input[at..], out);
            if copied > 0 {
                at += copied;
                continue;
            }
            let byte = input[at];
            at += 1;
            match self.step(byte, out) {
                DataEvent::More => {}
                event => return (at, event),
            }
        }
        (at, DataEvent::More)
    }

    /// Copies plain characters of a line up to the next CR or LF, and beyond a whole line end.
    fn copy_line(&mut self, input: &[u8], out: &mut Vec<u8>) -> usize {
        match self.state {
            State::Line => {}
            State::LineStart if !self.dots || input.first() != Some(&b'.') => {}
            _ => return 0,
        }
        let length = memchr::memchr2(b'\r', b'\n', input).unwrap_or(input.len());
        if length > 0 {
            self.empty = false;
            self.state = State::Line;
            out.extend_from_slice(&input[..length]);
        }
        if input[length..].starts_with(b"\r\n") {
            self.end_line(true, out);
            return length + 2;
        }
        length
    }

    fn step(&mut self, byte: u8, out: &mut Vec<u8>) -> DataEvent {
        match (self.state, byte) {
            (State::LineStart, b'.') if self.dots => self.state = State::Dot,
            (State::Dot, b'\r') => self.state = State::DotCr,
            (State::Dot | State::DotCr, b'\n') if self.dot_ends() => return DataEvent::End,
            (State::DotCr, b'\n') => return self.end_line(true, out),
            (State::DotCr, _) => {
                // the dot was transparency; its CR stands alone
                return self.bare_cr(byte, out);
            }
            (State::Cr, b'\n') => return self.end_line(true, out),
            (State::Cr, _) => return self.bare_cr(byte, out),
            (_, b'\r') => self.state = State::Cr,
            (_, b'\n') => return self.bare_lf(out),
            (_, byte) => self.text(byte, out),
        }
        DataEvent::More
    }

    /// Does the line feed behind this dot end the data?
    fn dot_ends(&mut self) -> bool {
        let lax = !self.strictness.crlf_dot;
        if self.state == State::DotCr {
            return self.after_crlf || lax;
        }
        let ends = lax && self.strictness.line_feed == BareCharacter::Allow;
        if ends {
            self.bare_line_feeds.add(self.in_body);
        }
        ends
    }

    fn text(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.state = State::Line;
        self.empty = false;
        out.push(byte);
    }

    fn end_line(&mut self, crlf: bool, out: &mut Vec<u8>) -> DataEvent {
        out.push(b'\n');
        self.in_body |= self.empty;
        self.empty = true;
        self.after_crlf = crlf;
        self.state = State::LineStart;
        DataEvent::More
    }

    fn bare_lf(&mut self, out: &mut Vec<u8>) -> DataEvent {
        self.bare_line_feeds.add(self.in_body);
        match self.strictness.line_feed {
            BareCharacter::Refuse => DataEvent::Refused(Violation::LineFeed),
            BareCharacter::Replace => {
                self.text(b' ', out);
                DataEvent::More
            }
            BareCharacter::Allow if !self.strictness.crlf_dot => self.end_line(false, out),
            BareCharacter::Allow => self.line_feed_inside(out),
        }
    }

    /// A line feed that is a character of its line: a dot behind it begins no line. In the header it becomes a fold,
    /// as what follows it must not be a field of its own.
    fn line_feed_inside(&mut self, out: &mut Vec<u8>) -> DataEvent {
        self.text(b'\n', out);
        if !self.in_body {
            out.push(b' ');
        }
        DataEvent::More
    }

    /// A CR was followed by `byte`, which is not LF.
    fn bare_cr(&mut self, byte: u8, out: &mut Vec<u8>) -> DataEvent {
        if let Some(refused) = self.lone_cr(out) {
            return refused;
        }
        match byte {
            b'\r' => self.state = State::Cr,
            byte => self.text(byte, out),
        }
        DataEvent::More
    }

    /// A CR is no part of a line end.
    fn lone_cr(&mut self, out: &mut Vec<u8>) -> Option<DataEvent> {
        self.bare_carriage_returns.add(self.in_body);
        match self.strictness.carriage_return {
            BareCharacter::Refuse => return Some(DataEvent::Refused(Violation::CarriageReturn)),
            BareCharacter::Replace => self.text(b' ', out),
            BareCharacter::Allow => self.text(b'\r', out),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use BareCharacter::{Allow, Replace};

    fn decode(strictness: Strictness, input: &[u8]) -> (String, usize, DataEvent, DataDecoder) {
        let mut whole = DataDecoder::new(strictness);
        let mut text = Vec::new();
        let (used, event) = whole.push(input, &mut text);
        // the same in single bytes
        let mut decoder = DataDecoder::new(strictness);
        let mut pieces = Vec::new();
        let mut count = 0;
        for byte in input {
            count += 1;
            let (_, step) = decoder.push(&[*byte], &mut pieces);
            if step != DataEvent::More {
                assert_eq!(step, event);
                break;
            }
        }
        assert_eq!((&pieces, count), (&text, used));
        (String::from_utf8_lossy(&text).into_owned(), used, event, whole)
    }

    const LAX: Strictness = Strictness { line_feed: Allow, carriage_return: Allow, crlf_dot: false };

    #[test]
    fn dots_are_taken_off() {
        let (text, used, event, _) = decode(Strictness::default(), b"a\r\n..b\r\n.c\r\n.\r\nQUIT\r\n");
        assert_eq!((text.as_str(), used, event), ("a\n.b\nc\n", 15, DataEvent::End));
    }

    #[test]
    fn bare_characters_are_refused_where_they_stand() {
        let (text, _, event, decoder) = decode(Strictness::default(), b"Subject: lf\n\nbody\n.\r\n");
        assert_eq!((text.as_str(), event), ("Subject: lf", DataEvent::Refused(Violation::LineFeed)));
        assert_eq!(decoder.bare_line_feeds.name(), Some("header"));
        let (text, _, event, decoder) = decode(Strictness::default(), b"a: b\r\n\r\nbody\rone\r\n.\r\n");
        assert_eq!((text.as_str(), event), ("a: b\n\nbody", DataEvent::Refused(Violation::CarriageReturn)));
        assert_eq!(decoder.bare_carriage_returns.name(), Some("body"));
    }

    #[test]
    fn smuggled_ends_do_not_end_the_data() {
        for end in ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r\n\u{0}.\r\n"] {
            let input = format!("a{end}MAIL FROM:<x@y>\r\n");
            let (_, _, event, _) = decode(Strictness::default(), input.as_bytes());
            assert_ne!(event, DataEvent::End, "{end:?}");
        }
    }

    #[test]
    fn replaced_by_blanks() {
        let strictness = Strictness { line_feed: Replace, carriage_return: Replace, crlf_dot: true };
        let (text, _, event, _) = decode(strictness, b"one\nsame\rtoo\r\n.\n\r\n.\r\n");
        assert_eq!((text.as_str(), event), ("one same too\n \n", DataEvent::End));
    }

    #[test]
    fn the_old_lax_reading() {
        let (text, _, event, decoder) = decode(LAX, b"S: lf\n\nbody one\n\rlone\rcr\n.\n");
        assert_eq!((text.as_str(), event), ("S: lf\n\nbody one\n\rlone\rcr\n", DataEvent::End));
        assert_eq!(decoder.bare_line_feeds.name(), Some("header+body"));
        assert_eq!(decoder.bare_carriage_returns.name(), Some("body"));
    }

    #[test]
    fn a_tolerated_line_feed_ends_no_line_where_the_dot_needs_crlf() {
        let strictness = Strictness { line_feed: Allow, ..Strictness::default() };
        let (text, _, event, decoder) = decode(strictness, b"S: a\nB: c\r\n\r\none\n.\ntwo\n..\r\n.\r\n");
        assert_eq!((text.as_str(), event), ("S: a\n B: c\n\none\n.\ntwo\n..\n", DataEvent::End));
        assert_eq!(decoder.bare_line_feeds.name(), Some("header+body"));
    }

    #[test]
    fn chunks_have_no_dots_and_end_anywhere() {
        let decoded = |pieces: &[&[u8]]| {
            let (mut decoder, mut text) = (DataDecoder::of_chunks(Strictness::default()), Vec::new());
            let mut events = pieces.iter().map(|piece| decoder.push(piece, &mut text).1).collect::<Vec<_>>();
            events.push(decoder.finish(&mut text));
            events.retain(|event| *event != DataEvent::More);
            (String::from_utf8_lossy(&text).into_owned(), events)
        };
        assert_eq!(decoded(&[b"a\r", b"\n.\r\n..b"]), ("a\n.\n..b\n".into(), vec![]));
        assert_eq!(decoded(&[b"a\r\n", b"", b".\r\n"]), ("a\n.\n".into(), vec![]));
        let refused = vec![DataEvent::Refused(Violation::CarriageReturn)];
        assert_eq!(decoded(&[b"a\r"]), ("a".into(), refused));
    }

    #[test]
    fn odd_bytes_are_noticed() {
        let (_, _, _, decoder) = decode(Strictness::default(), b"a\0b\r\n\xe9\r\n.\r\n");
        assert!(decoder.nul && decoder.eight_bit);
    }
}
