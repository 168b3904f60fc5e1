//! The two accounting lines of every message, `from=` and `to=`, exactly as log readers expect them.

/// What the `from=` line says. Fields that are `None` or empty are left out with their keys.
#[derive(Clone, Debug, Default)]
pub struct SenderLine<'a> {
    /// The address as typed, brackets included.
    pub from: &'a [u8],
    /// Bytes received.
    pub size: u64,
    /// Class from Precedence.
    pub class: i64,
    /// Number of recipients.
    pub recipients: usize,
    /// Message-Id as given.
    pub message_id: Option<&'a [u8]>,
    /// `8BITMIME`, `7BIT`.
    pub body_type: Option<&'a [u8]>,
    /// `ESMTP` and the like; none for local submission.
    pub protocol: Option<&'a [u8]>,
    /// Name of the daemon that took it.
    pub daemon: Option<&'a [u8]>,
    /// `$_`
    pub relay: &'a [u8],
}

/// What a `to=` line says; one line for all recipients that shared the same fate.
#[derive(Clone, Debug, Default)]
pub struct RecipientLine<'a> {
    /// The addresses as known to the user.
    pub to: Vec<&'a [u8]>,
    /// Controlling user: address, uid, gid.
    pub control: Option<(&'a [u8], u32, u32)>,
    /// Seconds since creation.
    pub delay: i64,
    /// Seconds of this attempt; none for `queued`.
    pub attempt_delay: Option<i64>,
    /// The mailer's name.
    pub mailer: Option<&'a [u8]>,
    /// The envelope's priority.
    pub priority: i64,
    /// Host, with address in brackets when one was connected to.
    pub relay: Option<&'a [u8]>,
    /// Quarantine reason.
    pub quarantine: Option<&'a [u8]>,
    /// Enhanced status.
    pub dsn: Option<&'a [u8]>,
    /// What the remote server said, for results other than success.
    pub reply: Option<&'a [u8]>,
    /// `Sent`, `Deferred: …`.
    pub stat: &'a [u8],
}

impl SenderLine<'_> {
    /// The text of the line.
    pub fn to_line(&self) -> Vec<u8> {
        todo!("lands with the log")
    }
}

impl RecipientLine<'_> {
    /// The text of the line.
    pub fn to_line(&self) -> Vec<u8> {
        todo!("lands with the log")
    }
}
