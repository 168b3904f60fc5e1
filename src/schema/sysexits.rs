//! The exit codes of `<sysexits.h>`, which sendmail uses for programs, mailers and rulesets alike.

use super::EnhancedStatus;

/// An exit status. Any value may come back from a program; the named ones have a meaning.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
pub struct Sysexit(pub i32);

/// What a program ends with whose mail was refused with such a status of RFC 3463: subject, detail (`None`: all others),
/// exit status.
const OF_STATUS: &[(u16, Option<u16>, Sysexit)] = &[
    (1, Some(0), Sysexit::DATAERR),
    (1, Some(1), Sysexit::NOUSER),
    (1, Some(6), Sysexit::NOUSER),
    (1, Some(2), Sysexit::NOHOST),
    (1, Some(8), Sysexit::NOHOST),
    (1, Some(3), Sysexit::USAGE),
    (1, Some(7), Sysexit::USAGE),
    (1, Some(5), Sysexit::CONFIG),
    (2, Some(3), Sysexit::DATAERR),
    (3, None, Sysexit::OSERR),
    (4, Some(0), Sysexit::IOERR),
    (4, Some(2), Sysexit::IOERR),
    (4, Some(1), Sysexit::TEMPFAIL),
    (4, Some(3), Sysexit::TEMPFAIL),
    (4, Some(5), Sysexit::TEMPFAIL),
    (4, Some(4), Sysexit::PROTOCOL),
    (4, Some(6), Sysexit::CONFIG),
    (5, None, Sysexit::PROTOCOL),
    (7, None, Sysexit::DATAERR),
];

impl Sysexit {
    /// The exit status for a recipient who was refused with this status.
    pub fn of_status(status: EnhancedStatus) -> Self {
        let EnhancedStatus(class, subject, detail) = status;
        if class == 4 {
            return Self::TEMPFAIL;
        }
        let fits =
            |row: &&(u16, Option<u16>, Self)| row.0 == subject && row.1.is_none_or(|only| only == detail);
        OF_STATUS.iter().find(fits).map_or(Self::UNAVAILABLE, |row| row.2)
    }

    /// Success.
    pub const OK: Self = Self(0);
    /// Command line usage error.
    pub const USAGE: Self = Self(64);
    /// Data format error.
    pub const DATAERR: Self = Self(65);
    /// Cannot open input.
    pub const NOINPUT: Self = Self(66);
    /// Addressee unknown.
    pub const NOUSER: Self = Self(67);
    /// Host name unknown.
    pub const NOHOST: Self = Self(68);
    /// Service unavailable.
    pub const UNAVAILABLE: Self = Self(69);
    /// Internal software error.
    pub const SOFTWARE: Self = Self(70);
    /// System error (cannot fork, for instance).
    pub const OSERR: Self = Self(71);
    /// Critical OS file missing (the cf, for instance).
    pub const OSFILE: Self = Self(72);
    /// Cannot create the output file.
    pub const CANTCREAT: Self = Self(73);
    /// Input/output error.
    pub const IOERR: Self = Self(74);
    /// Temporary failure: try again later, never bounce.
    pub const TEMPFAIL: Self = Self(75);
    /// Remote error in protocol.
    pub const PROTOCOL: Self = Self(76);
    /// Permission denied.
    pub const NOPERM: Self = Self(77);
    /// Configuration error.
    pub const CONFIG: Self = Self(78);

    /// What sendmail says of it; `None` for codes without a name.
    pub fn text(self) -> Option<&'static str> {
        let text = match self {
            Self::USAGE => "Command line usage error",
            Self::DATAERR => "Data format error",
            Self::NOINPUT => "Cannot open input",
            Self::NOUSER => "User unknown",
            Self::NOHOST => "Host unknown",
            Self::UNAVAILABLE => "Service unavailable",
            Self::SOFTWARE => "Internal error",
            Self::OSERR => "Operating system error",
            Self::OSFILE => "System file missing",
            Self::CANTCREAT => "Can't create output",
            Self::IOERR => "I/O error",
            Self::TEMPFAIL => "Deferred",
            Self::PROTOCOL => "Remote protocol error",
            Self::NOPERM => "Insufficient permission",
            Self::CONFIG => "Local configuration error",
            _ => return None,
        };
        Some(text)
    }

    /// Did it succeed?
    pub fn is_ok(self) -> bool {
        self == Self::OK
    }

    /// Must the attempt be repeated later?
    pub fn is_temporary(self) -> bool {
        self == Self::TEMPFAIL
    }
}
