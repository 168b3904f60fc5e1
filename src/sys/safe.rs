//! Files that decide over other people's mail are opened only when nobody else could have changed
//! them: the checks behind option DontBlameSendmail, with its words to relax them one by one.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

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

/// Why a file is not to be trusted; the texts are sendmail's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Danger {
    /// A symbolic link where others may write.
    #[error("Symbolic links not allowed")]
    SymbolicLink,
    /// More than one name where others may write.
    #[error("Hard links not allowed")]
    HardLink,
    /// A device, directory, pipe.
    #[error("Regular files only")]
    NotRegular,
    /// Execute bits on a mailbox.
    #[error("Executable files not allowed")]
    Executable,
    /// A directory of the path is open to all.
    #[error("World writable directory")]
    WorldWritableDirectory,
    /// A directory of the path is open to a group.
    #[error("Group writable directory")]
    GroupWritableDirectory,
    /// The file is open to all.
    #[error("World writable file")]
    WorldWritable,
    /// The file is open to a group.
    #[error("Group writable file")]
    GroupWritable,
    /// It belongs to somebody else; sendmail says so in the system's words.
    #[error("Permission denied")]
    AnothersFile,
    /// Somebody exchanged it between the look and the opening.
    #[error("File changed after open")]
    Changed,
}

impl Danger {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::SymbolicLink,
        Self::HardLink,
        Self::NotRegular,
        Self::Executable,
        Self::WorldWritableDirectory,
        Self::GroupWritableDirectory,
        Self::WorldWritable,
        Self::GroupWritable,
        Self::AnothersFile,
        Self::Changed,
    ];
}

/// Why a file was not opened.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The checks said no.
    #[error("{0}")]
    Unsafe(Danger),
    /// The system said no.
    #[error("{0}")]
    System(#[from] io::Error),
}

impl Refusal {
    /// May the next attempt succeed without anybody changing the file?
    pub fn is_temporary(&self) -> bool {
        use nix::libc::{
            EAGAIN, EDQUOT, EINTR, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC, ESTALE, ETIMEDOUT, ETXTBSY,
        };
        let codes = [EAGAIN, EDQUOT, EINTR, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC, ESTALE, ETIMEDOUT, ETXTBSY];
        match self {
            Self::System(error) => error.raw_os_error().is_some_and(|code| codes.contains(&code)),
            Self::Unsafe(_) => false,
        }
    }

    /// Is there simply no such file?
    pub fn is_absent(&self) -> bool {
        use io::ErrorKind::{NotADirectory, NotFound};
        matches!(self, Self::System(error) if matches!(error.kind(), NotFound | NotADirectory))
    }
}

/// What one kind of file may look like.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rules {
    /// Directories open to a group are accepted.
    pub group_directory: bool,
    /// Directories open to all are accepted.
    pub world_directory: bool,
    /// The sticky bit makes a directory open to all acceptable.
    pub sticky: bool,
    /// Links are accepted even where others may write.
    pub links: bool,
    /// The file may be open to a group.
    pub group_file: bool,
    /// The file may be open to all.
    pub world_file: bool,
    /// The file must belong to this user or to root.
    pub owner: Option<u32>,
}

impl Rules {
    /// Nothing relaxed.
    pub const STRICT: Self = Self {
        group_directory: false,
        world_directory: false,
        sticky: false,
        links: false,
        group_file: false,
        world_file: false,
        owner: None,
    };

    fn relaxed(
        blame: Blame,
        dirs: Blame,
        group_dir: Blame,
        links: Blame,
        group: Blame,
        world: Blame,
    ) -> Self {
        Self {
            group_directory: blame.intersects(Blame::GROUP_WRITABLE_DIR_PATH_SAFE | group_dir | dirs),
            world_directory: blame.intersects(dirs),
            sticky: blame.contains(Blame::TRUST_STICKY_BIT),
            links: blame.intersects(links),
            group_file: blame.intersects(group | world),
            world_file: blame.intersects(world),
            owner: None,
        }
    }

    /// For alias sources and databases.
    pub fn alias(blame: Blame) -> Self {
        let (links, none) = (Blame::LINKED_ALIAS_FILE_IN_WRITABLE_DIR, Blame::empty());
        let (group, world) = (Blame::GROUP_WRITABLE_ALIAS_FILE, Blame::WORLD_WRITABLE_ALIAS_FILE);
        Self::relaxed(blame, Blame::MAP_IN_UNSAFE_DIR_PATH, none, links, group, world)
    }

    /// For .forward files.
    pub fn forward(blame: Blame) -> Self {
        let dirs = Blame::FORWARD_FILE_IN_UNSAFE_DIR_PATH;
        let group_dir = Blame::FORWARD_FILE_IN_GROUP_WRITABLE_DIR_PATH;
        let links = Blame::LINKED_FORWARD_FILE_IN_WRITABLE_DIR;
        let group = Blame::GROUP_WRITABLE_FORWARD_FILE;
        Self::relaxed(blame, dirs, group_dir, links, group, Blame::WORLD_WRITABLE_FORWARD_FILE)
    }

    /// For :include: files.
    pub fn include(blame: Blame) -> Self {
        let dirs = Blame::INCLUDE_FILE_IN_UNSAFE_DIR_PATH;
        let group_dir = Blame::INCLUDE_FILE_IN_GROUP_WRITABLE_DIR_PATH;
        let links = Blame::LINKED_INCLUDE_FILE_IN_WRITABLE_DIR;
        let group = Blame::GROUP_WRITABLE_INCLUDE_FILE;
        Self::relaxed(blame, dirs, group_dir, links, group, Blame::WORLD_WRITABLE_INCLUDE_FILE)
    }

    /// For .forward files whose programs and files may be used.
    pub fn forward_safe(blame: Blame) -> Self {
        let (dirs, group) =
            (Blame::FORWARD_FILE_IN_UNSAFE_DIR_PATH_SAFE, Blame::GROUP_WRITABLE_FORWARD_FILE_SAFE);
        let none = Blame::empty();
        Self { links: true, ..Self::relaxed(blame, dirs, none, none, group, none) }
    }

    /// For :include: files whose programs and files may be used.
    pub fn include_safe(blame: Blame) -> Self {
        let (dirs, group) =
            (Blame::INCLUDE_FILE_IN_UNSAFE_DIR_PATH_SAFE, Blame::GROUP_WRITABLE_INCLUDE_FILE_SAFE);
        let none = Blame::empty();
        Self { links: true, ..Self::relaxed(blame, dirs, none, none, group, none) }
    }

    /// For class files.
    pub fn class(blame: Blame) -> Self {
        let (dirs, links) = (Blame::CLASS_FILE_IN_UNSAFE_DIR_PATH, Blame::LINKED_CLASS_FILE_IN_WRITABLE_DIR);
        let none = Blame::empty();
        // who may write to the file itself does not matter to sendmail
        Self { group_file: true, world_file: true, ..Self::relaxed(blame, dirs, none, links, none, none) }
    }

    /// For sockets of map servers: DontBlameSendmail's words about map files do not count.
    pub fn socket(blame: Blame) -> Self {
        let none = Blame::empty();
        Self { group_file: true, world_file: true, ..Self::relaxed(blame, none, none, none, none, none) }
    }

    /// For map files.
    pub fn map(blame: Blame) -> Self {
        let none = Blame::empty();
        Self::relaxed(
            blame,
            Blame::MAP_IN_UNSAFE_DIR_PATH,
            none,
            Blame::LINKED_MAP_IN_WRITABLE_DIR,
            none,
            none,
        )
    }

    fn directory(&self, about: &Metadata) -> Result<(), Danger> {
        let mode = about.mode();
        let sticky = self.sticky && mode & 0o1000 != 0;
        if mode & 0o002 != 0 && !self.world_directory && !sticky {
            return Err(Danger::WorldWritableDirectory);
        }
        if mode & 0o020 != 0 && !self.group_directory && !sticky {
            return Err(Danger::GroupWritableDirectory);
        }
        Ok(())
    }

    /// Does the file itself look as it may?
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn file(&self, about: &Metadata) -> Result<(), Danger> {
        if !about.is_file() {
            return Err(Danger::NotRegular);
        }
        if about.mode() & 0o002 != 0 && !self.world_file {
            return Err(Danger::WorldWritable);
        }
        if about.mode() & 0o020 != 0 && !self.group_file {
            return Err(Danger::GroupWritable);
        }
        match self.owner.is_none_or(|owner| [owner, 0].contains(&about.uid())) {
            true => Ok(()),
            false => Err(Danger::AnothersFile),
        }
    }
}

/// Checks every directory above `path`, from the root downwards.
///
/// # Errors
/// The first directory that is not to be trusted, or cannot be looked at.
pub fn check_directories(path: &Path, rules: &Rules) -> Result<(), Refusal> {
    let mut above: Vec<&Path> = path.ancestors().skip(1).filter(|dir| !dir.as_os_str().is_empty()).collect();
    above.reverse();
    for directory in above {
        let about = std::fs::metadata(directory)?;
        rules.directory(&about).map_err(Refusal::Unsafe)?;
    }
    Ok(())
}

/// Is the file's own directory open to others, so that a link in it means nothing?
fn in_writable_directory(path: &Path) -> io::Result<bool> {
    let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    Ok(std::fs::metadata(parent.unwrap_or(Path::new(".")))?.mode() & 0o022 != 0)
}

/// A socket to which a client may connect: no symbolic link, and nobody else may have put it there.
///
/// # Errors
/// As [`open`]; what is no socket is not refused.
pub fn check_socket(path: &Path, rules: &Rules) -> Result<(), Refusal> {
    check_directories(path, rules)?;
    match std::fs::symlink_metadata(path)?.is_symlink() {
        true => Err(Refusal::Unsafe(Danger::SymbolicLink)),
        false => Ok(()),
    }
}

/// Opens for reading after all checks: directories, links, type, modes, and that nobody exchanged the
/// file meanwhile. Never waits on a pipe or device.
///
/// # Errors
/// Why the file is not to be trusted, or what the system says.
pub fn open(path: &Path, rules: &Rules) -> Result<(File, Metadata), Refusal> {
    let before = std::fs::symlink_metadata(path)?;
    check_directories(path, rules)?;
    let writable = !rules.links && in_writable_directory(path)?;
    if before.is_symlink() && writable {
        return Err(Refusal::Unsafe(Danger::SymbolicLink));
    }
    if before.is_file() && before.nlink() > 1 && writable {
        return Err(Refusal::Unsafe(Danger::HardLink));
    }
    let seen = if before.is_symlink() { std::fs::metadata(path)? } else { before };
    rules.file(&seen).map_err(Refusal::Unsafe)?;
    let file = OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path)?;
    let now = file.metadata()?;
    let same = |a: &Metadata, b: &Metadata| {
        (a.dev(), a.ino(), a.mode(), a.nlink()) == (b.dev(), b.ino(), b.mode(), b.nlink())
    };
    match same(&seen, &now) {
        true => Ok((file, now)),
        false => Err(Refusal::Unsafe(Danger::Changed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    /// A directory whose own mode is tested; what lies above it (a sticky /tmp) is accepted.
    fn scene(mode: u32, directory: u32) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().expect("a directory");
        let home = dir.path().join("home");
        std::fs::create_dir(&home).expect("a directory");
        let file = home.join("file");
        std::fs::write(&file, "text").expect("a file");
        set_permissions(&file, Permissions::from_mode(mode)).expect("a mode");
        set_permissions(&home, Permissions::from_mode(directory)).expect("a mode");
        (dir, file)
    }

    fn open_code(file: &Path, words: &[u8]) -> String {
        let mut blame = Blame::TRUST_STICKY_BIT;
        assert!(blame.add(words).is_empty());
        match open(file, &Rules::forward(blame)) {
            Ok(_) => String::from("ok"),
            Err(refusal) => refusal.to_string(),
        }
    }

    #[test]
    fn modes_of_file_and_directory() {
        let rows: &[(u32, u32, &[u8], &str)] = &[
            (0o644, 0o755, b"", "ok"),
            (0o664, 0o755, b"", "Group writable file"),
            (0o664, 0o755, b"GroupWritableForwardFile", "ok"),
            (0o646, 0o755, b"GroupWritableForwardFile", "World writable file"),
            (0o646, 0o755, b"WorldWritableForwardFile", "ok"),
            (0o644, 0o775, b"", "Group writable directory"),
            (0o644, 0o775, b"ForwardFileInGroupWritableDirPath", "ok"),
            (0o644, 0o777, b"", "World writable directory"),
            (0o644, 0o777, b"forwardfileinunsafedirpath", "ok"),
            (0o644, 0o1777, b"", "ok"),
        ];
        for (file, directory, words, expected) in rows {
            let (_keep, path) = scene(*file, *directory);
            assert_eq!(open_code(&path, words), *expected, "{file:o} {directory:o}");
        }
    }

    #[test]
    fn links_count_where_others_may_write() {
        let (_keep, path) = scene(0o644, 0o755);
        let link = path.with_file_name("link");
        symlink(&path, &link).expect("a link");
        assert_eq!(open_code(&link, b""), "ok");
        let open_dir = Permissions::from_mode(0o777);
        set_permissions(path.parent().expect("home"), open_dir).expect("a mode");
        let words = b"ForwardFileInUnsafeDirPath";
        assert_eq!(open_code(&link, words), "Symbolic links not allowed");
        std::fs::hard_link(&path, path.with_file_name("second")).expect("a link");
        assert_eq!(open_code(&path, words), "Hard links not allowed");
        assert_eq!(open_code(&path, b"ForwardFileInUnsafeDirPath,LinkedForwardFileInWritableDir"), "ok");
    }

    #[test]
    fn a_directory_is_no_file_and_a_missing_one_is_absent() {
        let (_keep, path) = scene(0o644, 0o755);
        assert_eq!(open_code(path.parent().expect("home"), b""), "Regular files only");
        assert!(open(&path.with_file_name("none"), &Rules::STRICT).expect_err("none").is_absent());
    }

    #[test]
    fn safe_takes_all_back() {
        let mut blame = Blame::empty();
        assert_eq!(blame.add(b"TrustStickyBit, safe nonsense"), [b"nonsense".to_vec()]);
        assert!(blame.is_empty());
    }
}
