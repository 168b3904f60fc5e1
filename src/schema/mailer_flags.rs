//! The letters of a mailer's F= and what they ask for.

/// One flag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MailerFlag {
    /// The letter.
    pub letter: u8,
    /// What it asks for.
    pub doc: &'static str,
}

/// All flags that mean something; any other letter is accepted too.
pub const MAILER_FLAGS: &[MailerFlag] = &[
    MailerFlag { letter: b'a', doc: "Speak ESMTP from the start" },
    MailerFlag { letter: b'A', doc: "User part looked up in aliases" },
    MailerFlag { letter: b'b', doc: "Blank line at the end" },
    MailerFlag { letter: b'B', doc: "Strip leading backslashes of the user" },
    MailerFlag {
        letter: b'c',
        doc: "Remotename uses the plain $g pattern: comments and display names dropped",
    },
    MailerFlag {
        letter: b'C',
        doc: "Sender mailer: append sender domain to bare header addresses (rewriting, box D)",
    },
    MailerFlag { letter: b'd', doc: "No angle brackets around route addresses in the envelope" },
    MailerFlag { letter: b'D', doc: "Cf convention: wants Date" },
    MailerFlag { letter: b'e', doc: "Expensive, see HoldExpensive" },
    MailerFlag { letter: b'E', doc: "Escape From_ in bodies" },
    MailerFlag { letter: b'f', doc: "Pass -f sender" },
    MailerFlag { letter: b'F', doc: "Cf convention: wants From" },
    MailerFlag { letter: b'g', doc: "Use $n instead of the null sender" },
    MailerFlag { letter: b'h', doc: "Keep host case (without it buildaddr lower-cases the host)" },
    MailerFlag { letter: b'H', doc: "Preview headers (MAIL11)" },
    MailerFlag { letter: b'i', doc: "Userdb rewriting of envelope sender" },
    MailerFlag {
        letter: b'I',
        doc: "Speaks to a sendmail: VERB is said (deprecated, logs a warning when read)",
    },
    MailerFlag { letter: b'j', doc: "Userdb rewriting of header recipients" },
    MailerFlag { letter: b'k', doc: "No self-connection check" },
    MailerFlag { letter: b'K', doc: "Reserved" },
    MailerFlag { letter: b'l', doc: "Local: a triple without $@ is legal; final delivery" },
    MailerFlag { letter: b'L', doc: "Line limit 990; below level 2 also 7" },
    MailerFlag { letter: b'm', doc: "Several recipients per run" },
    MailerFlag { letter: b'M', doc: "Cf convention: wants Message-Id" },
    MailerFlag { letter: b'n', doc: "No From_ line" },
    MailerFlag { letter: b'N', doc: "Several statuses per DATA (MAIL11)" },
    MailerFlag { letter: b'o', doc: "Run as recipient" },
    MailerFlag { letter: b'p', doc: "Route form in MAIL" },
    MailerFlag { letter: b'P', doc: "Cf convention: wants Return-Path" },
    MailerFlag { letter: b'q', doc: "VRFY answers 250" },
    MailerFlag { letter: b'r', doc: "Pass -r sender" },
    MailerFlag { letter: b'R', doc: "Reserved source port" },
    MailerFlag { letter: b's', doc: "Strip quotes and backslashes before calling" },
    MailerFlag { letter: b'S', doc: "Keep privileges / effective uid from U=" },
    MailerFlag { letter: b'u', doc: "Keep user case (without it buildaddr lower-cases the user)" },
    MailerFlag { letter: b'U', doc: "UUCP From_ line" },
    MailerFlag { letter: b'v', doc: "Content-Length header (where compiled)" },
    MailerFlag { letter: b'w', doc: "User must be in the mailbox database" },
    MailerFlag { letter: b'W', doc: "Ignore host status" },
    MailerFlag { letter: b'x', doc: "Cf convention: wants Full-Name" },
    MailerFlag { letter: b'X', doc: "Dot stuffing" },
    MailerFlag { letter: b'z', doc: "LMTP" },
    MailerFlag { letter: b'Z', doc: "DialDelay applies" },
    MailerFlag { letter: b'0', doc: "No MX lookup" },
    MailerFlag { letter: b'1', doc: "Strip NULs" },
    MailerFlag { letter: b'2', doc: "Never ESMTP" },
    MailerFlag { letter: b'3', doc: "More quoted-printable for EBCDIC" },
    MailerFlag { letter: b'4', doc: "IPv4 only" },
    MailerFlag { letter: b'5', doc: "Ruleset 5 when no alias matched (unless user began with @)" },
    MailerFlag { letter: b'6', doc: "Headers 7 bit" },
    MailerFlag { letter: b'7', doc: "All 7 bit" },
    MailerFlag { letter: b'8', doc: "Send 8 bit as is" },
    MailerFlag { letter: b'9', doc: "7 to 8 bit conversion" },
    MailerFlag {
        letter: b':',
        doc: "User beginning :include: goes to *include* (and skips rulesets 2, R=, 4)",
    },
    MailerFlag { letter: b'|', doc: "User beginning | (after one optional quote) goes to prog" },
    MailerFlag { letter: b'/', doc: "User beginning / (after one optional quote) goes to *file*" },
    MailerFlag {
        letter: b'@',
        doc: "Userdb lookup; a user beginning @ loses it and is marked not-remote (no ruleset 5)",
    },
    MailerFlag { letter: b'%', doc: "Hold for selected queue runs" },
    MailerFlag { letter: b'~', doc: "Check home directory (SGI)" },
    MailerFlag { letter: b'!', doc: "No MH hack" },
    MailerFlag { letter: b'_', doc: "SMTP over TLS client (FFR)" },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_letter_stands_once() {
        for (index, flag) in MAILER_FLAGS.iter().enumerate() {
            assert!(
                MAILER_FLAGS[..index].iter().all(|other| other.letter != flag.letter),
                "{}",
                flag.letter as char
            );
        }
    }
}
