//! Files that decide over other people's mail are opened only when nobody else could have changed
//! them: the checks behind option DontBlameSendmail, with its words to relax them one by one.

mod blame;
mod front;
mod own;
#[cfg(test)]
mod tests;

pub use blame::{Blame, WORDS, option_words};
pub use front::unsafe_directory;
pub use own::{may_create, may_open_own, may_write, open_own};

use super::identity::{self, Identity};
use super::opener::{FileOpener, OwnRights};
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

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
    /// A group may read what is secret.
    #[error("Group readable file")]
    GroupReadable,
    /// All may read what is secret.
    #[error("World readable file")]
    WorldReadable,
    /// Somebody exchanged it between the look and the opening.
    #[error("File changed after open")]
    Changed,
}

impl Danger {
    /// Every one.
    pub const ALL: [Self; 12] = [
        Self::SymbolicLink,
        Self::HardLink,
        Self::NotRegular,
        Self::Executable,
        Self::WorldWritableDirectory,
        Self::GroupWritableDirectory,
        Self::WorldWritable,
        Self::GroupWritable,
        Self::AnothersFile,
        Self::GroupReadable,
        Self::WorldReadable,
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
    #[error("{}", super::errno_text(.0))]
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

/// Who may be able to read a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Readers {
    /// Its owner.
    Owner,
    /// Its group as well.
    Group,
    /// Everybody.
    #[default]
    All,
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
    /// Directories open to a group are as good as others: links in them are accepted.
    pub group_trusted: bool,
    /// Who may be able to read the file.
    pub readers: Readers,
    /// Only what the mode lets its reader read is read, root included.
    pub by_mode: bool,
    /// Option TrustedUser: to root its files are as root's own; 0 for nobody.
    pub trusted_user: u32,
    /// Whom an ordinary user's own run trusts is his own matter: directories are not looked at.
    pub own_risk: bool,
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
        group_trusted: false,
        readers: Readers::All,
        by_mode: false,
        trusted_user: 0,
        own_risk: false,
    };

    /// The same where option TrustedUser counts.
    pub fn trusting(self, trusted_user: u32) -> Self {
        Self { trusted_user, ..self }
    }

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
            group_file: blame.intersects(group),
            world_file: blame.intersects(world),
            group_trusted: blame.contains(Blame::GROUP_WRITABLE_DIR_PATH_SAFE),
            ..Self::STRICT
        }
    }

    /// For alias sources: of directories that others may write there is only a warning.
    pub fn alias(blame: Blame) -> Self {
        let (links, none) = (Blame::LINKED_ALIAS_FILE_IN_WRITABLE_DIR, Blame::empty());
        let (group, world) = (Blame::GROUP_WRITABLE_ALIAS_FILE, Blame::WORLD_WRITABLE_ALIAS_FILE);
        let rules = Self::relaxed(blame, none, none, links, group, world);
        Self { group_directory: true, world_directory: true, ..rules }
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

    /// For sockets of map servers: DontBlameSendmail's words about map files do not count.
    pub fn socket(blame: Blame) -> Self {
        let none = Blame::empty();
        Self { group_file: true, world_file: true, ..Self::relaxed(blame, none, none, none, none, none) }
    }

    /// For certificates, and lists of certificates that are trusted or revoked.
    pub fn certificate(blame: Blame) -> Self {
        let none = Blame::empty();
        Self::relaxed(blame, none, none, none, none, none)
    }

    /// For private keys.
    pub fn key(blame: Blame) -> Self {
        Self::secret(blame, Blame::GROUP_READABLE_KEY_FILE)
    }

    /// For the file of option DefaultAuthInfo.
    pub fn auth_info(blame: Blame) -> Self {
        Self::secret(blame, Blame::GROUP_READABLE_DEFAULT_AUTH_INFO_FILE)
    }

    /// For passwords of users.
    pub fn passwords(blame: Blame) -> Self {
        Self::secret(blame, Blame::GROUP_READABLE_SASL_DB_FILE)
    }

    /// For what its owner alone may read, and its group if that is allowed.
    fn secret(blame: Blame, group: Blame) -> Self {
        let readers = if blame.contains(group) { Readers::Group } else { Readers::Owner };
        Self { readers, ..Self::certificate(blame) }
    }

    fn directory(&self, about: &Metadata) -> Result<(), Danger> {
        match self.writers(about) {
            Some(danger @ Danger::WorldWritableDirectory) if !self.world_directory => Err(danger),
            Some(danger @ Danger::GroupWritableDirectory) if !self.group_directory => Err(danger),
            _ => Ok(()),
        }
    }

    /// Who else may write to a directory.
    fn writers(&self, about: &Metadata) -> Option<Danger> {
        let mode = about.mode();
        match self.sticky && mode & 0o1000 != 0 {
            true => None,
            false if mode & 0o002 != 0 => Some(Danger::WorldWritableDirectory),
            false if mode & 0o020 != 0 && !self.group_trusted => Some(Danger::GroupWritableDirectory),
            false => None,
        }
    }

    /// Does the file itself look as it may?
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn file(&self, about: &Metadata) -> Result<(), Danger> {
        if !about.is_file() {
            return Err(Danger::NotRegular);
        }
        if about.mode() & 0o020 != 0 && !self.group_file {
            return Err(Danger::GroupWritable);
        }
        if about.mode() & 0o002 != 0 && !self.world_file {
            return Err(Danger::WorldWritable);
        }
        if about.mode() & 0o040 != 0 && self.readers < Readers::Group {
            return Err(Danger::GroupReadable);
        }
        if about.mode() & 0o004 != 0 && self.readers < Readers::All {
            return Err(Danger::WorldReadable);
        }
        match self.owner.is_none_or(|owner| [owner, 0].contains(&about.uid())) {
            true => Ok(()),
            false => Err(Danger::AnothersFile),
        }
    }

    /// May the reader read it, going by its mode?
    fn readable(&self, about: &Metadata, opener: &dyn FileOpener) -> io::Result<()> {
        match !self.by_mode || mode_allows(&opener.reader(), self.trusted_user, about, 0o4) {
            true => Ok(()),
            false => Err(io::Error::from_raw_os_error(nix::libc::EACCES)),
        }
    }
}

/// Does the mode give somebody the right `bit` (read 4, write 2)? Root is treated as anybody else, but that what is
/// TrustedUser's is root's own.
fn mode_allows(me: &Identity, trusted_user: u32, about: &Metadata, bit: u32) -> bool {
    let trusted = me.uid == 0 && trusted_user != 0 && about.uid() == trusted_user;
    let shift = match about.uid() == me.uid || trusted {
        true => 6,
        false if about.gid() == me.gid || me.groups.contains(&about.gid()) => 3,
        false => 0,
    };
    about.mode() >> shift & bit != 0
}

/// Checks every directory above `path`, from the root downwards.
///
/// # Errors
/// The first directory that is not to be trusted, or cannot be looked at.
pub fn check_directories(path: &Path, rules: &Rules) -> Result<(), Refusal> {
    if rules.own_risk && !identity::answers_for_others() {
        return Ok(());
    }
    for directory in directories(path) {
        let about = std::fs::metadata(directory)?;
        rules.directory(&about).map_err(Refusal::Unsafe)?;
    }
    Ok(())
}

fn directories(path: &Path) -> Vec<&Path> {
    let mut above: Vec<&Path> = path.ancestors().skip(1).filter(|dir| !dir.as_os_str().is_empty()).collect();
    above.reverse();
    above
}

/// Is the file's own directory open to others, so that a link in it means nothing?
fn in_writable_directory(path: &Path, rules: &Rules) -> io::Result<bool> {
    let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    Ok(rules.writers(&std::fs::metadata(parent.unwrap_or(Path::new(".")))?).is_some())
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
    open_by(&OwnRights, path, rules)
}

/// The same where somebody else may have to open it.
///
/// # Errors
/// As [`open`].
pub fn open_by(opener: &dyn FileOpener, path: &Path, rules: &Rules) -> Result<(File, Metadata), Refusal> {
    let before = std::fs::symlink_metadata(path)?;
    check_directories(path, rules)?;
    let writable = !rules.links && in_writable_directory(path, rules)?;
    if before.is_symlink() && writable {
        return Err(Refusal::Unsafe(Danger::SymbolicLink));
    }
    let has_names = before.is_file() && before.nlink() > 1;
    let seen = if before.is_symlink() { std::fs::metadata(path)? } else { before };
    rules.file(&seen).map_err(Refusal::Unsafe)?;
    if has_names && writable {
        return Err(Refusal::Unsafe(Danger::HardLink));
    }
    rules.readable(&seen, opener)?;
    let file = opener.open(path)?;
    let now = file.metadata()?;
    let same = |a: &Metadata, b: &Metadata| {
        (a.dev(), a.ino(), a.mode(), a.nlink()) == (b.dev(), b.ino(), b.mode(), b.nlink())
    };
    match same(&seen, &now) {
        true => Ok((file, now)),
        false => Err(Refusal::Unsafe(Danger::Changed)),
    }
}

/// All of a file, after the same checks.
///
/// # Errors
/// As [`open`].
pub fn read(path: &Path, rules: &Rules) -> Result<Vec<u8>, Refusal> {
    let (mut file, _) = open(path, rules)?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(text)
}
