//! The words of option DontBlameSendmail.

macro_rules! words {
    ($($flag:ident = $bit:expr, $word:literal;)*) => {
        bitflags::bitflags! {
            /// What the site has taken upon itself (option DontBlameSendmail).
            #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
            pub struct Blame: u64 {
                $(#[doc = $word] const $flag = 1 << $bit;)*
            }
        }
        /// The words in the order of sendmail's manual.
        pub const WORDS: &[(&str, Blame)] = &[$(($word, Blame::$flag)),*];
    };
}

words! {
    ASSUME_SAFE_CHOWN = 0, "AssumeSafeChown";
    CERT_OWNER = 1, "CertOwner";
    CLASS_FILE_IN_UNSAFE_DIR_PATH = 2, "ClassFileInUnsafeDirPath";
    DONT_WARN_FORWARD_FILE_IN_UNSAFE_DIR_PATH = 3, "DontWarnForwardFileInUnsafeDirPath";
    ERROR_HEADER_IN_UNSAFE_DIR_PATH = 4, "ErrorHeaderInUnsafeDirPath";
    FILE_DELIVERY_TO_HARD_LINK = 5, "FileDeliveryToHardLink";
    FILE_DELIVERY_TO_SYM_LINK = 6, "FileDeliveryToSymLink";
    FORWARD_FILE_IN_GROUP_WRITABLE_DIR_PATH = 7, "ForwardFileInGroupWritableDirPath";
    FORWARD_FILE_IN_UNSAFE_DIR_PATH = 8, "ForwardFileInUnsafeDirPath";
    FORWARD_FILE_IN_UNSAFE_DIR_PATH_SAFE = 9, "ForwardFileInUnsafeDirPathSafe";
    GROUP_READABLE_DEFAULT_AUTH_INFO_FILE = 10, "GroupReadableDefaultAuthInfoFile";
    GROUP_READABLE_KEY_FILE = 11, "GroupReadableKeyFile";
    GROUP_READABLE_SASL_DB_FILE = 12, "GroupReadableSASLDBFile";
    GROUP_WRITABLE_ALIAS_FILE = 13, "GroupWritableAliasFile";
    GROUP_WRITABLE_DIR_PATH_SAFE = 14, "GroupWritableDirPathSafe";
    GROUP_WRITABLE_FORWARD_FILE = 15, "GroupWritableForwardFile";
    GROUP_WRITABLE_FORWARD_FILE_SAFE = 16, "GroupWritableForwardFileSafe";
    GROUP_WRITABLE_INCLUDE_FILE = 17, "GroupWritableIncludeFile";
    GROUP_WRITABLE_INCLUDE_FILE_SAFE = 18, "GroupWritableIncludeFileSafe";
    GROUP_WRITABLE_SASL_DB_FILE = 19, "GroupWritableSASLDBFile";
    HELP_FILE_IN_UNSAFE_DIR_PATH = 20, "HelpFileInUnsafeDirPath";
    INCLUDE_FILE_IN_GROUP_WRITABLE_DIR_PATH = 21, "IncludeFileInGroupWritableDirPath";
    INCLUDE_FILE_IN_UNSAFE_DIR_PATH = 22, "IncludeFileInUnsafeDirPath";
    INCLUDE_FILE_IN_UNSAFE_DIR_PATH_SAFE = 23, "IncludeFileInUnsafeDirPathSafe";
    INSUFFICIENT_ENTROPY = 24, "InsufficientEntropy";
    LINKED_ALIAS_FILE_IN_WRITABLE_DIR = 25, "LinkedAliasFileInWritableDir";
    LINKED_CLASS_FILE_IN_WRITABLE_DIR = 26, "LinkedClassFileInWritableDir";
    LINKED_FORWARD_FILE_IN_WRITABLE_DIR = 27, "LinkedForwardFileInWritableDir";
    LINKED_INCLUDE_FILE_IN_WRITABLE_DIR = 28, "LinkedIncludeFileInWritableDir";
    LINKED_MAP_IN_WRITABLE_DIR = 29, "LinkedMapInWritableDir";
    LINKED_SERVICE_SWITCH_FILE_IN_WRITABLE_DIR = 30, "LinkedServiceSwitchFileInWritableDir";
    MAP_IN_UNSAFE_DIR_PATH = 31, "MapInUnsafeDirPath";
    NON_ROOT_SAFE_ADDR = 32, "NonRootSafeAddr";
    RUN_PROGRAM_IN_UNSAFE_DIR_PATH = 33, "RunProgramInUnsafeDirPath";
    RUN_WRITABLE_PROGRAM = 34, "RunWritableProgram";
    TRUST_STICKY_BIT = 35, "TrustStickyBit";
    WORLD_WRITABLE_ALIAS_FILE = 36, "WorldWritableAliasFile";
    WORLD_WRITABLE_FORWARD_FILE = 37, "WorldWritableForwardFile";
    WORLD_WRITABLE_INCLUDE_FILE = 38, "WorldWritableIncludeFile";
    WRITE_MAP_TO_HARD_LINK = 39, "WriteMapToHardLink";
    WRITE_MAP_TO_SYM_LINK = 40, "WriteMapToSymLink";
    WRITE_STATS_TO_HARD_LINK = 41, "WriteStatsToHardLink";
    WRITE_STATS_TO_SYM_LINK = 42, "WriteStatsToSymLink";
}

impl Blame {
    /// Adds the words of one option value; `safe` takes all back. Unknown words come back.
    pub fn add(&mut self, value: &[u8]) -> Vec<Vec<u8>> {
        let mut unknown = Vec::new();
        for word in option_words(value) {
            match WORDS.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word)) {
                Some((_, flag)) => *self |= *flag,
                None if word.eq_ignore_ascii_case(b"safe") => *self = Self::empty(),
                None => unknown.push(word.to_vec()),
            }
        }
        unknown
    }
}

/// The words of PrivacyOptions and DontBlameSendmail: letters and digits. Blanks and punctuation part them;
/// the one byte that ends a word is passed over, whatever it is.
pub fn option_words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest
            .iter()
            .position(|byte| !(byte.is_ascii_punctuation() || matches!(byte, b' ' | b'\t'..=b'\r')))?;
        rest = &rest[start..];
        let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let word = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        Some(word)
    })
}
