//! Scripts of commands, walked over a run of a small configuration.

use super::{Breaks, Debugger, First, Tape};
use crate::analysis::layout::Style;
use crate::analysis::sources::Sources;
use crate::config::{LoadOptions, load};
use crate::engine::{ScanMode, Scope, Watcher, scan};
use crate::net::Resolver;
use crate::rewrite::{Rewriter, Site};
use std::sync::{Arc, Mutex};

const CF: &str = "\
V10/Berkeley
Cwwhere.example
C{Own}one two
Ksum arith
Kput macro
D{Kind}none
Scanonify=3
R$* < $+ >\t\t$: $2\t\ttake the address
R$- @ $=w\t\t$: $>Inner $1 < @ $2 >
R$-\t\t\t$@ $1 < @ there >
SInner
Rnobody $*\t\t$@ $1
R$- $*\t\t\t$: $(put {Kind} $@ $1 $) $1 $(sum + $@ 1 $@ 2 $) $2
R$*\t\t\t$@ $1 done
SLoop
R$* x\t\t\t$1 x
Mlocal, P=/bin/true, F=l, A=true
Mprog, P=/bin/true, F=l, A=true
";

fn site() -> Site {
    let options = LoadOptions { test_mode: true, mode: b't', ..LoadOptions::default() };
    let loaded = load(b"cf", CF.as_bytes(), &mut crate::maps::environment(), &options);
    assert!(loaded.exit.is_ok(), "{:?}", loaded.messages);
    let resolver = Arc::new(Resolver::for_config(&loaded.config));
    Site::new(Arc::new(loaded.config), resolver)
}

/// What is shown when these breakpoints are set, a ruleset is asked, and the commands are typed.
fn script(breaks: &[&str], first: First, (ruleset, text): (&str, &str), commands: &[&str]) -> String {
    let site = site();
    let mut sources = Sources::new(b"site.cf", CF.as_bytes(), None);
    let mut set = Breaks::default();
    let mut shown = String::new();
    for text in breaks {
        shown += &set.add(text, &site.config, &mut sources).unwrap_or_else(|why| why + "\n");
    }
    let tape = Arc::new(Mutex::new(Tape::new(site.config.clone())));
    let before = Scope::default();
    let mut scope = before.clone();
    scope.watch(Watcher::new(tape.clone()));
    let id = site.config.rulesets.find(ruleset.as_bytes()).expect("a ruleset of the cf");
    let mode = ScanMode::whole(crate::addr::Table::External);
    let tokens = scan(&site.program.operators, text.as_bytes(), mode, &mut crate::logging::Quiet).tokens;
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(Rewriter::quiet(&site, &mut scope).run(id, tokens));
    let tape = tape.lock().expect("nobody panicked");
    let style = Style { colour: false, width: 0, rules: true };
    let mut debugger = Debugger::new((&site.config, &mut sources), (&before, &tape), &mut set, style);
    let mut last = debugger.begin(first);
    shown += &String::from_utf8_lossy(&last.text);
    for command in commands {
        assert!(!last.over, "over before {command:?}:\n{shown}");
        shown += &format!("(debug) {command}\n");
        last = debugger.command(command);
        shown += &String::from_utf8_lossy(&last.text);
    }
    shown + if last.over { "over\n" } else { "" }
}

const JOE: (&str, &str) = ("canonify", "<joe@where.example>");

#[test]
fn every_step_is_seen() {
    let steps = ["step", "", "", "", "", "", "", "", "", ""];
    insta::assert_snapshot!(script(&[], First::Step, JOE, &steps));
}

#[test]
fn steps_go_over_and_out_and_back() {
    let commands =
        ["next", "next", "next", "back", "s", "where", "out", "back out", "try", "back try", "back continue"];
    insta::assert_snapshot!(script(&[], First::Step, JOE, &commands));
}

#[test]
fn breakpoints_of_every_kind_stop() {
    let breaks = ["canonify:2", "Inner", "site.cf:14", "map sum", "workspace done", "cf:10"];
    let commands = ["c", "c", "c", "c", "break", "delete 4", "back c", "c", "c", "c"];
    insta::assert_snapshot!(script(&breaks, First::Break, JOE, &commands));
}

#[test]
fn what_there_is_can_be_printed() {
    let commands = [
        "print $1",
        "print $2",
        "print $7",
        "$={Own}",
        "${Kind}",
        "watch Kind",
        "break map sum",
        "c",
        "print ${Kind}",
        "workspace",
        "list",
        "list canonify",
        "$nothing",
        "print",
        "where",
        "quit",
    ];
    insta::assert_snapshot!(script(&["canonify:2"], First::Break, JOE, &commands));
}

#[test]
fn places_that_are_none_are_told_so() {
    let breaks = ["Outer", "canonify:9", "canonify:0", "other.cf:3", "map nosuch", "", "a b", "x:y", "Empty"];
    insta::assert_snapshot!(script(
        &breaks,
        First::Step,
        JOE,
        &["jump", "back sideways", "delete 3", "help", "back"]
    ));
}

/// Rules that are given up have no end, and what comes after them is where it is.
#[test]
fn a_run_that_is_given_up_can_be_walked() {
    let shown = script(&["Loop:1"], First::Break, ("Loop", "a x"), &["c", "c", "back", "where", "quit"]);
    assert!(shown.ends_with("over\n"), "{shown}");
    assert_eq!(shown.matches("break 1, Loop:1").count(), 4, "{shown}");
}

#[test]
fn the_way_back_begins_at_the_end() {
    insta::assert_snapshot!(script(&[], First::End, JOE, &["back next", "back out", "back"]));
}

#[test]
fn no_line_is_too_odd() {
    for line in [
        "",
        " ",
        "$",
        "$=",
        "${",
        "print $=",
        "back b",
        "break :",
        "break :1",
        "delete",
        "list \u{e9}",
        "\u{0}",
    ] {
        script(&["Inner"], First::Break, JOE, &[line, line]);
    }
}
