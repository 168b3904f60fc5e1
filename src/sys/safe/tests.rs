//! Modes, links and words.

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

#[test]
fn a_file_of_ones_own_has_one_name_and_one_owner() {
    use std::io::Write;
    let (_keep, path) = scene(0o644, 0o755);
    let why = |path: &Path| open_own(path, 0o600).map(drop).map_err(|why| why.to_string());
    let beside = |name: &str| path.with_file_name(name);
    open_own(&path, 0o600).expect("our own").write_all(b" and more").expect("written");
    assert_eq!(std::fs::read(&path).expect("a file"), b"text and more");
    assert_eq!(why(&beside("new")), Ok(()));
    symlink(&path, beside("link")).expect("a link");
    symlink(beside("none"), beside("dangling")).expect("a link");
    for link in ["link", "dangling"] {
        assert_eq!(why(&beside(link)), Err("Symbolic links not allowed".to_owned()));
    }
    assert!(!beside("none").exists());
    assert_eq!(why(path.parent().expect("home")), Err("Regular files only".to_owned()));
    nix::unistd::mkfifo(&beside("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    assert_eq!(why(&beside("pipe")), Err("Regular files only".to_owned()));
    std::fs::hard_link(&path, beside("second")).expect("a link");
    assert_eq!(why(&path), Err("Hard links not allowed".to_owned()));
    if crate::sys::identity::is_root() {
        std::os::unix::fs::chown(beside("new"), Some(65534), None).expect("given away");
        assert!(why(&beside("new")).expect_err("somebody else's").starts_with("Permission denied"));
    }
}

/// Going by its mode root reads and writes what is its own, and with TrustedUser what is that one's.
#[test]
fn what_is_trusted_users_is_roots_own() {
    let (_keep, path) = scene(0o640, 0o755);
    let about = std::fs::metadata(&path).expect("a file");
    let somebody = |uid| Identity { uid, gid: about.gid() + 1, groups: Vec::new() };
    let owner = about.uid().max(1);
    let other = owner + 1;
    if about.uid() == 0 {
        std::os::unix::fs::chown(&path, Some(owner), None).expect("root may");
    }
    let about = std::fs::metadata(&path).expect("a file");
    for (reader, trusted_user, allowed) in
        [(owner, 0, true), (0, 0, false), (0, owner, true), (0, other, false), (other, owner, false)]
    {
        let allows = mode_allows(&somebody(reader), trusted_user, &about, 0o4);
        assert_eq!(allows, allowed, "{reader} {trusted_user}");
    }
}
