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
        /// `T`: REQUIRETLS (RFC 8689). sendmail has no such letter; the file says that it is not for sendmail.
        const REQUIRE_TLS = 0x100;
    }
}

/// BODY= of MAIL (RFC 6152), in the letters in which it was written: sendmail passes them on.
#[derive(Clone, Copy, Debug)]
pub struct BodyType {
    /// Padded with zeroes.
    word: [u8; 8],
}

impl BodyType {
    /// `7BIT`
    pub const SEVEN_BIT: Self = Self { word: *b"7BIT\0\0\0\0" };
    /// `8BITMIME`
    pub const EIGHT_BIT_MIME: Self = Self { word: *b"8BITMIME" };

    /// As in MAIL and in queue files.
    pub fn as_bytes(&self) -> &[u8] {
        let end = self.word.iter().position(|byte| *byte == 0);
        &self.word[..end.unwrap_or(self.word.len())]
    }

    /// Without ASCII case; `None` for anything else.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let kinds = [Self::SEVEN_BIT, Self::EIGHT_BIT_MIME];
        let mut kind = kinds.into_iter().find(|kind| kind.as_bytes().eq_ignore_ascii_case(text))?;
        kind.word[..text.len()].copy_from_slice(text);
        Some(kind)
    }
}

impl PartialEq for BodyType {
    fn eq(&self, other: &Self) -> bool {
        self.word.eq_ignore_ascii_case(&other.word)
    }
}

impl Eq for BodyType {}

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
