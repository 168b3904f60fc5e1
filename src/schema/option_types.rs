//! Types of option values that are more than a number or a text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// EightBitMode: what happens to 8-bit data that nobody declared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum EightBitMode {
    /// Sent as it is, or converted to MIME where the next hop wants 7 bits.
    #[default]
    Pass,
    /// Made MIME at once.
    Mime,
    /// Refused.
    Strict,
}

/// DeliveryMode.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DeliveryMode {
    /// Before the answer.
    Interactive,
    /// After the answer.
    #[default]
    Background,
    /// At the next queue run.
    Queue,
    /// At the next queue run; maps with -D are not asked before.
    Defer,
}

impl DeliveryMode {
    /// The letter in the cf and in `${deliveryMode}`.
    pub fn letter(self) -> u8 {
        match self {
            Self::Interactive => b'i',
            Self::Background => b'b',
            Self::Queue => b'q',
            Self::Defer => b'd',
        }
    }

    /// The mode of a letter.
    pub fn from_letter(letter: u8) -> Option<Self> {
        [Self::Interactive, Self::Background, Self::Queue, Self::Defer]
            .into_iter()
            .find(|mode| mode.letter() == letter)
    }
}

/// SuperSafe: what must be on disk before a message is acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SuperSafe {
    /// Nothing.
    No,
    /// As `Yes` unless delivery is interactive.
    Interactive,
    /// The data file after the filters have spoken.
    PostMilter,
    /// Everything.
    #[default]
    Yes,
}

/// QueueSortOrder.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum QueueSortOrder {
    /// By file name.
    FileName,
    /// By the first recipient's host.
    Host,
    /// By modification time of the queue file.
    ModTime,
    /// By priority.
    #[default]
    Priority,
    /// By submission time.
    Time,
    /// By chance.
    Random,
    /// By the first recipient's host, read from its end.
    Shuffle,
    /// As the directory lists them.
    None,
}

/// NoRecipientAction: what is put into a message without recipient headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NoRecipientAction {
    /// Nothing.
    #[default]
    None,
    /// A To: header.
    AddTo,
    /// An Apparently-To: header.
    AddApparentlyTo,
    /// An empty Bcc: header.
    AddBcc,
    /// `To: undisclosed-recipients:;`
    AddToUndisclosed,
}

/// DontProbeInterfaces, turned around.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ProbeInterfaces {
    /// Names and addresses of all interfaces go into class w.
    #[default]
    All,
    /// All but loopback interfaces.
    NoLoopback,
    /// None.
    None,
}

/// TimeZoneSpec.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum TimeZone {
    /// TZ is removed from the environment.
    #[default]
    Cleared,
    /// The caller's TZ stays.
    Inherited,
    /// TZ is set to this.
    Set(Vec<u8>),
}

macro_rules! privacy {
    ($($(#[doc = $doc:literal])? $flag:ident = $bits:expr, $word:literal;)*) => {
        bitflags::bitflags! {
            /// PrivacyOptions.
            #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
            pub struct Privacy: u32 {
                $($(#[doc = $doc])? const $flag = $bits;)*
            }
        }
        impl Privacy {
            /// The words and what they stand for.
            pub const WORDS: &'static [(&'static str, Privacy)] = &[$(($word, Privacy::$flag)),*];
        }
    };
}

privacy! {
    /// No restriction.
    PUBLIC = 0, "public";
    /// HELO before MAIL.
    NEED_MAIL_HELO = 1, "needmailhelo";
    /// HELO before EXPN.
    NEED_EXPN_HELO = 2, "needexpnhelo";
    /// HELO before VRFY.
    NEED_VRFY_HELO = 4, "needvrfyhelo";
    /// No EXPN; implies no VERB.
    NO_EXPN = 8, "noexpn";
    /// No VRFY.
    NO_VRFY = 0x10, "novrfy";
    /// X-Authentication-Warning headers.
    AUTH_WARNINGS = 0x20, "authwarnings";
    /// No VERB.
    NO_VERB = 0x40, "noverb";
    /// Only the queue's group lists the queue.
    RESTRICT_MAILQ = 0x80, "restrictmailq";
    /// Only the queue's owner runs the queue.
    RESTRICT_QRUN = 0x100, "restrictqrun";
    /// -bv runs without privileges.
    RESTRICT_EXPAND = 0x200, "restrictexpand";
    /// No ETRN.
    NO_ETRN = 0x400, "noetrn";
    /// Bounces without the body.
    NO_BODY_RETURN = 0x800, "nobodyreturn";
    /// No reports of success.
    NO_RECEIPTS = 0x1000, "noreceipts";
    /// All that strangers could use.
    GO_AWAY = 0x7f, "goaway";
    /// No X-Actual-Recipient.
    NO_ACTUAL_RECIPIENT = 0x2000, "noactualrecipient";
}

/// ResolverOptions.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ResolverOptions {
    /// `HasWildcardMX`: MX records do not prove that a name exists in a search domain.
    pub has_wildcard_mx: bool,
    /// `WorkAroundBrokenAAAA`: a SERVFAIL for AAAA is "no such record".
    pub work_around_broken_aaaa: bool,
    /// Resolver flags set (true) or cleared (false), lower-cased, in order.
    pub flags: Vec<(Vec<u8>, bool)>,
}

impl ResolverOptions {
    /// The flags that may follow + or -.
    pub const FLAGS: &'static [&'static str] = &[
        "debug",
        "aaonly",
        "usevc",
        "primary",
        "igntc",
        "recurse",
        "defnames",
        "stayopen",
        "dnsrch",
        "use_edns0",
        "use_dnssec",
        "trustad",
    ];

    /// Is a flag on, given its usual state?
    pub fn flag(&self, name: &str, usual: bool) -> bool {
        let said = self.flags.iter().rev().find(|(flag, _)| flag == name.as_bytes());
        said.map_or(usual, |(_, on)| *on)
    }
}

/// The family of a listening or sending socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Family {
    /// IPv4.
    #[default]
    Inet,
    /// IPv6.
    Inet6,
    /// A path.
    Local,
    /// Another one, by number.
    Other(i64),
}

impl Family {
    /// The word in `${daemon_family}`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Inet => "inet",
            Self::Inet6 => "inet6",
            Self::Local => "local",
            Self::Other(_) => "unspec",
        }
    }
}

/// One DaemonPortOptions line: a listener.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DaemonPort {
    /// Name=; `Daemon0`, `Daemon1`… by default.
    pub name: Vec<u8>,
    /// Port=; the smtp service by default.
    pub port: Option<u16>,
    /// Address= as an address; `None`: any.
    pub address: Option<IpAddr>,
    /// Address= as written (a path with Family=local).
    pub address_text: Option<Vec<u8>>,
    /// Family=
    pub family: Family,
    /// InputMailFilters=, when the line has its own.
    pub filters: Option<Vec<Vec<u8>>>,
    /// Listen=: how many connections may wait; 0 where it is not said.
    pub backlog: i64,
    /// Modifiers= letters, in the order given.
    pub modifiers: Vec<u8>,
    /// SndBufSize= in bytes; 0: the system's.
    pub send_buffer: i64,
    /// RcvBufSize= in bytes; 0: the system's.
    pub receive_buffer: i64,
    /// children=
    pub max_children: Option<i64>,
    /// DeliveryMode=
    pub delivery_mode: Option<DeliveryMode>,
    /// delayLA=
    pub delay_la: Option<i64>,
    /// queueLA=
    pub queue_la: Option<i64>,
    /// refuseLA=
    pub refuse_la: Option<i64>,
}

impl DaemonPort {
    /// Where it listens; the address of a family stands for all of the host's.
    pub fn socket_address(&self) -> SocketAddr {
        let any: IpAddr = match self.family {
            Family::Inet6 => Ipv6Addr::UNSPECIFIED.into(),
            _ => Ipv4Addr::UNSPECIFIED.into(),
        };
        SocketAddr::new(self.address.unwrap_or(any), self.port.unwrap_or(25))
    }

    /// Has the line this modifier?
    pub fn has(&self, letter: u8) -> bool {
        self.modifiers.contains(&letter)
    }

    /// The text for `${daemon_flags}`: letters separated by blanks, capitals doubled.
    pub fn flags_macro(&self) -> Vec<u8> {
        modifiers_macro(&self.modifiers)
    }
}

/// Modifier letters as the rules see them: separated by blanks, capitals doubled.
pub fn modifiers_macro(letters: &[u8]) -> Vec<u8> {
    let doubled = letters.iter().map(|letter| match letter.is_ascii_uppercase() {
        true => vec![*letter, *letter],
        false => vec![*letter],
    });
    doubled.collect::<Vec<_>>().join(&b' ')
}

/// One ClientPortOptions line: how to call out, for one address family.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClientPort {
    /// Family=
    pub family: Family,
    /// Port= to call from.
    pub port: Option<u16>,
    /// Address= to call from.
    pub address: Option<IpAddr>,
    /// Modifiers= letters.
    pub modifiers: Vec<u8>,
    /// SndBufSize= in bytes; 0: the system's.
    pub send_buffer: i64,
    /// RcvBufSize= in bytes; 0: the system's.
    pub receive_buffer: i64,
}

/// Option Milter and its sub-options.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MilterOptions {
    /// Milter.LogLevel; -1: LogLevel.
    pub log_level: i64,
    /// Milter.macros.STAGE: names of macros sent at each stage, in the order of [`MilterOptions::STAGES`].
    pub macros: [Vec<Vec<u8>>; 7],
}

impl MilterOptions {
    /// The stages of a session that have macro lists.
    pub const STAGES: [&'static str; 7] = ["connect", "helo", "envfrom", "envrcpt", "data", "eoh", "eom"];
}

impl Default for MilterOptions {
    fn default() -> Self {
        Self { log_level: -1, macros: Default::default() }
    }
}

/// Which of the times of [`ByPrecedence`] count for a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TimeoutClass {
    /// Nothing said.
    #[default]
    Normal,
    /// `Priority: urgent`
    Urgent,
    /// `Priority: non-urgent`
    NonUrgent,
    /// A report.
    Dsn,
}

/// A time for each precedence of a message, in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ByPrecedence {
    /// For ordinary mail.
    pub normal: i64,
    /// For urgent mail.
    pub urgent: i64,
    /// For mail with negative precedence.
    pub non_urgent: i64,
    /// For bounces.
    pub dsn: i64,
}

impl ByPrecedence {
    /// The same for all.
    pub const fn all(seconds: i64) -> Self {
        Self { normal: seconds, urgent: seconds, non_urgent: seconds, dsn: seconds }
    }

    /// The one that counts.
    pub const fn of(&self, class: TimeoutClass) -> i64 {
        match class {
            TimeoutClass::Normal => self.normal,
            TimeoutClass::Urgent => self.urgent,
            TimeoutClass::NonUrgent => self.non_urgent,
            TimeoutClass::Dsn => self.dsn,
        }
    }
}
