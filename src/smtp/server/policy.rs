//! What the configuration says about SMTP service, read once per load.

use std::time::Duration;

bitflags::bitflags! {
    /// PrivacyOptions.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct Privacy: u32 {
        /// `needmailhelo`
        const NEED_MAIL_HELO = 1;
        /// `needexpnhelo`
        const NEED_EXPN_HELO = 2;
        /// `needvrfyhelo`
        const NEED_VRFY_HELO = 4;
        /// `noexpn`
        const NO_EXPN = 8;
        /// `novrfy`
        const NO_VRFY = 0x10;
        /// `noverb`
        const NO_VERB = 0x20;
        /// `authwarnings`
        const AUTH_WARNINGS = 0x40;
        /// `noetrn`
        const NO_ETRN = 0x80;
        /// `noreceipts`
        const NO_RECEIPTS = 0x100;
        /// `restrictmailq`
        const RESTRICT_MAILQ = 0x200;
        /// `restrictqrun`
        const RESTRICT_QRUN = 0x400;
        /// `restrictexpand`
        const RESTRICT_EXPAND = 0x800;
        /// `nobodyreturn`
        const NO_BODY_RETURN = 0x1000;
        /// `noactualrecipient`
        const NO_ACTUAL_RECIPIENT = 0x2000;
        /// `goaway`
        const GO_AWAY = 0x7f;
    }
}

const PRIVACY_WORDS: &[(&str, Privacy)] = &[
    ("public", Privacy::empty()),
    ("needmailhelo", Privacy::NEED_MAIL_HELO),
    ("needexpnhelo", Privacy::NEED_EXPN_HELO),
    ("needvrfyhelo", Privacy::NEED_VRFY_HELO),
    ("noexpn", Privacy::NO_EXPN.union(Privacy::NO_VERB)),
    ("novrfy", Privacy::NO_VRFY),
    ("noverb", Privacy::NO_VERB),
    ("authwarnings", Privacy::AUTH_WARNINGS),
    ("noetrn", Privacy::NO_ETRN),
    ("noreceipts", Privacy::NO_RECEIPTS),
    ("restrictmailq", Privacy::RESTRICT_MAILQ),
    ("restrictqrun", Privacy::RESTRICT_QRUN),
    ("restrictexpand", Privacy::RESTRICT_EXPAND),
    ("nobodyreturn", Privacy::NO_BODY_RETURN),
    ("noactualrecipient", Privacy::NO_ACTUAL_RECIPIENT),
    ("goaway", Privacy::GO_AWAY),
];

impl Privacy {
    /// Reads the option's words, separated by commas or blanks; unknown ones are passed over (the
    /// loading of the configuration has complained about them).
    pub fn parse(text: &[u8]) -> Self {
        let words = text.split(|byte| *byte == b',' || byte.is_ascii_whitespace());
        words.fold(Self::empty(), |sum, word| {
            let row = PRIVACY_WORDS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()));
            row.map_or(sum, |(_, bits)| sum | *bits)
        })
    }
}

/// The listener a client came in by.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DaemonFacts {
    /// Name= of DaemonPortOptions.
    pub name: Vec<u8>,
    /// M= letters.
    pub modifiers: Vec<u8>,
    /// `${daemon_family}`: `inet`, `inet6` or `local`.
    pub family: Vec<u8>,
    /// `${daemon_addr}`
    pub address: Vec<u8>,
    /// `${daemon_port}`
    pub port: Vec<u8>,
}

impl DaemonFacts {
    /// Is a modifier set?
    pub fn has(&self, modifier: u8) -> bool {
        self.modifiers.contains(&modifier)
    }

    /// `${daemon_flags}`: the letters apart, upper-case ones doubled (`CC f`).
    pub fn flags_macro(&self) -> Vec<u8> {
        let words = self.modifiers.iter().map(|letter| match letter.is_ascii_uppercase() {
            true => vec![*letter; 2],
            false => vec![*letter],
        });
        words.collect::<Vec<_>>().join(&b' ')
    }
}

/// The options that govern SMTP service.
#[derive(Clone, Debug)]
pub struct Policy {
    /// PrivacyOptions
    pub privacy: Privacy,
    /// SmtpGreetingMessage, in the internal alphabet.
    pub greeting: Vec<u8>,
    /// HelpFile's path.
    pub help_file: Vec<u8>,
    /// AllowBogusHELO
    pub allow_bogus_helo: bool,
    /// MaxMessageSize in bytes; 0 means no limit.
    pub max_message_size: u64,
    /// MaxRecipientsPerMessage; 0 means no limit.
    pub max_recipients: u32,
    /// BadRcptThrottle; 0 means never.
    pub bad_rcpt_throttle: u32,
    /// BadRcptThrottleDelay
    pub bad_rcpt_delay: Duration,
    /// BadRcptShutdown; 0 means never.
    pub bad_rcpt_shutdown: u32,
    /// BadRcptShutdownGood: percentage of good recipients that keeps the connection.
    pub bad_rcpt_shutdown_good: u32,
    /// MaxNOOPCommands
    pub max_noops: u32,
    /// MaxHeadersLength in bytes; 0 means no limit.
    pub max_headers_length: u64,
    /// RejectNUL
    pub reject_nul: bool,
    /// SendMimeErrors
    pub send_mime_errors: bool,
    /// DeliverByMin in seconds; negative switches DELIVERBY off.
    pub deliver_by_min: i64,
    /// SoftBounce
    pub soft_bounce: bool,
    /// LogLevel
    pub log_level: i64,
    /// Timeout.command
    pub command_timeout: Duration,
    /// Timeout.datablock
    pub data_timeout: Duration,
    /// MaxDaemonChildren; 0 means no limit.
    pub max_daemon_children: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            privacy: Privacy::default(),
            greeting: b"\x81j Sendmail \x81v/\x81Z; \x81b".to_vec(),
            help_file: Vec::new(),
            allow_bogus_helo: false,
            max_message_size: 0,
            max_recipients: 0,
            bad_rcpt_throttle: 0,
            bad_rcpt_delay: Duration::from_secs(1),
            bad_rcpt_shutdown: 0,
            bad_rcpt_shutdown_good: 0,
            max_noops: 20,
            max_headers_length: 32768,
            reject_nul: false,
            send_mime_errors: true,
            deliver_by_min: 0,
            soft_bounce: false,
            log_level: 9,
            command_timeout: Duration::from_secs(3600),
            data_timeout: Duration::from_secs(3600),
            max_daemon_children: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_privacy() {
        assert!(Privacy::parse(b"goaway,noetrn").contains(Privacy::NO_ETRN | Privacy::NEED_MAIL_HELO));
        assert!(Privacy::parse(b"NoExpn").contains(Privacy::NO_VERB));
        assert_eq!(Privacy::parse(b"public, nonsense"), Privacy::empty());
    }

    #[test]
    fn upper_case_modifiers_are_doubled() {
        let daemon = DaemonFacts { modifiers: b"Cf".to_vec(), ..DaemonFacts::default() };
        assert_eq!(daemon.flags_macro(), b"CC f");
    }
}
