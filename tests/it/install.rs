//! `canonify install` on systems below a directory: what is there afterwards, and that --remove puts back what was there before.

use crate::scratch::CANONIFY;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A system in a directory, with files and links made of a table.
struct System(tempfile::TempDir);

impl System {
    fn new(files: &[(&str, &str)], links: &[(&str, &str)]) -> Self {
        let system = Self(tempfile::tempdir().expect("a directory"));
        for (path, text) in files {
            fs::write(system.place(path), text).expect("a file");
        }
        for (path, to) in links {
            symlink(to, system.place(path)).expect("a link");
        }
        system
    }

    fn debian() -> Self {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nsmmsp:x:104:105::/var/lib/sendmail:/bin/false";
        let files = [
            ("etc/os-release", "ID=debian\n"),
            ("etc/passwd", passwd),
            ("etc/group", "root:x:0:\nsmmsp:x:105:\n"),
            ("etc/init.d/sendmail", "#!/bin/sh\n"),
            ("etc/mail/sendmail.cf", "V10/Berkeley\n"),
            ("usr/libexec/sendmail/sendmail", "the system's sendmail\n"),
            ("usr/libexec/sendmail/makemap", "the system's makemap\n"),
            ("usr/share/sendmail/sendmail", "the system's script\n"),
            ("usr/sbin/praliases", "the system's praliases\n"),
            ("usr/lib/systemd/system/x.service", ""),
            ("usr/share/man/man8/makemap.8.gz", "the system's page"),
            ("usr/share/bash-completion/completions/x", ""),
            ("var/lib/dpkg/diversions", "/bin/sh\n/bin/sh.distrib\ndash\n"),
            ("var/spool/mqueue/dfxyz", ""),
        ];
        let links = [
            ("usr/libexec/sendmail/mailq", "sendmail"),
            ("usr/share/sendmail/mailq", "sendmail"),
            ("etc/alternatives/sendmail-mta", "/usr/libexec/sendmail/sendmail"),
            ("etc/alternatives/mailq", "/usr/share/sendmail/mailq"),
            ("usr/sbin/sendmail-mta", "/etc/alternatives/sendmail-mta"),
            ("usr/sbin/sendmail", "sendmail-mta"),
            ("usr/sbin/makemap", "../libexec/sendmail/makemap"),
            ("usr/bin/mailq", "/etc/alternatives/mailq"),
        ];
        Self::new(&files, &links)
    }

    /// A path below it; what is above that is there.
    fn place(&self, path: &str) -> PathBuf {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        path
    }

    fn install(&self, flags: &[&str]) -> String {
        let output =
            Command::new(CANONIFY).arg("install").arg("--root").arg(self.0.path()).args(flags).output();
        let output = output.expect("canonify runs");
        assert!(output.status.success(), "{output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Every name with what it is: kind, owner, mode, content.
    fn all(&self) -> BTreeMap<PathBuf, (u32, u32, u32, Vec<u8>)> {
        let mut found = BTreeMap::new();
        let mut next = vec![self.0.path().to_owned()];
        while let Some(path) = next.pop() {
            let about = fs::symlink_metadata(&path).expect("our file");
            let content = match about.file_type() {
                kind if kind.is_symlink() => {
                    fs::read_link(&path).expect("a link").into_os_string().into_encoded_bytes()
                }
                kind if kind.is_dir() => {
                    next.extend(
                        fs::read_dir(&path).expect("a directory").flatten().map(|entry| entry.path()),
                    );
                    Vec::new()
                }
                // the program: its size says enough
                _ if about.len() > 1_000_000 => about.len().to_string().into_bytes(),
                _ => fs::read(&path).expect("a file"),
            };
            found.insert(path, (about.mode(), about.uid(), about.gid(), content));
        }
        found
    }

    /// What a name leads to is our program.
    fn is_ours(&self, name: &str) -> bool {
        let (mut path, root) = (PathBuf::from("/").join(name), self.0.path());
        let below = |path: &Path| root.join(path.strip_prefix("/").expect("an absolute path"));
        for _ in 0..8 {
            let Ok(link) = fs::read_link(below(&path)) else { break };
            path = match link.is_absolute() {
                true => link,
                false => {
                    let joined = below(path.parent().expect("a parent")).join(link);
                    let real =
                        joined.parent().and_then(|parent| parent.canonicalize().ok()).expect("a directory");
                    let real = real.join(joined.file_name().expect("a name"));
                    Path::new("/").join(real.strip_prefix(root.canonicalize().expect("ours")).expect("below"))
                }
            };
        }
        path == Path::new("/usr/sbin/canonify")
    }
}

/// What is said whoever runs the test.
fn said(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("left out")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_debian_system_is_taken_over_and_given_back() {
    let system = System::debian();
    let before = system.all();
    insta::assert_snapshot!(said(&system.install(&["--dry-run"])));
    assert_eq!(system.all(), before, "a dry run changes nothing");

    system.install(&[]);
    for name in [
        "usr/sbin/sendmail",
        "usr/lib/sendmail",
        "usr/sbin/sendmail-mta",
        "usr/sbin/makemap",
        "usr/bin/newaliases",
    ] {
        assert!(system.is_ours(name), "{name}");
    }
    // through the script of the system, which calls its sendmail
    assert!(!system.is_ours("usr/bin/mailq"));
    assert_eq!(fs::read(system.place("etc/mail/sendmail.cf")).expect("the site's"), b"V10/Berkeley\n");
    let diversions = fs::read_to_string(system.place("var/lib/dpkg/diversions")).expect("dpkg's");
    let ours = "/usr/sbin/praliases\n/usr/sbin/praliases.before-canonify\n:\n";
    assert!(diversions.starts_with("/bin/sh\n") && diversions.contains(ours), "{diversions}");

    let after = system.all();
    assert_eq!(
        said(&system.install(&[])),
        "/etc/init.d/sendmail stays: it starts what is sendmail now\nnothing to do\n"
    );
    assert!(system.all() == after, "a second time changes nothing");

    system.install(&["--remove", "--dry-run"]);
    assert!(system.all() == after, "a dry run changes nothing");
    system.install(&["--remove"]);
    let restored = |mut all: BTreeMap<PathBuf, (u32, u32, u32, Vec<u8>)>| {
        // without a newline at its end a line could not be added
        let passwd = all.get_mut(&system.place("etc/passwd")).expect("the accounts");
        passwd.3 = passwd.3.trim_ascii_end().to_vec();
        all
    };
    assert_eq!(restored(system.all()), restored(before));
}

#[test]
fn an_empty_system_gets_everything_and_loses_it_again() {
    let system = System::new(&[("etc/redhat-release", "x")], &[("usr/sbin", "bin")]);
    fs::create_dir_all(system.place("usr/bin")).expect("a directory");
    let before = system.all();
    system.install(&[]);
    for name in ["usr/sbin/sendmail", "usr/lib/sendmail", "usr/bin/mailq", "usr/bin/makemap"] {
        assert!(
            fs::canonicalize(system.place(name)).expect("a link").ends_with("usr/bin/canonify"),
            "{name}"
        );
    }
    let passwd = fs::read_to_string(system.place("etc/passwd")).expect("the accounts");
    assert!(passwd.lines().any(|line| line.starts_with("canonify:x:998:998:Mail transport:/:")), "{passwd}");
    fs::write(system.place("var/spool/mqueue/qfx"), "").expect("a file");
    fs::remove_file(system.place("var/spool/mqueue/qfx")).expect("ours");
    system.install(&["--remove"]);
    let mut after = system.all();
    for file in ["etc/passwd", "etc/group"] {
        let (.., text) = after.remove(&system.place(file)).expect("it stays");
        assert!(text.is_empty());
    }
    assert_eq!(after, before);
}

#[test]
fn what_comes_between_stays() {
    let system = System::debian();
    system.install(&[]);
    // a package's upgrade past the diversion, and mail that waits in a directory of ours
    fs::remove_file(system.place("usr/sbin/praliases")).expect("our link");
    fs::write(system.place("usr/sbin/praliases"), "a newer praliases\n").expect("a file");
    assert!(system.install(&[]).contains("kept as /usr/sbin/praliases.before-canonify"));
    fs::write(system.place("var/spool/mqueue-client/qfx"), "").expect("a file");
    let output = Command::new(CANONIFY).args(["install", "--remove", "--root"]).arg(system.0.path()).output();
    let told = String::from_utf8(output.expect("canonify runs").stderr).expect("UTF-8");
    assert_eq!(told, "/var/spool/mqueue-client is left: it is not empty\n");
    assert_eq!(fs::read(system.place("usr/sbin/praliases")).expect("theirs"), b"a newer praliases\n");
    assert!(system.place("var/spool/mqueue-client/qfx").exists());
}
