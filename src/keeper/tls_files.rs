//! Keys and certificates: read here, since only root may read a key, and handed to the front, which speaks TLS.
//!
//! Only what the configuration itself names is read, with the checks of DontBlameSendmail.

use super::aliases::signature;
use super::protocol::{Signature, TlsFileAnswer};
use super::settings::{KeeperSettings, NamedFile, TlsFile};
use crate::sys::accounts;
use crate::sys::safe::{self, Blame, Refusal, Rules};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A file of the TLS options, unless it is as it was when it was last `seen`.
pub(super) fn read(settings: &KeeperSettings, file: &NamedFile, seen: Option<Signature>) -> TlsFileAnswer {
    let (kind, path) = file;
    let named = settings.tls_files.contains(file) || *kind == TlsFile::Key && is_signing_key(settings, path);
    if !named {
        return TlsFileAnswer::Refused("not named by the configuration".into());
    }
    let rules = match kind {
        TlsFile::Certificate | TlsFile::SigningTable => Rules::certificate(settings.blame),
        TlsFile::Key => Rules::key(settings.blame),
        TlsFile::AuthInfo => Rules::auth_info(settings.blame),
        TlsFile::Directory => return read_directory(path, settings.blame, seen),
    };
    read_with(path, &rules, seen).unwrap_or_else(|refusal| TlsFileAnswer::Refused(refusal.to_string()))
}

/// Is it the key of a line of the signing table?
fn is_signing_key(settings: &KeeperSettings, path: &[u8]) -> bool {
    let table = settings.tls_files.iter().find(|(kind, _)| *kind == TlsFile::SigningTable);
    let text =
        table.map(|(_, table)| safe::read(&accounts::path(table), &Rules::certificate(settings.blame)));
    let Some(Ok(text)) = text else { return false };
    let words = |line: &[u8]| {
        line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).nth(2) == Some(path)
    };
    let mut lines = text.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"#"));
    lines.any(words)
}

/// All files of a directory whose names are hashes (`1a2b3c4d.0`, `1a2b3c4d.r0`): name and text, a NUL behind each.
fn read_directory(path: &[u8], blame: Blame, seen: Option<Signature>) -> TlsFileAnswer {
    let path = accounts::path(path);
    let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
    let hashed = entries.filter(|entry| is_hash(entry.file_name().as_bytes()));
    let mut hashed: Vec<PathBuf> = hashed.map(|entry| entry.path()).collect();
    hashed.sort();
    let found = signature_of_all(&path, &hashed);
    if seen == Some(found) {
        return TlsFileAnswer::Unchanged;
    }
    let texts = hashed.iter().filter_map(|file| {
        let text = safe::read(file, &Rules::certificate(blame)).ok()?;
        let name = file.file_name()?.as_bytes();
        (!text.contains(&0)).then(|| [name, b"\0", &text, b"\0"].concat())
    });
    TlsFileAnswer::Content(texts.collect::<Vec<_>>().concat(), found)
}

/// Links lead elsewhere, and lists are written anew in place: neither changes the directory itself.
fn signature_of_all(directory: &Path, files: &[PathBuf]) -> Signature {
    let mut all = DefaultHasher::new();
    let paths = std::iter::once(directory).chain(files.iter().map(PathBuf::as_path));
    paths.for_each(|path| std::fs::metadata(path).ok().map(|about| signature(&about)).hash(&mut all));
    (0, 0, 0, 0, all.finish())
}

fn is_hash(name: &[u8]) -> bool {
    name.len() > 9 && name[..8].iter().all(u8::is_ascii_hexdigit) && name[8] == b'.'
}

fn read_with(path: &[u8], rules: &Rules, seen: Option<Signature>) -> Result<TlsFileAnswer, Refusal> {
    let (mut file, about) = safe::open(&accounts::path(path), rules)?;
    let found = signature(&about);
    if seen == Some(found) {
        return Ok(TlsFileAnswer::Unchanged);
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(TlsFileAnswer::Content(text, found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::os::unix::fs::PermissionsExt;

    fn bytes(path: &Path) -> Vec<u8> {
        path.as_os_str().as_bytes().to_vec()
    }

    /// A key of this mode, a directory with one file that counts, and what the keeper knows of them.
    fn scene(mode: u32) -> (tempfile::TempDir, KeeperSettings, NamedFile) {
        let dir = tempfile::tempdir().expect("a directory");
        let key = dir.path().join("key");
        for (path, text) in [("key", "secret"), ("1a2b3c4d.0", "one"), ("ca.pem", "two"), ("other", "three")]
        {
            std::fs::write(dir.path().join(path), text).expect("a file");
        }
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).expect("a mode");
        let mut settings = KeeperSettings::from(&Config::default());
        settings.blame |= safe::Blame::GROUP_WRITABLE_DIR_PATH_SAFE | safe::Blame::TRUST_STICKY_BIT;
        settings.tls_files.insert((TlsFile::Key, bytes(&key)));
        settings.tls_files.insert((TlsFile::Directory, bytes(dir.path())));
        (dir, settings, (TlsFile::Key, bytes(&key)))
    }

    #[test]
    fn sec_025_keys_that_others_may_read_are_refused() {
        for (mode, why) in [(0o640, "Group readable"), (0o604, "World readable"), (0o620, "Group writable")] {
            let (_dir, settings, key) = scene(mode);
            match read(&settings, &key, None) {
                TlsFileAnswer::Refused(said) => assert_eq!(said, format!("{why} file")),
                other => panic!("{mode:o}: {other:?}"),
            }
        }
        let (_dir, mut settings, key) = scene(0o640);
        settings.blame |= safe::Blame::GROUP_READABLE_KEY_FILE;
        assert!(matches!(read(&settings, &key, None), TlsFileAnswer::Content(..)));
    }

    #[test]
    fn each_option_has_rules_of_its_own_for_the_same_file() {
        let (dir, mut settings, key) = scene(0o644);
        settings.tls_files.insert((TlsFile::Certificate, key.1.clone()));
        settings.tls_files.insert((TlsFile::Certificate, bytes(dir.path())));
        assert!(matches!(read(&settings, &key, None), TlsFileAnswer::Refused(_)), "a key is nobody else's");
        let certificate = (TlsFile::Certificate, key.1);
        assert!(matches!(read(&settings, &certificate, None), TlsFileAnswer::Content(..)));
        match read(&settings, &(TlsFile::Certificate, bytes(dir.path())), None) {
            TlsFileAnswer::Refused(why) => assert_eq!(why, "Regular files only"),
            other => panic!("{other:?}"),
        }
        assert!(matches!(
            read(&settings, &(TlsFile::Directory, bytes(dir.path())), None),
            TlsFileAnswer::Content(..)
        ));
    }

    #[test]
    fn what_is_unchanged_is_not_sent_again() {
        let (dir, settings, key) = scene(0o600);
        let TlsFileAnswer::Content(text, seen) = read(&settings, &key, None) else { panic!("no content") };
        assert_eq!(text, b"secret");
        assert_eq!(read(&settings, &key, Some(seen)), TlsFileAnswer::Unchanged);
        std::fs::write(dir.path().join("key"), "another").expect("a file");
        assert!(matches!(read(&settings, &key, Some(seen)), TlsFileAnswer::Content(..)));
    }

    #[test]
    fn a_list_behind_a_link_is_read_again() {
        let (dir, settings, _) = scene(0o600);
        let (list, elsewhere) = (dir.path().join("list"), dir.path().join("next"));
        let directory = (TlsFile::Directory, bytes(dir.path()));
        std::fs::write(&list, "first").expect("a file");
        std::os::unix::fs::symlink(&list, dir.path().join("1a2b3c4d.r0")).expect("a link");
        let content = |seen| match read(&settings, &directory, seen) {
            TlsFileAnswer::Content(text, seen) => (text, seen),
            other => panic!("{other:?}"),
        };
        let (text, seen) = content(None);
        assert!(text.ends_with(b"1a2b3c4d.r0\0first\0"));
        assert_eq!(read(&settings, &directory, Some(seen)), TlsFileAnswer::Unchanged);
        std::fs::write(&list, "in its place").expect("a file");
        let (text, seen) = content(Some(seen));
        assert!(text.ends_with(b"in its place\0"));
        std::fs::write(&elsewhere, "another").expect("a file");
        std::fs::rename(&elsewhere, &list).expect("renamed");
        assert!(content(Some(seen)).0.ends_with(b"another\0"));
    }

    #[test]
    fn keys_of_the_signing_table() {
        let (dir, mut settings, key) = scene(0o600);
        settings.tls_files.clear();
        let table = (TlsFile::SigningTable, bytes(&dir.path().join("other")));
        std::fs::write(
            dir.path().join("other"),
            [b"# a b /etc/shadow\nsite.example s ", &key.1[..], b"\n"].concat(),
        )
        .expect("a file");
        assert!(matches!(read(&settings, &key, None), TlsFileAnswer::Refused(_)), "there is no table yet");
        settings.tls_files.insert(table.clone());
        assert!(matches!(read(&settings, &table, None), TlsFileAnswer::Content(..)));
        assert!(matches!(read(&settings, &key, None), TlsFileAnswer::Content(..)));
        assert!(matches!(
            read(&settings, &(TlsFile::Key, b"/etc/shadow".to_vec()), None),
            TlsFileAnswer::Refused(_)
        ));
        std::fs::set_permissions(dir.path().join("key"), std::fs::Permissions::from_mode(0o644))
            .expect("a mode");
        assert!(matches!(read(&settings, &key, None), TlsFileAnswer::Refused(_)), "the key is everybody's");
    }

    #[test]
    fn nothing_else_is_read() {
        let (dir, settings, key) = scene(0o600);
        for path in ["other", "1a2b3c4d.0", "../etc/passwd"] {
            let path = bytes(&dir.path().join(path));
            for kind in [TlsFile::Certificate, TlsFile::Key, TlsFile::Directory] {
                let file = (kind, path.clone());
                assert!(matches!(read(&settings, &file, None), TlsFileAnswer::Refused(_)));
            }
        }
        let (_, key) = key;
        assert!(matches!(read(&settings, &(TlsFile::Certificate, key), None), TlsFileAnswer::Refused(_)));
        match read(&settings, &(TlsFile::Directory, bytes(dir.path())), None) {
            TlsFileAnswer::Content(text, _) => assert_eq!(text, b"1a2b3c4d.0\0one\0"),
            other => panic!("{other:?}"),
        }
    }
}
