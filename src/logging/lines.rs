//! The two accounting lines of every message, `from=` and `to=`, exactly as log readers expect them.

use crate::schema::UserIds;

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

/// What a `to=` line says; one line for all recipients with the same result.
#[derive(Clone, Debug, Default)]
pub struct RecipientLine<'a> {
    /// The addresses as known to the user.
    pub to: Vec<&'a [u8]>,
    /// Controlling user: address, and ids where there is an account.
    pub control: Option<(&'a [u8], Option<UserIds>)>,
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

/// Longest address in a from= line, in bytes.
const MAX_SENDER: usize = 200;

/// Longest Message-Id, in bytes.
const MAX_MESSAGE_ID: usize = 100;

impl SenderLine<'_> {
    /// The text of the line.
    pub fn to_line(&self) -> Vec<u8> {
        let mut line = Line::default();
        line.field("from", cut(self.from, MAX_SENDER));
        line.field("size", self.size.to_string().as_bytes());
        line.field("class", self.class.to_string().as_bytes());
        line.field("nrcpts", self.recipients.to_string().as_bytes());
        line.optional("msgid", self.message_id.map(|id| cut(id, MAX_MESSAGE_ID)));
        line.optional("bodytype", self.body_type);
        line.optional("proto", self.protocol);
        line.optional("daemon", self.daemon);
        line.field("relay", self.relay);
        line.0
    }
}

/// Bytes of addresses in one `to=` line; the rest of it fits beside them.
const ADDRESSES: usize = 400;

impl RecipientLine<'_> {
    /// The text of the line.
    pub fn to_line(&self) -> Vec<u8> {
        self.line(&self.to)
    }

    /// The same in lines that a log can hold: all but the last have addresses only and end in `[more]`.
    pub fn to_lines(&self) -> Vec<Vec<u8>> {
        let (mut lines, mut rest) = (Vec::new(), self.to.as_slice());
        loop {
            let mut length = 0;
            let fits = rest.iter().take_while(|address| {
                length += address.len() + 1;
                length <= ADDRESSES
            });
            let count = fits.count().max(1).min(rest.len());
            if count == rest.len() {
                lines.push(self.line(rest));
                return lines;
            }
            lines.push([b"to=", &rest[..count].join(&b',')[..], b" [more]"].concat());
            rest = &rest[count..];
        }
    }

    fn line(&self, to: &[&[u8]]) -> Vec<u8> {
        let mut line = Line::default();
        line.field("to", &to.join(&b','));
        if let Some((address, ids)) = self.control {
            let ids = ids.map(|UserIds { uid, gid }| format!(" ({uid}/{gid})")).unwrap_or_default();
            line.field("ctladdr", &[&log_text(address), ids.as_bytes()].concat());
        }
        line.field("delay", interval(self.delay).as_bytes());
        line.optional("xdelay", self.attempt_delay.map(interval).as_ref().map(String::as_bytes));
        line.optional("mailer", self.mailer);
        // sendmail has no number for what comes before everything else
        let priority = if self.priority < 0 { i64::MAX } else { self.priority };
        line.field("pri", priority.to_string().as_bytes());
        match self.quarantine {
            Some(reason) => line.field("quarantine", reason),
            None => line.optional("relay", self.relay),
        }
        line.optional("dsn", self.dsn);
        line.optional("reply", self.reply);
        line.field("stat", self.stat);
        line.0
    }
}

/// `key=value, key=value`
#[derive(Default)]
struct Line(Vec<u8>);

impl Line {
    fn field(&mut self, key: &str, value: &[u8]) {
        if !self.0.is_empty() {
            self.0.extend_from_slice(b", ");
        }
        self.0.extend_from_slice(key.as_bytes());
        self.0.push(b'=');
        self.0.extend_from_slice(value);
    }

    /// Nothing at all without a value.
    fn optional(&mut self, key: &str, value: Option<&[u8]>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.field(key, value);
        }
    }
}

fn cut(text: &[u8], longest: usize) -> &[u8] {
    &text[..text.len().min(longest)]
}

/// `[D+]HH:MM:SS`, as the log shows how long something took.
pub fn interval(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let time = format!("{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
    if days > 0 { format!("{days}+{time}") } else { time }
}

/// An address as the log shows it: backslashes doubled.
pub fn log_text(address: &[u8]) -> Vec<u8> {
    address.iter().flat_map(|byte| std::iter::repeat_n(*byte, if *byte == b'\\' { 2 } else { 1 })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sender_line() {
        let line = SenderLine {
            from: b"<ann@elsewhere.example>",
            size: 192,
            recipients: 1,
            message_id: Some(b"<m1@elsewhere.example>"),
            protocol: Some(b"ESMTP"),
            daemon: Some(b"MTA"),
            relay: b"client9.elsewhere.example [127.0.0.9]",
            ..SenderLine::default()
        };
        let expected = "from=<ann@elsewhere.example>, size=192, class=0, nrcpts=1, msgid=<m1@elsewhere.example>, \
                        proto=ESMTP, daemon=MTA, relay=client9.elsewhere.example [127.0.0.9]";
        assert_eq!(String::from_utf8_lossy(&line.to_line()), expected);
    }

    #[test]
    fn the_recipient_line() {
        let line = RecipientLine {
            to: vec![b"nosuchuser", b"other"],
            control: Some((b"<badone@site.example>", Some(UserIds { uid: 8, gid: 0 }))),
            delay: 93_784,
            mailer: Some(b"local"),
            priority: 120_192,
            dsn: Some(b"5.1.1"),
            reply: Some(b"550 5.1.1 User unknown"),
            stat: b"User unknown",
            ..RecipientLine::default()
        };
        let expected = "to=nosuchuser,other, ctladdr=<badone@site.example> (8/0), delay=1+02:03:04, mailer=local, \
                        pri=120192, dsn=5.1.1, reply=550 5.1.1 User unknown, stat=User unknown";
        assert_eq!(String::from_utf8_lossy(&line.to_line()), expected);
        // Precedence: special-delivery
        let urgent = RecipientLine { priority: -149_762, ..line }.to_line();
        assert!(String::from_utf8_lossy(&urgent).contains(", pri=9223372036854775807, "));
    }

    #[test]
    fn many_recipients_take_several_lines() {
        let address: &[u8] = b"<someone.with.a.long.name@somewhere.example>";
        let line = RecipientLine { to: vec![address; 20], stat: b"Sent", ..RecipientLine::default() };
        let lines = line.to_lines();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].ends_with(b" [more]") && lines[2].ends_with(b"stat=Sent"));
    }
}
