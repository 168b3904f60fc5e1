//! `canonify lint`: mistakes are found where they are, and nothing is said of sound sites.

use crate::scratch::CANONIFY;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

/// The site of `testdata/lint`, in a directory of its own.
struct Site(tempfile::TempDir);

impl Site {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        for entry in fs::read_dir(testdata("lint")).expect("testdata/lint").flatten() {
            let text = fs::read_to_string(entry.path()).expect("UTF-8");
            let text = text.replace("@DIR@", &directory.path().display().to_string());
            fs::write(directory.path().join(entry.file_name()), text).expect("a new directory");
        }
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).expect("ours");
        Self(directory)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Puts a text behind a file, or in the place of another text.
    fn change(&self, file: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(file)).expect("our file");
        assert!(text.contains(old), "{file}: {old}");
        let text = if old.is_empty() { text + new } else { text.replacen(old, new, 1) };
        fs::write(self.path(file), text).expect("our file");
    }

    /// The first line of a file with this text.
    fn line_of(&self, file: &str, text: &str) -> u64 {
        let whole = fs::read_to_string(self.path(file)).expect("our file");
        let at = whole.lines().position(|line| line.contains(text)).expect(text);
        at as u64 + 1
    }

    fn lint(&self, words: &[&str]) -> std::process::Output {
        let mc = self.path("site.mc");
        let mut command = Command::new(CANONIFY);
        command.args(["lint", "-C"]).arg(mc).args(words).output().expect("canonify runs")
    }

    fn findings(&self) -> Vec<Value> {
        findings(&self.path("site.mc"))
    }
}

fn findings(file: &Path) -> Vec<Value> {
    let output = Command::new(CANONIFY).args(["lint", "--json", "-C"]).arg(file).output();
    let output = output.expect("canonify runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn has(findings: &[Value], code: &str, file: &Path, line: u64) -> bool {
    findings.iter().any(|found| {
        found["code"] == code && found["file"] == *file.to_string_lossy() && found["line"] == line
    })
}

/// Code, file, what is changed there ("" for its end) into what, and a part of the line where it must be found.
#[rustfmt::skip]
const MISTAKES: &[(&str, &str, &str, &str, &str)] = &[
    ("L003", "site.mc", "`nocanonify'", "`nocanonfy'", "nocanonfy"),
    ("L003", "site.mc", "MAILER(`smtp')", "MAILER(`smpt')", "smpt"),
    ("L002", "site.mc", "`nocanonify')dnl", "`nocanonify')dn1", "dn1"),
    ("L001", "site.mc", "LOCAL_CONFIG\n", "LOCAL_CONFIG\nO NoSuchOption=7\n", "NoSuchOption"),
    ("L001", "site.mc", "define(`STATUS_FILE', `')", "define(`confPRIVACY_FLAGS', `novrfi')", "novrfi"),
    ("L101", "site.mc", "", "SAll\nR$*\t$@ OK\nR$+ @ x\t$@ never\n", "never"),
    ("L101", "site.mc", "", "SAll\nR$*\t$#local $: root\nR$-\t$: never $1\n", "never"),
    ("L102", "site.mc", "", "SSame\nR$+ @ $+\t$@ $1\nR$+ @ $+\t$@ never $1\n", "never"),
    ("L102", "site.mc", "", "SWide\nR$* < @ $+ >\t$@ $1\nR$- < @ $=w >\t$@ never\n", "never"),
    ("L103", "site.mc", "", "SLoop\nR$+ < $* >\t$1 < $2 >\n", "$1 < $2 >"),
    ("L103", "site.mc", "", "SLoop\nR$*\tmore $1\n", "more"),
    ("L104", "site.mc", "", "SBeyond\nR$+ @ $+\t$: $1 $3\n", "$1 $3"),
    ("L104", "site.mc", "", "SBeyond\nRx\t$: $1\n", "Rx"),
    ("L105", "site.mc", "", "SCall\nR$*\t$: $>NoSuchSet $1\n", "NoSuchSet"),
    ("L105", "site.mc", "", "SCall\nR$*\t$: $>canonfy $1\n", "canonfy"),
    ("L106", "site.mc", "", "SAsk\nR$+\t$: $(nosuchmap $1 $)\n", "nosuchmap"),
    ("L106", "site.mc", "", "SAsk\nR$+\t$: $(acess $1 $)\n", "acess"),
    ("L107", "site.mc", "", "SMail\nR$+\t$#esmpt $@ x $: $1\n", "esmpt"),
    ("L108", "site.mc", "", "SLocal_check_mail\nR$+ < @ x >\t$@ OK\n", "SLocal_check_mail"),
    ("L201", "site.mc", "", "SClass\nR$={Frends}\t$@ OK\n", "Frends"),
    ("L201", "site.mc", "", "SClass\nR$* @ $=Q\t$@ OK\n", "$=Q"),
    ("L202", "site.mc", "LOCAL_CONFIG\n", "LOCAL_CONFIG\nC{Idle}word\n", "C{Idle}"),
    ("L203", "site.mc", "", "SMacro\nR$*\t$: $&{noSuchMacro} $1\n", "noSuchMacro"),
    ("L203", "site.mc", "", "SMacro\nR$*\t$: $&Q $1\n", "$&Q"),
    ("L204", "site.mc", "LOCAL_CONFIG\n", "LOCAL_CONFIG\nD{Idle}word\n", "D{Idle}"),
    ("L301", "access", "", "Connect:198.51.100\tREJECT # again\n", "# again"),
    ("L301", "virtusertable", "", "JOE@virt.example\tanother\n", "JOE"),
    ("L302", "access", "", "Connect:198.51.7\n", "198.51.7"),
    ("L302", "mailertable", "", "empty.example\n", "empty"),
    ("L303", "access", "", "To:friend.example\tRELY\n", "RELY"),
    ("L303", "access", "", "Connect:192.0.2\tREJCT\n", "REJCT"),
    ("L303", "mailertable", "", "x.example\tmail.x.example\n", "x.example"),
    ("L304", "access", "", "From:x.example\tERROR:go away\n", "From:x.example"),
    ("L304", "virtusertable", "", "x@virt.example\terror:unknown here\n", "unknown here"),
    ("L305", "access", "", "*.spam.example\tREJECT\n", "*.spam"),
    ("L305", "access", "", "192.168.1.0/24\tRELAY\n", "192.168.1.0/24"),
    ("L305", "access", "", "Conect:192.0.2.7\tREJECT\n", "Conect"),
    ("L305", "virtusertable", "", "joe@other.example\troot\n", "joe@other"),
    ("L305", "virtusertable", "", "webmaster\troot\n", "webmaster"),
    ("L305", "mailertable", "", "joe@x.example\tsmtp:[192.0.2.1]\n", "joe@x"),
    ("L307", "site.mc", "LOCAL_CONFIG\n", "LOCAL_CONFIG\nKmine hash @DIR@/mine\n", "Kmine"),
    ("L308", "mailertable", "", "y.example\tsmpt:[192.0.2.1]\n", "smpt"),
    ("L401", "aliases", "", "one: two\ntwo: three\nthree: one\n", "one: two"),
    ("L402", "aliases", "", "lists: no-such-user-here\n", "no-such-user"),
    ("L403", "aliases", "", "info: joe@x.example\n", "joe@x"),
    ("L404", "aliases", "", "no colon here\n", "no colon"),
    ("L405", "aliases", "", "all: :include:/nowhere/list\n", "/nowhere/list"),
    ("L405", "aliases", "", "run: \"|/nowhere/program x\"\n", "/nowhere/program"),
    ("L601", "site.mc", "MAILER(`local')", "DAEMON_OPTIONS(`Name=Other, Addr=127.0.0.1, Port=2525')\nMAILER(`local')", "Name=Other"),
    ("L703", "site.mc", "MAILER(`local')", "define(`confSERVER_CERT', `/nowhere.pem')\nMAILER(`local')", "nowhere.pem"),
    ("L703", "site.mc", "MAILER(`local')", "define(`confSERVER_KEY', `/nowhere.pem')\ndefine(`confSERVER_CERT', `/nowhere/c.pem')\nMAILER(`local')", "SERVER_KEY"),
    ("L704", "site.mc", "LOCAL_CONFIG\n", "LOCAL_CONFIG\nO DNSSECTrustAnchor=@DIR@/no.key\n", "no.key"),
];

#[test]
fn every_mistake_is_found_at_its_place() {
    let sound = Site::new().findings();
    assert!(sound.is_empty(), "{sound:#?}");
    let mut missed = Vec::new();
    for (code, file, old, new, mark) in MISTAKES {
        let site = Site::new();
        site.change(file, old, &new.replace("@DIR@", &site.0.path().display().to_string()));
        // of two lines that are alike the second one is meant
        let line = if *code == "L108" { last_line_of(&site, file, mark) } else { site.line_of(file, mark) };
        let found = site.findings();
        if !has(&found, code, &site.path(file), line) {
            missed.push(format!("{code} {file}:{line} {new:?}: {found:#?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    let kinds: BTreeSet<&str> = MISTAKES.iter().map(|(code, ..)| *code).collect();
    assert!(MISTAKES.len() >= 40 && kinds.len() >= 20, "{} of {}", MISTAKES.len(), kinds.len());
}

fn last_line_of(site: &Site, file: &str, text: &str) -> u64 {
    let whole = fs::read_to_string(site.path(file)).expect("our file");
    whole.lines().count() as u64
        - whole.lines().rev().position(|line| line.contains(text)).expect(text) as u64
}

#[test]
fn files_are_looked_at_as_the_daemon_does() {
    let site = Site::new();
    fs::set_permissions(site.path("aliases"), fs::Permissions::from_mode(0o666)).expect("ours");
    assert!(has(&site.findings(), "L501", &site.path("aliases"), 0));
    let site = Site::new();
    let directory = site.0.path().display().to_string();
    site.change("site.mc", "LOCAL_CONFIG\n", &format!("LOCAL_CONFIG\nKmine hash {directory}/mine\n"));
    for (name, age) in [("mine", 0), ("mine.db", 3600)] {
        let file = fs::File::create(site.path(name)).expect("our file");
        let then = SystemTime::now() - Duration::from_secs(age + 7200);
        file.set_modified(then).expect("our file");
    }
    assert!(has(&site.findings(), "L306", &site.path("mine"), 0), "{:#?}", site.findings());
}

#[test]
fn a_line_that_is_no_key_of_dnssec_is_named() {
    let site = Site::new();
    let key = "example. IN DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==";
    let directory = site.0.path().display().to_string();
    let option = format!("LOCAL_CONFIG\nO DNSSECTrustAnchor={directory}/root.key\n");
    site.change("site.mc", "LOCAL_CONFIG\n", &option);
    let write = |text: String| fs::write(site.path("root.key"), text).expect("our file");
    write(format!("{key}\n"));
    assert!(site.findings().is_empty(), "{:#?}", site.findings());
    write(format!("{key}\nexample. IN DNSKEY 257 3 13 @@@@\n"));
    assert!(has(&site.findings(), "L704", &site.path("root.key"), 2), "{:#?}", site.findings());
}

/// Where files of other machines are named that are not there, nothing is said of those.
#[test]
fn sound_configurations_are_left_alone() {
    let mut files: Vec<PathBuf> = Vec::new();
    for directory in ["mc", "cf/ok"] {
        let entries = fs::read_dir(testdata(directory)).expect("testdata").flatten();
        let wanted = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "mc" || ending == "cf");
        files.extend(entries.map(|entry| entry.path()).filter(wanted));
    }
    if let Some(reference) = std::env::var_os("CANONIFY_REFERENCE") {
        let stock = Path::new(&reference).join("usr/share/sendmail/cf/cf");
        files.extend(
            fs::read_dir(stock)
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| path.extension().is_some_and(|ending| ending == "mc")),
        );
    }
    // the same as cf files, of which every line is judged
    let made = tempfile::tempdir().expect("a directory");
    for name in ["debian", "debian-submit", "redhat-default", "freebsd", "virtusertable"] {
        let mc = testdata("mc")
            .join(format!("{}{name}.mc", if name == "virtusertable" { "feature_" } else { "" }));
        let cf = made.path().join(format!("{name}.cf"));
        let mut command = Command::new(CANONIFY);
        if let Some(reference) = std::env::var_os("CANONIFY_REFERENCE") {
            command.args(["mc", "--cf-dir"]).arg(Path::new(&reference).join("usr/share/sendmail/cf"));
        } else {
            command.arg("mc");
        }
        let status = command.arg("-o").arg(&cf).arg(&mc).stderr(std::process::Stdio::null()).status();
        assert!(status.expect("canonify runs").success(), "{name}");
        files.push(cf);
    }
    assert!(files.len() > 30, "{files:?}");
    let mut said = Vec::new();
    for file in files {
        // what m4 says of the .mc has tests of its own
        let new = |found: &Value| {
            // five .mc of Berkeley call ruleset 7, which is there no more
            let ruleset_7 =
                found["message"].as_str().is_some_and(|message| message.ends_with("no S line defines: 7"));
            // what is there of the files that they name, only their own machine can tell
            let code = found["code"].as_str().unwrap_or_default();
            let is_own = ["L1", "L2", "L6"].iter().any(|kind| code.starts_with(kind));
            !ruleset_7 && is_own
        };
        said.extend(findings(&file).into_iter().filter(new).map(|found| found.to_string()));
    }
    assert!(said.is_empty(), "{}", said.join("\n"));
}

#[test]
fn what_can_be_mended_is() {
    let site = Site::new();
    site.change("access", "", "To:friend.example\tRELY\nConnect:198.51.100\tREJECT\n");
    site.change("mailertable", "", "y.example\tsmpt:[192.0.2.1]\n");
    let output = site.lint(&["--fix"]);
    assert!(output.status.success(), "{output:?}");
    let text = |name: &str| fs::read_to_string(site.path(name)).expect("our file");
    assert!(text("access").contains("To:friend.example\tRELAY\n"), "{}", text("access"));
    assert_eq!(text("access").matches("198.51.100").count(), 1);
    assert!(text("mailertable").contains("y.example\tsmtp:[192.0.2.1]\n"), "{}", text("mailertable"));
}

#[test]
fn sarif_names_rule_and_place() {
    let site = Site::new();
    site.change("access", "", "To:friend.example\tRELY\n");
    let output = site.lint(&["--sarif"]);
    assert_eq!(output.status.code(), Some(0), "a warning is no error");
    let sarif: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "L303");
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startLine"], &region["startColumn"]), (&7.into(), &19.into()));
    assert_eq!(site.lint(&["--deny-warnings"]).status.code(), Some(65));
}

#[test]
fn every_code_has_its_page() {
    let pages =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lint.md")).expect("docs/lint.md");
    for code in canonify::analysis::lint::CODES {
        assert!(pages.contains(&format!("\n## {}: {}\n", code.id, code.name)), "{} {}", code.id, code.name);
    }
}

#[test]
fn a_page_says_the_same() {
    let site = Site::new();
    site.change("access", "", "Connect:192.0.2.3\tREALY\n");
    let page = site.path("page.html");
    let text = String::from_utf8(site.lint(&[]).stdout).expect("UTF-8");
    let output = site.lint(&["--html", &page.display().to_string()]);
    assert!(output.stdout.is_empty(), "{output:?}");
    let page = fs::read_to_string(page).expect("a page");
    let total = text.trim_end().lines().last().expect("a line");
    assert!(page.contains(total) && page.contains("REALY") && page.contains("[L"), "{page}");
    assert!(page.ends_with("</html>\n") && !page.contains("<script"));
    let relay = site.path("relay.html");
    site.lint(&["--relay", "--html", &relay.display().to_string()]);
    let relay = fs::read_to_string(relay).expect("a page");
    assert!(relay.contains("no way by which") && relay.ends_with("</html>\n"), "{relay}");
}
