//! `canonify auth test`: a log-in, tried, with each of those who know passwords.

use crate::scratch::CANONIFY;
use canonify::db::bdb::{Kind, Writer};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::process::{Command, Output, Stdio};

/// A configuration, a sasldb2 in which alice and carol have passwords, and a Sendmail.conf.
struct Site(tempfile::TempDir);

impl Site {
    fn new(options: &str, sasl: &str) -> Self {
        let site = Self(tempfile::tempdir().expect("a directory"));
        let cf = format!("V10/Berkeley\nDjmail.site.example\n{options}\nMlocal, P=[IPC], F=l, A=TCP x\n");
        fs::write(site.path("site.cf"), cf).expect("a file");
        fs::write(site.path("Sendmail.conf"), sasl.replace("DIR", &site.path(""))).expect("a file");
        let mut writer = Writer::new(Kind::Hash, false);
        writer.insert(b"alice\0mail.site.example\0userPassword", b"secret");
        writer.insert(b"carol\0other.example\0userPassword", b"secret");
        writer.commit(site.path("sasldb2").as_ref()).expect("a database");
        site
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn test(&self, words: &[&str], password: &str) -> Output {
        let mut child = Command::new(CANONIFY)
            .args(["auth", "test", "-C", &self.path("site.cf"), "--sasl-conf", &self.path("Sendmail.conf")])
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("canonify runs");
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(format!("{password}\n").as_bytes()).expect("somebody reads");
        drop(input);
        child.wait_with_output().expect("an end")
    }

    /// The steps that failed, the reply and the exit status.
    fn told(&self, words: &[&str], password: &str) -> (Vec<String>, String, Option<i32>) {
        let output = self.test(&[words, &["--json"]].concat(), password);
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert!(!String::from_utf8_lossy(&output.stdout).contains(password), "the password is shown: {said}");
        let steps = said["steps"].as_array().expect("steps").iter().filter(|step| step["good"] == false);
        let failed = steps.map(|step| step["step"].as_str().expect("text").to_owned()).collect();
        (failed, said["reply"].as_str().expect("text").to_owned(), output.status.code())
    }
}

const MECHANISMS: &str = "O AuthMechanisms=PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256";
const DATABASE: &str = "pwcheck_method: auxprop\nsasldb_path: DIR/sasldb2\n";
const GOOD: &str = "235 2.0.0 OK Authenticated";
const BAD: &str = "535 5.7.0 authentication failed";
const LATER: &str = "454 4.7.0 Temporary authentication failure";

fn steps(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn every_mechanism_logs_in_who_knows_the_password() {
    let site = Site::new(MECHANISMS, DATABASE);
    for mechanism in ["PLAIN", "login", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"] {
        let words = ["-m", mechanism, "alice"];
        assert_eq!(site.told(&words, "secret"), (vec![], GOOD.into(), Some(0)), "{mechanism}");
        let (failed, reply, status) = site.told(&words, "wrong-one");
        assert_eq!((failed.last().map(String::as_str), &reply[..], status), (Some("reply"), BAD, Some(77)));
    }
}

#[test]
fn a_user_of_another_realm_is_told_where_he_is_known() {
    let site = Site::new(MECHANISMS, DATABASE);
    let (failed, reply, status) = site.told(&["carol"], "secret");
    assert_eq!((failed, &reply[..], status), (steps(&["auxprop", "auxprop, asked", "reply"]), BAD, Some(77)));
    let text = String::from_utf8(site.test(&["carol"], "secret").stdout).expect("UTF-8");
    assert!(text.contains("no carol@mail.site.example, but carol@other.example"), "{text}");
    assert_eq!(site.told(&["carol@other.example"], "secret").1, GOOD);
    let other = Site::new(&format!("{MECHANISMS}\nO AuthRealm=other.example"), DATABASE);
    assert_eq!(other.told(&["carol"], "secret").1, GOOD);
}

#[test]
fn what_takes_a_mechanism_away_is_named() {
    for (options, sasl, words, why) in [
        (
            "O AuthMechanisms=PLAIN\nO AuthOptions=p",
            "",
            &["-m", "PLAIN", "alice"][..],
            "AuthOptions p allows it under TLS alone",
        ),
        (
            "O AuthMechanisms=PLAIN\nO AuthOptions=d",
            "",
            &["-m", "PLAIN", "alice"],
            "not what AuthOptions d asks for",
        ),
        ("O AuthMechanisms=LOGIN", "", &["-m", "PLAIN", "alice"], "option AuthMechanisms does not name it"),
        (
            "O AuthMechanisms=PLAIN LOGIN",
            "mech_list: LOGIN\n",
            &["-m", "PLAIN", "alice"],
            "mech_list of Sendmail.conf",
        ),
        (
            "O AuthMechanisms=PLAIN\nSsrv_features\nR$*\t$# A",
            "",
            &["-m", "PLAIN", "alice"],
            "ruleset srv_features",
        ),
        ("O AuthMechanisms=PLAIN", "", &["-m", "NTLM", "alice"], "NTLM is not known here"),
    ] {
        let site = Site::new(options, &(DATABASE.to_owned() + sasl));
        let (failed, reply, status) = site.told(words, "secret");
        assert_eq!((failed, status), (steps(&["mechanism", "reply"]), Some(69)), "{options}: {reply}");
        let text = String::from_utf8(site.test(words, "secret").stdout).expect("UTF-8");
        assert!(text.contains(why), "{why}: {text}");
    }
    let protected = Site::new("O AuthMechanisms=PLAIN\nO AuthOptions=p", DATABASE);
    assert_eq!(protected.told(&["-m", "PLAIN", "--tls", "alice"], "secret").1, GOOD);
}

#[test]
fn nobody_who_knows_passwords() {
    let site =
        Site::new(MECHANISMS, "pwcheck_method: saslauthd\nsaslauthd_path: DIR/mux\nsasldb_path: DIR/none\n");
    let (failed, reply, status) = site.told(&["-m", "PLAIN", "alice"], "secret");
    let asked = steps(&["saslauthd", "saslauthd, asked", "reply"]);
    assert_eq!((failed, &reply[..], status), (asked, LATER, Some(75)));
    // what needs the password itself cannot ask saslauthd
    let text = String::from_utf8(site.test(&["-m", "SCRAM-SHA-1", "alice"], "secret").stdout).expect("UTF-8");
    assert!(text.contains("`mech_list: PLAIN LOGIN' offers no other"), "{text}");
    assert_eq!(site.told(&["-m", "PLAIN", "--pwcheck", "dovecot", "alice"], "secret").2, Some(75));
    let unknown = Site::new(MECHANISMS, &(DATABASE.to_owned() + "pwcheck_method: pwcheck auxprop\n"));
    assert_eq!(unknown.told(&["alice"], "secret"), (steps(&["Sendmail.conf"]), GOOD.into(), Some(0)));
    let broken = Site::new(MECHANISMS, "no colon\n");
    let (failed, _, status) = broken.told(&["-m", "PLAIN", "alice"], "secret");
    assert_eq!((failed.first().map(String::as_str), status), (Some("Sendmail.conf"), Some(69)));
}

#[test]
fn a_passwd_style_file_answers_what_follows_from_it() {
    use std::os::unix::fs::PermissionsExt;
    let sasl = "pwcheck_method: passwd-file\npasswd_file_path: DIR/passwd\nauxprop_plugin: none\n";
    let options = format!("{MECHANISMS}\nO DontBlameSendmail=TrustStickyBit,GroupWritableDirPathSafe");
    let site = Site::new(&options, sasl);
    let path = site.path("passwd");
    fs::write(&path, include_str!("../../testdata/sasl/passwd-file")).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    for (mechanism, user) in [("PLAIN", "sha512"), ("LOGIN", "yescrypt"), ("SCRAM-SHA-256", "scram256")] {
        let words = ["-m", mechanism, user];
        assert_eq!(site.told(&words, "secret"), (vec![], GOOD.into(), Some(0)), "{mechanism}");
        let (failed, reply, status) = site.told(&words, "wrong-one");
        assert_eq!((failed.last().map(String::as_str), &reply[..], status), (Some("reply"), BAD, Some(77)));
    }
    assert_eq!(site.told(&["-m", "CRAM-MD5", "plain"], "secret").1, GOOD);
    let asked = steps(&["passwd-file", "passwd-file, asked", "reply"]);
    assert_eq!(site.told(&["-m", "PLAIN", "nobody"], "secret"), (asked.clone(), BAD.into(), Some(77)));
    // a hash is good for passwords alone, and what cannot be read is no refusal
    let (failed, reply, _) = site.told(&["-m", "PLAIN", "no-hash"], "secret");
    assert_eq!((failed, &reply[..]), (steps(&["passwd-file, asked", "reply"]), LATER));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("a mode");
    assert_eq!(site.told(&["-m", "PLAIN", "sha512"], "secret"), (asked, LATER.into(), Some(75)));
    let text = String::from_utf8(site.test(&["-m", "PLAIN", "sha512"], "secret").stdout).expect("UTF-8");
    assert!(text.contains("readable file"), "{text}");
}

#[test]
fn a_program_says_whose_a_token_is() {
    use std::os::unix::fs::PermissionsExt;
    let options = "O AuthMechanisms=PLAIN OAUTHBEARER XOAUTH2\nO DefaultUser=65534:65534";
    let site = Site::new(options, "oauth_program: DIR/check alice\nauxprop_plugin: none\n");
    let mode = |path: String| fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
    let script =
        "#!/bin/sh\nread token\ncase $token in\ngood*) echo $1;;\nbad*) exit 77;;\n*) exit 1;;\nesac\n";
    fs::write(site.path("check"), script).expect("a file");
    mode(site.path("check"));
    // whoever runs it is not root
    mode(site.path(""));
    let failed = |names: &[&str]| steps(&[names, &["reply"]].concat());
    for mechanism in ["OAUTHBEARER", "XOAUTH2"] {
        let told = |user, token| site.told(&["-m", mechanism, "--tls", user], token);
        assert_eq!(told("alice", "good.token"), (vec![], GOOD.into(), Some(0)), "{mechanism}");
        assert_eq!(told("bob", "good.token"), (failed(&[]), BAD.into(), Some(77)));
        let asked = failed(&["oauth_program, asked"]);
        assert_eq!(told("alice", "bad.token"), (asked.clone(), BAD.into(), Some(77)));
        assert_eq!(told("alice", "strange.token"), (asked, LATER.into(), Some(75)));
        // a token is said to nobody in the clear
        assert_eq!(site.told(&["-m", mechanism, "alice"], "good.token").2, Some(69));
    }
    let without = Site::new(options, "auxprop_plugin: none\n");
    let words = ["-m", "XOAUTH2", "--tls", "alice"];
    assert_eq!(without.told(&words, "good.token").2, Some(69));
    let text = String::from_utf8(without.test(&words, "good.token").stdout).expect("UTF-8");
    assert!(text.contains("oauth_program of Sendmail.conf"), "{text}");
}

#[test]
fn saslauthd_answers() {
    let site = Site::new(MECHANISMS, "pwcheck_method: saslauthd\nsaslauthd_path: DIR/mux\n");
    let listener = UnixListener::bind(site.path("mux")).expect("a socket");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut words = [(); 4].map(|()| {
                let mut length = [0; 2];
                stream.read_exact(&mut length).ok()?;
                let mut word = vec![0; usize::from(u16::from_be_bytes(length))];
                stream.read_exact(&mut word).ok().map(|()| word)
            });
            // whoever only looks whether somebody listens asks nothing
            let Some(password) = words[1].take() else { continue };
            let answer = if password == b"secret" { "OK" } else { "NO" };
            // the other end may have had enough
            let _ = stream.write_all(&[&[0, 2], answer.as_bytes()].concat());
        }
    });
    let words = ["-m", "LOGIN", "alice"];
    assert_eq!(site.told(&words, "secret"), (vec![], GOOD.into(), Some(0)));
    let asked = steps(&["saslauthd, asked", "reply"]);
    assert_eq!(site.told(&words, "wrong-one"), (asked, BAD.into(), Some(77)));
}

/// A directory with a libpam of the tests' own.
fn libpam() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a directory");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/sasl/libpam.c");
    let mut compiler = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
    compiler.args(["-shared", "-fPIC", "-o"]).arg(folder.path().join("libpam.so.0")).arg(source);
    assert!(compiler.status().expect("a C compiler").success());
    folder
}

/// PAM's process: its exit status, and what it prints.
fn ask_pam(libraries: &std::path::Path, question: &[u8]) -> (Option<i32>, String) {
    let mut child = Command::new(CANONIFY)
        .arg("ask-pam")
        .env("LD_LIBRARY_PATH", libraries)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("canonify runs");
    child.stdin.take().expect("a pipe").write_all(question).expect("somebody reads");
    let output = child.wait_with_output().expect("an end");
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).expect("text"))
}

#[test]
fn what_is_no_question_is_not_handed_to_pam() {
    let asked = |question: &[u8]| ask_pam(std::path::Path::new("/nonexistent"), question);
    let usage = "canonify ask-pam: standard input is to be a login name, a NUL and a password\n";
    assert_eq!(asked(b"alice secret"), (Some(64), usage.to_owned()));
    assert_eq!(asked(b"alice\0sec\0ret"), (Some(77), "pam_start: a NUL is no text\n".to_owned()));
}

#[test]
fn what_pam_says_is_a_line_and_a_status() {
    let folder = libpam();
    for (question, line, status) in [
        ("alice\0secret", "pam_acct_mgmt: result 0\n", Some(0)),
        ("alice\0wrong", "pam_authenticate: result 7\n", Some(77)),
        ("expired\0secret", "pam_acct_mgmt: result 13\n", Some(77)),
        ("expired\0wrong", "pam_authenticate: result 7\n", Some(77)),
        ("away\0secret", "pam_authenticate: result 9\n", Some(75)),
        ("no-start\0secret", "pam_start: result 26\n", Some(75)),
        ("greedy\0secret", "pam_authenticate: result 19\n", Some(75)),
        // a module prints, and ends the process: no line, no answer
        ("leaves\0secret", "", Some(0)),
        ("crash\0secret", "", None),
    ] {
        assert_eq!(ask_pam(folder.path(), question.as_bytes()), (status, line.to_owned()), "{question:?}");
    }
}
