//! `canonify test`: questions beside a configuration, and what is said when an answer is wrong.

use crate::scratch::{CANONIFY, alike, copied};
use std::fs;
use std::process::{Command, Output};

/// The site of `testdata/explain` with a test file, in a directory of its own.
struct Site(tempfile::TempDir);

impl Site {
    fn new(tests: &str) -> Self {
        let directory = copied("explain");
        fs::write(directory.path().join("site.test"), tests).expect("a new directory");
        Self(directory)
    }

    fn test(&self, words: &[&str]) -> Output {
        let mut command = Command::new(CANONIFY);
        command.current_dir(self.0.path()).arg("test").args(words).arg("site.test");
        command.output().expect("canonify runs")
    }

    /// Standard output, with the directory's name and lines of the library made alike.
    fn said(&self, output: &Output) -> String {
        alike(&String::from_utf8(output.stdout.clone()).expect("UTF-8"), self.0.path())
    }
}

const RIGHT: &str = "\
# what must stay as it is
rcpt joe@virt.example => accept
rcpt x@other.example => reject 5.7.1 \"Relaying denied\"   # never
rcpt x@other.example from 127.0.0.1=localhost => accept
rcpt joe@virt.example from 198.51.100.7 => reject 550
mail spam@bad.example => reject
message joe@virt.example header \"Subject: x\" => accept
resolve joe@virt.example => local root
resolve a@partner.example => esmtp partner.example a@partner.example
resolve x@@y => error
header From \"Web <www@mail.site.example>\" via esmtp => \"Web <www@site.example>\"
envelope sender www@mail.site.example via esmtp => www@site.example
map access Connect:198.51.100 => REJECT
map access To:nowhere.example => nothing
ruleset canonify joe@virt.example => \"joe < @ virt . example . >\"
class w mail.site.example => yes
class w other.example => no
from 198.51.100.7
rcpt joe@virt.example => reject
";

#[test]
fn right_answers_pass() {
    let site = Site::new(RIGHT);
    let output = site.test(&[]);
    assert_eq!(site.said(&output), "17 passed, 0 failed\n", "{output:?}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_wrong_answer_is_shown_with_the_way_there() {
    let site = Site::new("resolve joe@virt.example => local alice\nrcpt x@other.example => accept\n");
    let output = site.test(&[]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(site.said(&output));
}

#[test]
fn mistakes_in_the_file_are_told_at_their_place() {
    let site = Site::new("rcpt joe@virt.example => acept\nresolve => local joe\n");
    let output = site.test(&[]);
    assert_eq!(output.status.code(), Some(65));
    insta::assert_snapshot!(String::from_utf8(output.stderr).expect("UTF-8"));
}

#[test]
fn other_programs_are_told_in_their_words() {
    let site = Site::new("class w mail.site.example => yes\nmap access To:<none> => \"R&D\" # no\n");
    let tap = site.said(&site.test(&["--tap"]));
    let wanted = "TAP version 14\n1..2\nok 1 - site.test:1 class w mail.site.example => yes\n\
                  not ok 2 - site.test:2 map access To:<none> => \"R&D\"\n  ---\n  got: \"nothing\"\n  ...\n";
    assert_eq!(tap, wanted);
    insta::assert_snapshot!(site.said(&site.test(&["--junit"])));
    let json: serde_json::Value = serde_json::from_str(&site.said(&site.test(&["--json"]))).expect("JSON");
    assert_eq!((&json["passed"], &json["failed"]), (&1.into(), &1.into()));
    assert_eq!((&json["tests"][1]["line"], &json["tests"][1]["got"]), (&2.into(), &"nothing".into()));
}

#[test]
fn answers_are_recorded() {
    let site = Site::new(
        "# mine\nresolve joe@virt.example   # who?\nclass w mail.site.example => no\n\
         rcpt x@other.example\nmap access To:partner.example => RELAY # stays\n",
    );
    let output = site.test(&["--record"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let written = fs::read_to_string(site.0.path().join("site.test")).expect("our file");
    let wanted = "# mine\nresolve joe@virt.example => local root  # who?\nclass w mail.site.example => yes\n\
                  rcpt x@other.example => reject 550 5.7.1 \"Relaying denied\"\n\
                  map access To:partner.example => RELAY # stays\n";
    assert_eq!(written, wanted);
    assert_eq!(site.test(&[]).status.code(), Some(0));
}

#[test]
fn a_page_has_what_went_wrong_and_the_way_there() {
    let site = Site::new("rcpt joe@virt.example => reject\nclass w mail.site.example => yes\n");
    let output = site.test(&["--html", "page.html"]);
    assert!(output.status.code() == Some(1) && output.stdout.is_empty(), "{output:?}");
    let page = fs::read_to_string(site.0.path().join("page.html")).expect("a page");
    assert!(page.contains("1 passed, 1 failed") && page.contains("check_rcpt"), "{page}");
    assert!(page.ends_with("</html>\n") && !page.contains("<script"));
}
