//! What was said of a message beside its header: flags, BODY=, BY=.

bitflags::bitflags! {
    /// What is known of a whole message, and kept with it: the letters of a qf's F line.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct EnvelopeFlags: u32 {
        /// `w`: the sender was told that it takes longer.
        const WARNED = 1;
        /// `r`: it is itself an error report or has the null sender.
        const RESPONSE = 2;
        /// `8`: the body has 8-bit data.
        const EIGHT_BIT = 4;
        /// `b`: the Bcc field is to be deleted on output.
        const DELETE_BCC = 8;
        /// `d`: RET= was given (RFC 3461, 4.3).
        const RETURN_GIVEN = 0x10;
        /// `n`: RET=HDRS.
        const NO_BODY_RETURN = 0x20;
        /// `s`: it went through splitting.
        const SPLIT = 0x40;
        /// `e`: SMTPUTF8 (RFC 6531).
        const SMTPUTF8 = 0x80;
    }
}

/// BODY= of MAIL (RFC 6152).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BodyType {
    /// `7BIT`
    SevenBit,
    /// `8BITMIME`
    EightBitMime,
}

impl BodyType {
    /// As in MAIL and in queue files.
    pub fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::SevenBit => b"7BIT",
            Self::EightBitMime => b"8BITMIME",
        }
    }

    /// Without ASCII case; `None` for anything else.
    pub fn parse(text: &[u8]) -> Option<Self> {
        [Self::SevenBit, Self::EightBitMime]
            .into_iter()
            .find(|kind| kind.as_bytes().eq_ignore_ascii_case(text))
    }
}

/// BY= of MAIL (RFC 2852, 4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeliverBy {
    /// Seconds from arrival: no span of time, since mode N may say one that is over already (RFC 2852, 4).
    pub seconds: i64,
    /// [`DeliverBy::NOTIFY`] and the others, as queue files hold them.
    pub flags: u8,
}

impl DeliverBy {
    /// Mode N: who waits is told when it is late.
    pub const NOTIFY: u8 = 0x01;
    /// Mode R: it comes back when it is late.
    pub const RETURN: u8 = 0x02;
    /// T: every relay tells.
    pub const TRACE: u8 = 0x10;

    /// Is this asked for?
    pub fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}
