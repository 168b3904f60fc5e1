//! `canonify mc`: the built-in library, what is said about mistakes, exit codes, provenance.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn mc(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_canonify"));
    command.arg("mc").args(args).current_dir(dir).stdin(Stdio::null());
    command.output().expect("our own binary runs")
}

/// Runs a .mc from a scratch directory.
fn site(text: &str, args: &[&str]) -> (Output, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a scratch directory");
    fs::write(dir.path().join("site.mc"), text).expect("written");
    let args: Vec<&str> = args.iter().copied().chain(["site.mc"]).collect();
    (mc(dir.path(), &args), dir)
}

fn errors(run: &Output) -> String {
    String::from_utf8_lossy(&run.stderr).into_owned()
}

const SITE: &str =
    "OSTYPE(`linux')dnl\ndefine(`confMAX_HOP', `17')dnl\nMAILER(`local')dnl\nMAILER(`smtp')dnl\n";

#[test]
fn with_and_without_the_leading_include() {
    let (bare, _dir) = site(SITE, &[]);
    assert_eq!(bare.status.code(), Some(0), "{}", errors(&bare));
    for place in ["/usr/share/sendmail/cf/m4/cf.m4", "/usr/share/sendmail-cf/m4/cf.m4", "../m4/cf.m4"] {
        let (included, _dir) = site(&format!("include(`{place}')dnl\n{SITE}"), &[]);
        assert_eq!(included.status.code(), Some(0), "{}", errors(&included));
        assert_eq!(included.stdout, bare.stdout, "{place}");
    }
}

#[test]
fn mistakes_at_their_place() {
    let text = "OSTYPE(`linx')dnl\nFEATURE(`acces_db')dnl\nFEATRUE(`smrsh')dnl\nDAEMON_OPTIONS(Port=26, Name=B)dnl\n\
                include(`/nonexistent/x.m4')dnl\nFEATURE (`smrsh')dnl\nMAILER(`local')dnl\nMALIER(`smtp')dnl\n";
    let (run, _dir) = site(text, &["--check"]);
    assert_eq!(run.status.code(), Some(65));
    let said = errors(&run);
    for (place, what) in [
        ("site.mc:1:9", "unknown OSTYPE `linx'"),
        ("site.mc:1:9", "did you mean `linux'?"),
        ("site.mc:2:10", "unknown FEATURE `acces_db'"),
        ("site.mc:2:10", "did you mean `access_db'?"),
        ("site.mc:3:1", "did you mean FEATURE?"),
        ("site.mc:4:1", "`Name=B' is lost"),
        ("site.mc:5:10", "/nonexistent/x.m4"),
        ("site.mc:6:1", "FEATURE without arguments"),
        ("site.mc:8:1", "did you mean MAILER?"),
    ] {
        let found = said.split("\n\n").any(|one| one.contains(place) && one.contains(what));
        assert!(found, "{what} at {place} not in\n{said}");
    }
}

#[test]
fn what_never_ends_is_told_where_it_began() {
    let (run, _dir) = site("OSTYPE(`linux')dnl\ndefine(`a', `b)dnl\nMAILER(`local')\n", &[]);
    assert_eq!(run.status.code(), Some(1));
    assert!(
        errors(&run).contains("never closed") && errors(&run).contains("site.mc:2:13"),
        "{}",
        errors(&run)
    );
    let (run, _dir) = site("OSTYPE(`linux')dnl\ndefine(`a', `b'\nMAILER(`local')\n", &[]);
    assert_eq!(run.status.code(), Some(1));
    assert!(errors(&run).contains("never end") && errors(&run).contains("site.mc:2:1"), "{}", errors(&run));
    let (run, _dir) = site("define(`a', `a')a\n", &[]);
    assert_eq!(run.status.code(), Some(1));
    assert!(errors(&run).contains("for ever"), "{}", errors(&run));
}

#[test]
fn files_and_exit_codes() {
    let (run, dir) = site(SITE, &["-o", "site.cf", "--source-map", "map.json"]);
    assert_eq!((run.status.code(), run.stdout.len()), (Some(0), 0), "{}", errors(&run));
    let cf = fs::read_to_string(dir.path().join("site.cf")).expect("written");
    let line = cf.lines().position(|line| line.ends_with("MaxHopCount=17")).expect("the option");
    let map = fs::read_to_string(dir.path().join("map.json")).expect("written");
    let lines = map.split_once("\"lines\":[").expect("lines").1;
    let entry = lines.split("],").nth(line).expect("one entry for each line");
    assert!(entry.ends_with(",2"), "line {line} should come from line 2 of the .mc: {entry}");
    assert_eq!(mc(dir.path(), &["nowhere.mc"]).status.code(), Some(66));
    assert_eq!(mc(dir.path(), &["--nonsense"]).status.code(), Some(64));
    // A good cf is not replaced by one from a .mc on which m4 fails.
    fs::write(dir.path().join("site.mc"), "FEATURE(`nonsense')\n").expect("written");
    assert_eq!(mc(dir.path(), &["-o", "site.cf", "site.mc"]).status.code(), Some(1));
    assert_eq!(fs::read_to_string(dir.path().join("site.cf")).expect("still there"), cf);
}

#[test]
fn root_and_files_beside_the_mc() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    fs::create_dir_all(dir.path().join("root/etc/mail/m4")).expect("made");
    fs::create_dir_all(dir.path().join("feature")).expect("made");
    fs::write(dir.path().join("root/etc/mail/m4/own.m4"), "define(`confMAX_HOP', `33')dnl\n")
        .expect("written");
    fs::write(dir.path().join("feature/ours.m4"), "divert(-1)\ndefine(`confMEASURE', `1')\ndivert(0)dnl\n")
        .expect("written");
    let text =
        "OSTYPE(`linux')dnl\ninclude(`/etc/mail/m4/own.m4')dnl\nFEATURE(`ours')dnl\nMAILER(`local')dnl\n";
    fs::write(dir.path().join("site.mc"), text).expect("written");
    let run = mc(dir.path(), &["--root", "root", "site.mc"]);
    assert_eq!(run.status.code(), Some(0), "{}", errors(&run));
    assert!(String::from_utf8_lossy(&run.stdout).contains("O MaxHopCount=33"));
}

/// What a file of the site's own reads is read.
#[test]
fn names_that_an_own_hack_reads() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    fs::create_dir(dir.path().join("hack")).expect("made");
    let hack = "divert(-1)\nLOCAL_CONFIG\nKacme confACME_TYPE /etc/mail/acme\ndivert(0)dnl\n";
    fs::write(dir.path().join("hack/acme.m4"), hack).expect("written");
    let text = "OSTYPE(`linux')dnl\ndefine(`confACME_TYPE', `hash -o')dnl\ndefine(`confOTHER_NAME', `x')dnl\n\
                HACK(`acme')dnl\nMAILER(`local')dnl\nMAILER(`smtp')dnl\n";
    fs::write(dir.path().join("site.mc"), text).expect("written");
    let said = errors(&mc(dir.path(), &["--check", "site.mc"]));
    assert!(!said.contains("confACME_TYPE'\n"), "{said}");
    assert!(said.contains("nothing reads `confOTHER_NAME'"), "{said}");
}

/// The status is m4's, so that make goes on; what is wrong is said all the same. Two options judge.
#[test]
fn only_those_who_ask_are_judged() {
    for (name, line) in [
        ("apostrophes", "define(`confMAX_DAEMON_CHILDREN', '50')dnl"),
        ("FEATURE after MAILER", "MAILER(`procmail')dnl\nFEATURE(`redirect')dnl"),
        ("FEATURE after msp", "FEATURE(`msp')dnl\nFEATURE(`redirect')dnl"),
        ("a macro that is none", "FEATRUE(`redirect')dnl"),
    ] {
        let text = format!("OSTYPE(`linux')dnl\n{line}\n");
        let (run, dir) = site(&text, &["-o", "site.cf"]);
        assert_eq!(run.status.code(), Some(0), "{name}: {}", errors(&run));
        assert!(errors(&run).contains("error"), "{name}: {}", errors(&run));
        assert!(dir.path().join("site.cf").exists(), "{name}");
        for judge in ["--check", "--deny-warnings"] {
            assert_eq!(site(&text, &[judge]).0.status.code(), Some(65), "{name} {judge}");
        }
    }
    let (run, _dir) = site("MAILER(`local')dnl\n", &[]);
    assert_eq!(run.status.code(), Some(0), "no OSTYPE: {}", errors(&run));
    assert_eq!(site("m4exit(`3')", &[]).0.status.code(), Some(3));
}

#[test]
fn cf_m4_of_any_tree_is_the_built_in_library() {
    let (bare, _dir) = site(SITE, &[]);
    for tree in [
        "/usr/src/contrib/sendmail/cf/",
        "/opt/csw/share/sendmail/cf/",
        "/usr/local/src/sendmail-8.18.1/cf/",
        "sendmail-8.16.1/cf/",
        "../../",
        "",
    ] {
        let (run, _dir) = site(&format!("include(`{tree}m4/cf.m4')dnl\n{SITE}"), &["--deny-warnings"]);
        assert_eq!((run.status.code(), errors(&run).as_str()), (Some(0), ""), "{tree}");
        assert_eq!(run.stdout, bare.stdout, "{tree}");
    }
}

fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    fs::write(file, text).expect("written");
}

/// A library of its own, in words that would be mistakes in a .mc.
const SMALL_LIBRARY: &str = "divert(-1)\n## FEATURE(and more)\ndefine(`OSTYPE')define(`MAILER')\ndivert(0)dnl\n\
                             V10\nifelse(`a', `b', `DAEMON_OPTIONS(`')')dnl\n";

#[test]
fn a_library_below_root_is_used_and_not_judged() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    write(&dir.path().join("root/opt/sm/m4/cf.m4"), SMALL_LIBRARY);
    write(&dir.path().join("site.mc"), &format!("include(`/opt/sm/m4/cf.m4')dnl\n{SITE}"));
    let run = mc(dir.path(), &["--root", "root", "--deny-warnings", "site.mc"]);
    assert_eq!((run.status.code(), errors(&run).as_str()), (Some(0), ""));
    assert_eq!(run.stdout, b"V10\n");
}

/// How-tos of third parties put their files into the cf tree.
#[test]
fn files_of_third_parties_in_a_cf_tree() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let ours = "divert(-1)\ndn1 of a third party\ndefine(`confMAX_HOP', `34')\n\
                define(`_SEEN_', confACME)\ndivert(0)dnl\n";
    write(&dir.path().join("tree/feature/acme.m4"), ours);
    write(&dir.path().join("tree/hack/acme.m4"), "define(`confMAX_QUEUE_CHILDREN', `3')dnl\n");
    let body = "OSTYPE(`linux')dnl\ndefine(`confACME', `x')dnl\nFEATURE(`acme')dnl\nHACK(`acme')dnl\n\
                MAILER(`local')dnl\n";
    let tree = dir.path().join("tree").display().to_string();
    for (place, include) in [
        ("tree/cf/site.mc", "include(`../m4/cf.m4')dnl\n".to_owned()),
        ("tree/cf/site.mc", String::new()),
        ("site.mc", format!("include(`{tree}/m4/cf.m4')dnl\n")),
        ("site.mc", "include(`tree/m4/cf.m4')dnl\n".to_owned()),
    ] {
        write(&dir.path().join(place), &format!("{include}{body}"));
        let run = mc(dir.path(), &[place]);
        assert_eq!(run.status.code(), Some(0), "{place} {include}: {}", errors(&run));
        assert!(!errors(&run).contains("dn1"), "{place} {include}: {}", errors(&run));
        let cf = String::from_utf8_lossy(&run.stdout);
        assert!(cf.contains("O MaxHopCount=34\n") && cf.contains("O MaxQueueChildren=3\n"), "{place}");
    }
}

#[test]
fn quoted_texts_side_by_side() {
    let line = |text: &str| {
        let text = format!("OSTYPE(`linux')dnl\n{text}\nMAILER(`local')dnl\n");
        let (run, _dir) = site(&text, &["--check"]);
        (run.status.code(), errors(&run))
    };
    let of_ifdef = "define(`confDB', `hash -o')dnl\nLOCAL_CONFIG\nKsite ifdef(`confDB', `confDB' -a.OK `/etc/mail/site')";
    assert_eq!(line(of_ifdef), (Some(0), String::new()));
    let (status, said) = line("define(`confMAX_HOP', `1' `7')dnl");
    assert!(status == Some(0) && said.contains("warning: a comma is missing"), "{said}");
    let (status, said) = line("FEATURE(`virtusertable' `hash /etc/mail/v')dnl");
    assert!(status == Some(65) && said.contains("error: a comma is missing"), "{said}");
}

/// The idiom of milters' how-tos.
#[test]
fn macros_for_filters_are_added_to() {
    for (step, last) in [("CONNECT", "{if_addr}"), ("HELO", "{cert_issuer}"), ("ENVRCPT", "{rcpt_addr}")] {
        let name = format!("confMILTER_MACROS_{step}");
        let text = format!(
            "OSTYPE(`linux')dnl\ndefine(`{name}', {name}`, b, r, v, Z')dnl\n\
             INPUT_MAIL_FILTER(`f', `S=local:/run/f.sock')dnl\nMAILER(`local')dnl\n"
        );
        let (run, _dir) = site(&text, &["--deny-warnings"]);
        assert_eq!((run.status.code(), errors(&run).as_str()), (Some(0), ""), "{step}");
        let cf = String::from_utf8_lossy(&run.stdout);
        assert!(cf.contains(&format!("{last}, b, r, v, Z\n")), "{step}");
    }
}
