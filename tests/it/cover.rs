//! `canonify cover`: rules and maps with their counts.

use crate::scratch::{CANONIFY, Scratch, copied};
use crate::supervisor::Client;
use serde_json::Value;
use std::fs;
use std::process::Command;

fn cover(words: &[&str], corpus: Option<&str>) -> (tempfile::TempDir, Vec<u8>) {
    let directory = copied("explain");
    let mut command = Command::new(CANONIFY);
    command.current_dir(directory.path()).args(["cover", "-C", "site.mc"]).args(words);
    if let Some(corpus) = corpus {
        fs::write(directory.path().join("corpus"), corpus).expect("a file");
        command.args(["--corpus", "corpus"]);
    }
    let output = command.output().expect("canonify runs");
    assert!(output.status.success(), "{output:?}");
    (directory, output.stdout)
}

fn map<'c>(coverage: &'c Value, name: &str) -> &'c Value {
    let maps = coverage["maps"].as_array().expect("maps");
    maps.iter().find(|map| map["map"] == name).expect("the map")
}

#[test]
fn rules_and_maps_are_counted_beside_their_lines() {
    let corpus = "joe@virt.example from=a@b.example client=192.0.2.7=host.example\n";
    let (_directory, json) = cover(&["--json"], Some(corpus));
    let coverage: Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(coverage["questions"], 1);
    assert!(map(&coverage, "virtuser")["hits"].as_u64().is_some_and(|hits| hits > 0));
    assert_eq!(map(&coverage, "access")["hits"], 0);
    let rules = coverage["rules"].as_array().expect("rules");
    let used = rules.iter().filter(|rule| rule["count"].as_u64() > Some(0)).count();
    assert!(used > 20 && used < rules.len(), "{used} of {}", rules.len());
    assert!(rules.iter().all(|rule| rule["mc"]["line"].as_u64().is_some()), "each has its line");
}

#[test]
fn what_a_site_knows_is_asked_without_a_corpus() {
    let (_directory, json) = cover(&["--json"], None);
    let coverage: Value = serde_json::from_slice(&json).expect("JSON");
    for name in ["virtuser", "access"] {
        assert!(map(&coverage, name)["hits"].as_u64().is_some_and(|hits| hits > 0), "{name}");
    }
}

#[test]
fn text_and_page_say_the_same() {
    let (_directory, text) = cover(&[], Some("joe@virt.example\n"));
    let text = String::from_utf8(text).expect("UTF-8");
    let last = text.trim_end().lines().last().expect("a line").to_owned();
    assert!(last.contains("rules used") && last.contains("maps answered"), "{last}");
    let (directory, _) = cover(&["--html", "page.html"], Some("joe@virt.example\n"));
    let page = fs::read_to_string(directory.path().join("page.html")).expect("a page");
    assert!(page.contains(&last) && page.ends_with("</html>\n") && !page.contains("<script"), "{page}");
}

#[test]
fn what_a_log_tells_of_is_counted_as_often_as_it_does() {
    let directory = copied("explain");
    let mut log = String::new();
    for (id, to) in [(1, "joe@virt.example"), (2, "joe@virt.example"), (3, "root@outside.example")] {
        let (from, relay) = ("from=<a@b.example>, size=1, class=0, nrcpts=1", "relay=h.example [192.0.2.7]");
        log.push_str(&format!("Dec  1 07:00:00 h sendmail[1]: ABC{id:05}: {from}, {relay}\n"));
        log.push_str(&format!(
            "Dec  1 07:00:00 h sendmail[1]: ABC{id:05}: to=<{to}>, mailer=esmtp, stat=Sent\n"
        ));
    }
    fs::write(directory.path().join("maillog"), log).expect("a file");
    let mut command = Command::new(CANONIFY);
    command.current_dir(directory.path()).args(["cover", "-C", "site.mc", "--log", "maillog", "--json"]);
    let output = command.output().expect("canonify runs");
    let coverage: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(coverage["questions"], 3, "{output:?}");
    let hits = map(&coverage, "virtuser")["hits"].as_u64().expect("a number");
    assert!(hits >= 2 && hits.is_multiple_of(2), "{hits}: joe was there twice");
}

#[test]
fn the_daemon_tells_what_its_rules_have_done() {
    let scratch = Scratch::new(1);
    let _daemon = scratch.start();
    let live = || {
        let command = ["cover", "--live", "--json", "-C", &scratch.cf()].map(str::to_owned);
        Command::new(CANONIFY).args(command).output().expect("canonify runs")
    };
    let matched = |ruleset: &str| {
        let output = live();
        let coverage: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert!(coverage["since"].as_i64().is_some(), "{output:?}");
        let rules = coverage["rules"].as_array().expect("rules").clone();
        let counts = rules.iter().filter(|rule| rule["ruleset"].as_str() == Some(ruleset));
        counts.map(|rule| rule["count"].as_u64().expect("a number")).sum::<u64>()
    };
    // the sockets are there before the front is
    let mut client = Client::connect(scratch.port).expect("a greeting");
    let before = matched("check_mail");
    client.say("EHLO client.example");
    client.say("MAIL FROM:<a@b.example>");
    client.say("QUIT");
    assert!(matched("check_mail") > before);
    // a rule more, and the counts would stand beside others
    let cf = fs::read_to_string(scratch.cf()).expect("a cf");
    fs::write(scratch.cf(), format!("{cf}\nSone_more\nR$*\t$: $1\n")).expect("our cf");
    let output = live();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(69) && said.contains("as it is now"), "{output:?}");
}
