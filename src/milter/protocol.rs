//! Packets of the milter protocol: four bytes of length, a letter, data (libmilter's `mfdef.h` names letters and bits).
//!
//! In: bytes of a filter. Out: packets, and what they say; what makes no sense says nothing. Never here: sockets, and what
//! follows from an answer.

use std::ops::Not;

/// The version spoken here; filters of an older one are told less.
pub const VERSION: u32 = 6;
/// Filters of an older version are not spoken to.
pub const OLDEST_VERSION: u32 = 2;
/// Bytes of a message's body in one packet at most.
pub const CHUNK: usize = 65535;
/// The longest packet of a filter that is read: libmilter cuts a body into pieces of [`CHUNK`], a header field may be longer.
pub const MAX_PACKET: usize = 1 << 20;

bitflags::bitflags! {
    /// What a filter may do with a message at its end (`SMFIF_…`).
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Actions: u32 {
        /// `SMFIF_ADDHDRS`
        const ADD_HEADERS = 0x1;
        /// `SMFIF_CHGBODY`
        const CHANGE_BODY = 0x2;
        /// `SMFIF_ADDRCPT`
        const ADD_RECIPIENTS = 0x4;
        /// `SMFIF_DELRCPT`
        const DELETE_RECIPIENTS = 0x8;
        /// `SMFIF_CHGHDRS`
        const CHANGE_HEADERS = 0x10;
        /// `SMFIF_QUARANTINE`
        const QUARANTINE = 0x20;
        /// `SMFIF_CHGFROM`
        const CHANGE_SENDER = 0x40;
        /// `SMFIF_ADDRCPT_PAR`
        const ADD_RECIPIENTS_WITH_PARAMETERS = 0x80;
        /// `SMFIF_SETSYMLIST`
        const SET_MACROS = 0x100;
    }

    /// What a filter does not want to be told, or does not answer (`SMFIP_…`).
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Steps: u32 {
        /// `SMFIP_NOCONNECT`
        const NO_CONNECT = 0x1;
        /// `SMFIP_NOHELO`
        const NO_HELO = 0x2;
        /// `SMFIP_NOMAIL`
        const NO_MAIL = 0x4;
        /// `SMFIP_NORCPT`
        const NO_RCPT = 0x8;
        /// `SMFIP_NOBODY`
        const NO_BODY = 0x10;
        /// `SMFIP_NOHDRS`
        const NO_HEADERS = 0x20;
        /// `SMFIP_NOEOH`
        const NO_EOH = 0x40;
        /// `SMFIP_NR_HDR`
        const NO_REPLY_HEADER = 0x80;
        /// `SMFIP_NOUNKNOWN`
        const NO_UNKNOWN = 0x100;
        /// `SMFIP_NODATA`
        const NO_DATA = 0x200;
        /// `SMFIP_SKIP`: it may answer that it has seen enough of the body.
        const SKIP = 0x400;
        /// `SMFIP_RCPT_REJ`: it is told of recipients that are refused already.
        const REFUSED_RECIPIENTS = 0x800;
        /// `SMFIP_NR_CONN`
        const NO_REPLY_CONNECT = 0x1000;
        /// `SMFIP_NR_HELO`
        const NO_REPLY_HELO = 0x2000;
        /// `SMFIP_NR_MAIL`
        const NO_REPLY_MAIL = 0x4000;
        /// `SMFIP_NR_RCPT`
        const NO_REPLY_RCPT = 0x8000;
        /// `SMFIP_NR_DATA`
        const NO_REPLY_DATA = 0x1_0000;
        /// `SMFIP_NR_UNKN`
        const NO_REPLY_UNKNOWN = 0x2_0000;
        /// `SMFIP_NR_EOH`
        const NO_REPLY_EOH = 0x4_0000;
        /// `SMFIP_NR_BODY`
        const NO_REPLY_BODY = 0x8_0000;
        /// `SMFIP_HDR_LEADSPC`: values of header fields keep their leading blank.
        const LEADING_BLANK = 0x10_0000;
    }
}

/// A command that a filter answers, but for [`crate::milter::END_OF_MESSAGE`], whose answers are many.
#[derive(Debug)]
pub struct Command {
    /// Its letter.
    pub letter: u8,
    /// Its name in the log: `action=mail`, `where=mail`.
    pub action: &'static str,
    /// It is not sent to those who said this.
    pub unwanted: Steps,
    /// It is not answered by those who said this.
    pub unanswered: Steps,
    /// Stands in for a reply code that makes no reply.
    pub refusal: &'static str,
    /// The stage whose macros go before it.
    pub stage: Option<Stage>,
}

/// The stages of option Milter.macros, in the order of `MilterOptions::STAGES`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// A client has connected.
    Connect,
    /// HELO, EHLO
    Helo,
    /// MAIL
    Mail,
    /// RCPT
    Rcpt,
    /// DATA
    Data,
    /// The header is over.
    EndOfHeader,
    /// The message is over.
    EndOfMessage,
}

impl Stage {
    /// By its number in the negotiation (`SMFIM_…`).
    pub fn from_number(number: u32) -> Option<Self> {
        const NUMBERS: [Stage; 7] = [
            Stage::Connect,
            Stage::Helo,
            Stage::Mail,
            Stage::Rcpt,
            Stage::Data,
            Stage::EndOfMessage,
            Stage::EndOfHeader,
        ];
        NUMBERS.get(usize::try_from(number).ok()?).copied()
    }
}

const REFUSED: &str = "550 5.7.1 Command rejected";

const fn command(letter: u8, action: &'static str, unwanted: Steps, unanswered: Steps) -> Command {
    Command { letter, action, unwanted, unanswered, refusal: REFUSED, stage: None }
}

const fn with(command: Command, refusal: &'static str, stage: Option<Stage>) -> Command {
    Command { refusal, stage, ..command }
}

/// A client has connected.
pub static CONNECT: Command = with(
    command(b'C', "connect", Steps::NO_CONNECT, Steps::NO_REPLY_CONNECT),
    "554 Command rejected",
    Some(Stage::Connect),
);
/// HELO, EHLO
pub static HELO: Command = with(
    command(b'H', "helo", Steps::NO_HELO, Steps::NO_REPLY_HELO),
    "550 Command rejected",
    Some(Stage::Helo),
);
/// MAIL
pub static MAIL: Command =
    with(command(b'M', "mail", Steps::NO_MAIL, Steps::NO_REPLY_MAIL), REFUSED, Some(Stage::Mail));
/// RCPT
pub static RCPT: Command =
    with(command(b'R', "rcpt", Steps::NO_RCPT, Steps::NO_REPLY_RCPT), REFUSED, Some(Stage::Rcpt));
/// DATA
pub static DATA: Command =
    with(command(b'T', "data", Steps::NO_DATA, Steps::NO_REPLY_DATA), REFUSED, Some(Stage::Data));
/// A command that is none.
pub static UNKNOWN: Command = command(b'U', "unknown", Steps::NO_UNKNOWN, Steps::NO_REPLY_UNKNOWN);
/// A header field.
pub static HEADER: Command = command(b'L', "header", Steps::NO_HEADERS, Steps::NO_REPLY_HEADER);
/// The header is over.
pub static END_OF_HEADER: Command =
    with(command(b'N', "eoh", Steps::NO_EOH, Steps::NO_REPLY_EOH), REFUSED, Some(Stage::EndOfHeader));
/// A piece of the body.
pub static BODY: Command =
    with(command(b'B', "body", Steps::NO_BODY, Steps::NO_REPLY_BODY), "554 5.7.1 Command rejected", None);
/// The message is over.
pub static END_OF_MESSAGE: Command = with(
    command(b'E', "eom", Steps::empty(), Steps::empty()),
    "554 5.7.1 Command rejected",
    Some(Stage::EndOfMessage),
);

/// Letters of what is not answered, and of the negotiation.
pub mod letter {
    /// The message is given up.
    pub const ABORT: u8 = b'A';
    /// Values of macros.
    pub const MACROS: u8 = b'D';
    /// Who can do what.
    pub const NEGOTIATE: u8 = b'O';
    /// The connection ends.
    pub const QUIT: u8 = b'Q';
}

/// A packet as it goes over the wire.
pub fn put_packet(out: &mut Vec<u8>, letter: u8, data: &[u8]) {
    let length = u32::try_from(data.len() + 1).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.push(letter);
    out.extend_from_slice(data);
}

/// Texts, each with a NUL behind it. A NUL within one would begin another: there it ends.
pub fn texts<'a>(texts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut data = Vec::new();
    for text in texts {
        data.extend(text.iter().take_while(|byte| **byte != 0));
        data.push(0);
    }
    data
}

/// A packet of a filter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packet {
    /// Its letter.
    pub letter: u8,
    /// What follows the letter.
    pub data: Vec<u8>,
}

/// What a filter decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Go on.
    Continue,
    /// It need not hear more of this message (or of this connection).
    Accept,
    /// It need not hear more of the body.
    Skip,
    /// Refuse it.
    Reject,
    /// Refuse it for now.
    TemporaryFailure,
    /// Take it, and throw it away.
    Discard,
    /// Refuse it with these words.
    Reply(Vec<u8>),
}

/// What a filter asks for at the end of a message, before it decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// It is still busy.
    Progress,
    /// Hold the message, for this reason.
    Quarantine(Vec<u8>),
    /// A field behind all others: name, value.
    AddHeader(Vec<u8>, Vec<u8>),
    /// A field before which so many others stand.
    InsertHeader(u32, Vec<u8>, Vec<u8>),
    /// Another value for the so-manieth field of that name; an empty one takes it away.
    ChangeHeader(u32, Vec<u8>, Vec<u8>),
    /// One more recipient, with parameters if the packet is the one that may have them.
    AddRecipient(Vec<u8>, Option<Vec<Vec<u8>>>),
    /// One recipient less.
    DeleteRecipient(Vec<u8>),
    /// Another sender, and parameters.
    ChangeSender(Vec<u8>, Vec<Vec<u8>>),
    /// Another body; the next piece of it.
    ReplaceBody(Vec<u8>),
}

impl Packet {
    /// As an answer to a command; `None`: it is none. `refusal` stands in for a reply code that is no reply.
    pub fn answer(&self, refusal: &str) -> Option<Answer> {
        Some(match self.letter {
            b'c' => Answer::Continue,
            b'a' => Answer::Accept,
            b's' => Answer::Skip,
            b'r' => Answer::Reject,
            b't' => Answer::TemporaryFailure,
            b'd' => Answer::Discard,
            b'y' => Answer::Reply(reply_text(&self.data).unwrap_or(refusal.as_bytes()).to_vec()),
            _ => return None,
        })
    }

    /// As a request at the end of a message; `None`: it is none. Where its parts are missing, `Some(None)`: it is passed over,
    /// as sendmail does.
    pub fn request(&self) -> Option<Option<Request>> {
        Some(match self.letter {
            b'p' => Some(Request::Progress),
            b'q' => self.data.strip_suffix(b"\0").map(|reason| Request::Quarantine(reason.to_vec())),
            b'h' => split(&self.data).and_then(pair).map(|(name, value)| Request::AddHeader(name, value)),
            b'i' => self.numbered().map(|(at, name, value)| Request::InsertHeader(at, name, value)),
            b'm' => self.numbered().map(|(at, name, value)| Request::ChangeHeader(at, name, value)),
            b'+' => split(&self.data).and_then(single).map(|text| Request::AddRecipient(text, None)),
            b'2' => split(&self.data)
                .and_then(with_parameters)
                .map(|(text, more)| Request::AddRecipient(text, Some(more))),
            b'-' => split(&self.data).and_then(single).map(Request::DeleteRecipient),
            b'e' => split(&self.data)
                .and_then(with_parameters)
                .map(|(text, more)| Request::ChangeSender(text, more)),
            b'b' => Some(Request::ReplaceBody(self.data.clone())),
            _ => return None,
        })
    }

    fn numbered(&self) -> Option<(u32, Vec<u8>, Vec<u8>)> {
        let (number, rest) = self.data.split_first_chunk()?;
        let (name, value) = split(rest).and_then(pair)?;
        Some((u32::from_be_bytes(*number), name, value))
    }
}

/// Texts with a NUL behind each.
fn split(data: &[u8]) -> Option<Vec<Vec<u8>>> {
    let data = data.strip_suffix(b"\0")?;
    Some(data.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect())
}

fn single(texts: Vec<Vec<u8>>) -> Option<Vec<u8>> {
    let [text] = <[_; 1]>::try_from(texts).ok()?;
    text.is_empty().not().then_some(text)
}

fn pair(texts: Vec<Vec<u8>>) -> Option<(Vec<u8>, Vec<u8>)> {
    let [name, value] = <[_; 2]>::try_from(texts).ok()?;
    name.is_empty().not().then_some((name, value))
}

fn with_parameters(mut texts: Vec<Vec<u8>>) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
    let more = texts.split_off(1.min(texts.len()));
    Some((single(texts)?, more))
}

/// The text of a reply code: it begins with 4yz or 5yz, ends with its one NUL, and a percent sign stands doubled
/// (libmilter sees to that).
fn reply_text(data: &[u8]) -> Option<&[u8]> {
    let text = data.strip_suffix(b"\0").filter(|text| !text.contains(&0))?;
    let [b'4' | b'5', b'0'..=b'9', b'0'..=b'9', ..] = text else { return None };
    let percents = text.split(|byte| *byte != b'%');
    percents.map(<[u8]>::len).all(|run| run % 2 == 0).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(letter: u8, data: &[u8]) -> Packet {
        Packet { letter, data: data.to_vec() }
    }

    #[test]
    fn replies_are_replies_or_the_usual_refusal() {
        let reply = |text: &[u8]| packet(b'y', text).answer("550 5.7.1 Command rejected");
        assert_eq!(reply(b"451 4.7.1 later\0"), Some(Answer::Reply(b"451 4.7.1 later".to_vec())));
        for text in
            [&b"250 fine\0"[..], b"550 no NUL", b"55\0", b"550 100%\0", b"550 two\0texts\0", b"\0", b""]
        {
            assert_eq!(reply(text), Some(Answer::Reply(b"550 5.7.1 Command rejected".to_vec())), "{text:?}");
        }
        assert_eq!(packet(b'z', b"").answer(""), None);
    }

    #[test]
    fn requests_without_their_parts_are_passed_over() {
        let request = packet(b'i', b"\0\0\0\x02Name\0value\0").request();
        assert_eq!(request, Some(Some(Request::InsertHeader(2, b"Name".to_vec(), b"value".to_vec()))));
        for (letter, data) in
            [(b'i', &b"\0\0"[..]), (b'h', b"Name\0"), (b'h', b"\0value\0"), (b'+', b""), (b'e', b"\0")]
        {
            assert_eq!(packet(letter, data).request(), Some(None), "{letter} {data:?}");
        }
        assert_eq!(packet(b'r', b"").request(), None);
    }

    #[test]
    fn no_text_holds_a_nul() {
        assert_eq!(texts([&b"a\0b"[..], b""]), b"a\0\0");
    }
}
