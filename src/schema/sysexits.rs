//! The exit codes of `<sysexits.h>`, which sendmail uses for programs, mailers and rulesets alike.

/// An exit status. Any value may come back from a program; the named ones have a meaning.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
pub struct Sysexit(pub i32);

impl Sysexit {
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
