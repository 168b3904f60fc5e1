//! `.forward` and `:include:` files, read with the rights of those they belong to.

use super::accounts::Accounts;
use super::protocol::{ListOwner, Listing, ListingAnswer, ListingError, ListingNote, UNSAFE_LEVEL};
use super::settings::KeeperSettings;
use crate::schema::UserIds;
use crate::sys::accounts::{self, User};
use crate::sys::errno_text;
use crate::sys::identity::Identity;
use crate::sys::safe::{self, Danger, Refusal, Rules};
use std::fs::Metadata;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What is read of a list, in bytes.
const MAX_LIST: u64 = 32 << 20;

fn later(error: &std::io::Error) -> ListingError {
    ListingError::Later(errno_text(error))
}

/// A kind of list: what its files may look like, and what they must look like for programs and files in them.
struct ListKind {
    /// As the log calls such a file.
    word: &'static str,
    rules: Rules,
    safe: Rules,
    /// Does the log tell of directories that are not safe?
    tells: bool,
}

impl ListKind {
    fn forward(settings: &KeeperSettings, user: &User) -> Self {
        let (rules, safe) = (Rules::forward(settings.blame), Rules::forward_safe(settings.blame));
        // whose file it is says whose mail it forwards, wherever it lies
        let rules = Rules { owner: Some(user.uid), ..rules };
        Self { word: "forward", rules, safe, tells: settings.tells_unsafe }
    }

    fn include(settings: &KeeperSettings) -> Self {
        let (rules, safe) = (Rules::include(settings.blame), Rules::include_safe(settings.blame));
        Self { word: ":include:", rules, safe, tells: settings.tells_unsafe }
    }

    /// Reads a file; the notes say what is wrong with it, `safe` whether programs in it may be run.
    fn read(&self, path: &Path, notes: &mut Vec<ListingNote>) -> Result<ListText, Refusal> {
        let opened = match safe::open(path, &self.rules) {
            // where nobody hears of it, what is around a file that is not read does not matter
            Err(why) if !self.tells => return Err(why),
            opened => opened,
        };
        let mut note = |what: &Path, why: &str| {
            let text = [what.as_os_str().as_bytes(), b": ", why.as_bytes(), b", marked unsafe"].concat();
            notes.push(ListingNote { level: UNSAFE_LEVEL, warning: false, text });
        };
        let directory = path.parent().unwrap_or(path);
        let mut safe = !matches!(safe::check_directories(path, &self.safe), Err(Refusal::Unsafe(_)));
        if !safe {
            note(directory, "unsafe directory path");
        }
        let (file, about) = opened?;
        if let Err(danger) = self.safe.file(&about) {
            safe = false;
            let who = if danger == Danger::WorldWritable { "world" } else { "group" };
            note(path, &format!("{who} writable {} file", self.word));
        }
        let mut text = Vec::new();
        file.take(MAX_LIST).read_to_end(&mut text)?;
        Ok(ListText { text, safe, about })
    }
}

/// What has been read.
struct ListText {
    text: Vec<u8>,
    safe: bool,
    about: Metadata,
}

fn has_shell(user: &User) -> bool {
    accounts::shell_is_valid(user.shell.as_os_str().as_bytes())
}

/// The files of ForwardPath for a user, in order; only absolute names count. A detail is part of a file's name,
/// never a way out of the home.
fn forward_files(settings: &KeeperSettings, user: &User, detail: &[u8]) -> Vec<PathBuf> {
    let home = user.home_bytes();
    if home.is_empty() {
        return Vec::new();
    }
    let detail = if detail.contains(&b'/') { &b""[..] } else { detail };
    let value = |id: u8| match id {
        b'z' => Some(home.clone()),
        b'u' => Some(user.name.clone()),
        b'h' => Some(detail.to_vec()),
        _ => None,
    };
    let names = settings.forward_path.iter().map(|name| settings.expand(name, &value));
    names.map(|name| accounts::path(&name)).collect()
}

/// The first `.forward` there is. An empty one stops the search and forwards nothing.
pub(super) fn forward(
    settings: &KeeperSettings,
    accounts: &Accounts,
    user: &[u8],
    detail: &[u8],
) -> ListingAnswer {
    let mut notes = Vec::new();
    let result = match accounts.user(user) {
        Ok(Some(user)) => accounts
            .identity(&user, settings.one_group)
            .and_then(|identity| identity.assume_if_root())
            .map_err(|error| later(&error))
            .and_then(|guard| {
                let found = first_forward(settings, &user, detail, &mut notes);
                drop(guard);
                found.map(|(text, path)| listing_of(&user, text, path))
            }),
        Ok(None) => Err(ListingError::Absent),
        Err(error) => Err(later(&error)),
    };
    ListingAnswer { result, notes }
}

/// Is there nothing that [`forward`] would tell of this user? Looked for with the rights of the calling thread, which are the user's.
pub(super) fn has_no_forward(settings: &KeeperSettings, user: &User, detail: &[u8]) -> bool {
    let mut notes = Vec::new();
    let found = first_forward(settings, user, detail, &mut notes);
    matches!(found, Err(ListingError::Absent)) && notes.is_empty()
}

/// With the rights of the calling thread.
fn first_forward(
    settings: &KeeperSettings,
    user: &User,
    detail: &[u8],
    notes: &mut Vec<ListingNote>,
) -> Result<(ListText, PathBuf), ListingError> {
    let kind = ListKind::forward(settings, user);
    for path in forward_files(settings, user, detail) {
        let read = match path.is_absolute() {
            true => kind.read(&path, notes),
            false => Err(Refusal::System(std::io::Error::from_raw_os_error(nix::libc::EACCES))),
        };
        match read {
            Ok(text) => return Ok((text, path)),
            Err(why) if why.is_absent() => {}
            Err(why) if why.is_temporary() => return Err(ListingError::Later(why.to_string())),
            // sendmail goes on to the next file of the path and says why in the log
            Err(why) => {
                let text = format!("forward {}: {why}", path.display()).into_bytes();
                notes.push(ListingNote { level: 3, warning: true, text });
            }
        }
    }
    Err(ListingError::Absent)
}

/// What the user's own file says.
fn listing_of(user: &User, ListText { text, safe, .. }: ListText, path: PathBuf) -> Listing {
    let owner = ListOwner { ids: user.ids(), user: user.name.clone() };
    Listing { path: path.into_os_string().into_encoded_bytes(), text, safe, owner, shell: has_shell(user) }
}

/// Files that one template of ForwardPath can mean, whatever the detail is.
const MAX_DETAILS: usize = 100;

/// The texts of every `.forward` of a user that some detail chooses. All are the user's own: whatever they name is
/// named by the user.
///
/// # Errors
/// For now nobody can say what they name.
pub(super) fn all_forwards(settings: &KeeperSettings, user: &[u8]) -> Result<Vec<Listing>, Refusal> {
    let Some(user) = accounts::user(user)? else { return Ok(Vec::new()) };
    let kind = ListKind::forward(settings, &user);
    let guard = Identity::of(&user)?.assume_if_root()?;
    let templates = forward_files(settings, &user, b"\0");
    let paths = templates.into_iter().filter(|path| path.is_absolute()).flat_map(|path| with_details(&path));
    let mut found: Vec<(ListText, PathBuf)> = Vec::new();
    for path in paths {
        match kind.read(&path, &mut Vec::new()) {
            Ok(text) => found.push((text, path)),
            Err(why) if why.is_temporary() => return Err(why),
            Err(_) => {}
        }
    }
    drop(guard);
    Ok(found.into_iter().map(|(text, path)| listing_of(&user, text, path)).collect())
}

/// The files that a name stands for in which NUL is the place of a detail.
fn with_details(template: &Path) -> Vec<PathBuf> {
    let (Some(directory), Some(name)) = (template.parent(), template.file_name()) else { return Vec::new() };
    let mut parts = name.as_bytes().splitn(2, |byte| *byte == 0);
    let (before, Some(behind)) = (parts.next().unwrap_or_default(), parts.next()) else {
        return vec![template.to_owned()];
    };
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let fits = |name: &[u8]| name.strip_prefix(before).is_some_and(|rest| rest.ends_with(behind));
    let names = entries.flatten().map(|entry| entry.file_name()).filter(|name| fits(name.as_bytes()));
    names.take(MAX_DETAILS).map(|name| directory.join(name)).collect()
}

/// Whose rights count for something that `name` names: the account as the keeper itself finds it. Nothing that a
/// list names ever runs as root.
pub(super) fn controlling_user(settings: &KeeperSettings, name: &[u8]) -> std::io::Result<Option<User>> {
    let Some(name) = settings.controlling(name) else { return Ok(None) };
    match accounts::user(name)? {
        Some(user) => Ok(Some(user).filter(|user| user.uid != 0)),
        None => Err(std::io::Error::other("controlling user unknown")),
    }
}

/// An `:include:` file, with the rights of `user` (empty: the DefaultUser). Files and programs in it run as its
/// owner where nobody else controls them.
pub(super) fn read_include(settings: &KeeperSettings, path: &[u8], user: &[u8]) -> ListingAnswer {
    let mut notes = Vec::new();
    let result = try_include(settings, path, user, &mut notes);
    ListingAnswer { result, notes }
}

fn try_include(
    settings: &KeeperSettings,
    path: &[u8],
    user: &[u8],
    notes: &mut Vec<ListingNote>,
) -> Result<Listing, ListingError> {
    if !path.starts_with(b"/") {
        return Err(ListingError::Refused(String::from("Permission denied")));
    }
    let user = controlling_user(settings, user).map_err(|error| later(&error))?;
    let identity = user.as_ref().map_or_else(|| Ok(settings.default_user.clone()), Identity::of);
    let guard = identity.and_then(|identity| identity.assume_if_root()).map_err(|error| later(&error))?;
    let read = ListKind::include(settings).read(&accounts::path(path), notes);
    drop(guard);
    let ListText { text, safe, about } = match read {
        Ok(read) => read,
        Err(why) if why.is_absent() => return Err(ListingError::Absent),
        Err(why) if why.is_temporary() => return Err(ListingError::Later(why.to_string())),
        Err(why) => return Err(ListingError::Refused(why.to_string())),
    };
    let user = match user {
        None if about.uid() != 0 => accounts::user_by_uid(about.uid()).map_err(|error| later(&error))?,
        user => user,
    };
    let owner = user.as_ref().map_or_else(
        || ListOwner { user: Vec::new(), ids: UserIds { uid: settings.default_user.uid, gid: 0 } },
        |user| ListOwner { user: user.name.clone(), ids: user.ids() },
    );
    let shell = user.as_ref().is_none_or(has_shell);
    Ok(Listing { path: path.to_vec(), text, safe, owner, shell })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn settings(path: &[u8]) -> KeeperSettings {
        let mut config = Config::default();
        config.options.forward_path = Some(path.to_vec());
        KeeperSettings::from(&config)
    }

    #[test]
    fn a_detail_adds_no_file_to_the_path() {
        let settings = settings(b"$z/.forward+$h:$z/.forward");
        let user = User { name: b"joe".to_vec(), home: "/home/joe".into(), ..User::default() };
        let files = |detail: &[u8]| -> Vec<String> {
            let files = forward_files(&settings, &user, detail);
            files.into_iter().map(|path| path.to_string_lossy().into_owned()).collect()
        };
        assert_eq!(files(b"work"), ["/home/joe/.forward+work", "/home/joe/.forward"]);
        assert_eq!(files(b"x:y"), ["/home/joe/.forward+x:y", "/home/joe/.forward"]);
        assert_eq!(files(b"/../../etc/x"), ["/home/joe/.forward+", "/home/joe/.forward"]);
        assert_eq!(files(b"\x81z"), ["/home/joe/.forward+\u{fffd}z", "/home/joe/.forward"]);
    }

    #[test]
    fn every_detail_is_found_in_the_directory() {
        let dir = tempfile::tempdir().expect("a directory");
        for name in [".forward+a", ".forward+b", ".forward", "other"] {
            std::fs::write(dir.path().join(name), "x").expect("a file");
        }
        let mut found = with_details(&dir.path().join(".forward+\0"));
        found.sort();
        assert_eq!(found, [dir.path().join(".forward+a"), dir.path().join(".forward+b")]);
        assert_eq!(with_details(&dir.path().join("none")), [dir.path().join("none")]);
    }
}
