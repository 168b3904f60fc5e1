//! `canonify explain`: what a client would be answered, and which lines make it so.

use crate::scratch::{CANONIFY, alike, copied};
use std::fs;
use std::process::Command;

/// The site of `testdata/explain`, in a directory of its own.
struct Site(tempfile::TempDir);

impl Site {
    fn new() -> Self {
        Self(copied("explain"))
    }

    fn explain(&self, words: &[&str]) -> String {
        let directory = self.0.path().display().to_string();
        let output = Command::new(CANONIFY)
            .args(["explain", "-C", &format!("{directory}/site.mc")])
            .args(words)
            .output()
            .expect("canonify runs");
        assert!(output.status.success(), "{output:?}");
        alike(&String::from_utf8(output.stdout).expect("UTF-8"), self.0.path())
    }
}

#[test]
fn a_stranger_hears_what_is_taken_and_what_is_not() {
    let text =
        Site::new().explain(&["joe@virt.example", "x@virt.example", "x@other.example", "a@partner.example"]);
    insta::assert_snapshot!(text);
}

#[test]
fn rules_are_shown_with_what_they_met_and_made() {
    let text = Site::new().explain(&["--rules", "--from", "www@mail.site.example", "joe@virt.example"]);
    let steps = [
        "  parse <joe@virt.example> \u{21d2} mailer local, user root\n",
        "    canonify < joe @ virt . example > \u{21d2} joe < @ virt . example . >\n",
        "  rewrite www@mail.site.example \u{21d2} www@site.example\n",
    ];
    for step in steps {
        assert!(text.contains(step), "{step}\n{text}");
    }
    let rule = "            map virtuser joe@virt.example = root  (DIR/virtusertable:2)\n            \
                < ! > joe < @ virt . example . > \u{2192} < root > joe < @ virt . example . >\n";
    assert!(text.contains(rule), "{text}");
}

#[test]
fn a_client_that_is_refused_is_told_by_which_line() {
    let text = Site::new().explain(&["--client", "198.51.100.7", "joe@virt.example"]);
    assert!(text.starts_with("joe@virt.example\n  550 5.7.1 Access denied\n"), "{text}");
    assert!(
        text.contains("map access 198.51.100 = REJECT")
            || text.contains("map access Connect:198.51.100 = REJECT  (DIR/access:1)"),
        "{text}"
    );
}

#[test]
fn one_ruleset_can_be_asked() {
    let text = Site::new().explain(&["--ruleset", "canonify", "joe@virt.example"]);
    assert!(text.contains("canonify joe @ virt . example \u{21d2} joe < @ virt . example . >"), "{text}");
}

/// Mailer, host and user are those that test mode resolves.
#[test]
fn answers_are_those_of_the_rules() {
    let site = Site::new();
    let cf = site.0.path().join("site.mc");
    for address in
        ["joe@virt.example", "a@partner.example", "root@mail.site.example", "root", "a%b@mail.site.example"]
    {
        let json = site.explain(&["--client", "127.0.0.1=localhost", "--json", address]);
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        let resolved = json["answers"][0]["resolved"].as_str().unwrap_or_default().to_owned();
        let mut child = Command::new(CANONIFY)
            .args(["rewrite", "--json", "-C"])
            .arg(&cf)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("canonify runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        std::io::Write::write_all(&mut stdin, format!("{address}\n").as_bytes()).expect("a pipe");
        drop(stdin);
        let output = child.wait_with_output().expect("it ends").stdout;
        let wanted: serde_json::Value = serde_json::from_slice(&output).expect("JSON");
        let part = |name: &str| wanted[name].as_str().unwrap_or_default();
        assert!(
            resolved.starts_with(&format!("mailer {}", part("mailer"))),
            "{address}: {resolved}, {wanted}"
        );
        assert!(resolved.ends_with(&format!("user {}", part("user"))), "{address}: {resolved}, {wanted}");
    }
}

#[test]
fn a_page_stands_for_itself() {
    let site = Site::new();
    let file = site.0.path().join("page.html");
    site.explain(&["--html", file.to_str().expect("UTF-8"), "x@other.example"]);
    let page = fs::read_to_string(file).expect("a page");
    assert!(page.contains("Relaying denied") && page.ends_with("</html>\n"), "{page}");
    assert!(!page.contains("http://") && !page.contains("<script"), "{page}");
}
