//! Configurations, good and bad, against what sendmail 8.17 printed for them; and bytes of all kinds.

use canonify::config::{
    ConfigEnv, DeclaredMap, Entry, FileProblem, HostFacts, LoadOptions, Loaded, MapDecl, MapFailure,
};
use canonify::config::{MapWords, Message, load};
use canonify::schema::{DeliveryMode, MaySet, OPTIONS, Privacy, UserIds};
use canonify::sys::safe::Blame;
use proptest::prelude::*;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// A host that is the same everywhere and on which nothing can be run or read.
struct Canned;

impl ConfigEnv for Canned {
    fn host(&mut self) -> HostFacts {
        HostFacts {
            name: b"test.example.com".to_vec(),
            node: b"test.example.com".to_vec(),
            aliases: vec![b"test".to_vec()],
            addresses: vec![IpAddr::from([10, 9, 9, 9])],
        }
    }
    fn interfaces(&mut self, _skip_loopback: bool) -> Vec<Vec<u8>> {
        vec![b"[10.9.9.9]".to_vec()]
    }
    fn class_file(&mut self, _path: &[u8], _blame: Blame) -> Result<Vec<u8>, FileProblem> {
        Err(FileProblem::System(io::Error::from_raw_os_error(2)))
    }
    fn program(&mut self, _argv: &[Vec<u8>], _blame: Blame) -> Result<Vec<u8>, FileProblem> {
        Ok(Vec::new())
    }
    fn declare_map(&mut self, decl: &MapDecl, known: &dyn Fn(&[u8]) -> bool, traced: bool) -> DeclaredMap {
        canonify::maps::environment().declare_map(decl, known, traced)
    }
    fn map_words(&mut self, _map: &MapDecl, _key: &[u8], _blame: &[Vec<u8>]) -> MapWords {
        MapWords { messages: Vec::new(), words: Err(MapFailure::Open) }
    }
    fn user(&mut self, name: &[u8]) -> Option<UserIds> {
        match name {
            b"root" => Some(UserIds::default()),
            b"daemon" => Some(UserIds { uid: 1, gid: 1 }),
            _ => None,
        }
    }
    fn group(&mut self, name: &[u8]) -> Option<u32> {
        self.user(name).map(|ids| ids.gid)
    }
    fn service(&mut self, name: &[u8]) -> Option<u16> {
        (name == b"smtp").then_some(25)
    }
    fn address(&mut self, name: &[u8], inet6: bool) -> Option<IpAddr> {
        (name == b"localhost" && !inet6).then_some(IpAddr::from([127, 0, 0, 1]))
    }
    fn variable(&mut self, _name: &[u8]) -> Option<Vec<u8>> {
        None
    }
    fn processors(&mut self) -> i64 {
        2
    }
}

fn options() -> LoadOptions {
    LoadOptions { test_mode: true, mode: b't', version: b"canonify-test".to_vec(), ..LoadOptions::default() }
}

fn loaded(file: &str, text: &[u8]) -> Loaded {
    load(file.as_bytes(), text, &mut Canned, &options())
}

/// Messages, then the mailers as `=M` lists them, then the exit status.
fn transcript(file: &str, text: &[u8]) -> String {
    let loaded = loaded(file, text);
    let mut lines: Vec<Vec<u8>> =
        loaded.messages.iter().map(|message: &Message| message.text.clone()).collect();
    let config = &loaded.config;
    if !loaded.stop {
        lines
            .extend(config.mailers.iter().enumerate().map(|(number, mailer)| mailer.listing(number, config)));
    }
    lines.push(format!("status {}", loaded.exit.0).into_bytes());
    String::from_utf8_lossy(&lines.join(&b'\n')).into_owned()
}

fn compare(folder: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cf").join(folder);
    let files = std::fs::read_dir(&folder).expect("a folder of the tree").flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|kind| kind == "cf")).collect();
    files.sort();
    assert!(!files.is_empty());
    for path in files {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let text = std::fs::read(&path).expect("readable");
        let expected = std::fs::read(path.with_extension("expected")).expect("each cf has its transcript");
        let expected = String::from_utf8_lossy(&expected).into_owned();
        let got = transcript(&name, &text);
        for (line, (want, got)) in expected.trim_end().lines().zip(got.lines()).enumerate() {
            assert_eq!(want, got, "{name}, line {} of the transcript", line + 1);
        }
        assert_eq!(expected.trim_end().lines().count(), got.lines().count(), "{name}: {got}");
    }
}

#[test]
fn good_files_say_nothing() {
    compare("ok");
}

#[test]
fn bad_files_are_explained_line_by_line() {
    compare("bad");
}

#[test]
fn options_are_typed() {
    let text = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cf/ok/site.cf"))
        .expect("readable");
    let quiet = LoadOptions { version: b"x".to_vec(), ..LoadOptions::default() };
    let config = load(b"site.cf", &text, &mut Canned, &quiet).config;
    let options = &config.options;
    assert_eq!(options.log_level, 12);
    assert_eq!((options.timeout.queuereturn.dsn, options.timeout.queuewarn.urgent), (3 * 86400, 5400));
    assert_eq!(options.privacy_options, Privacy::AUTH_WARNINGS | Privacy::NO_VRFY | Privacy::NO_EXPN);
    assert_eq!(options.delivery_mode, DeliveryMode::Queue);
    assert_eq!(options.run_as_user, Some(UserIds { uid: 1, gid: 1 }));
    let port = &options.daemon_port_options[0];
    assert_eq!((port.port, port.flags_macro()), (Some(2525), b"EE a".to_vec()));
    assert_eq!(config.priorities, [(b" first-class".to_vec(), 0), (b"junk".to_vec(), -100)]);
    assert_eq!(config.expand(b"\x81j"), b"mail.example.com");
    let hosted = config.macro_id("Hosted").and_then(|id| config.classes.get(id)).expect("a class");
    assert!(hosted.contains(b"Example.ORG"));
    let rules = config.rulesets.find(b"canonify").and_then(|id| config.rulesets.get(id)).expect("a ruleset");
    assert_eq!(rules.rules().len(), 3);
}

#[test]
fn the_command_line_wins() {
    use canonify::config::Override;
    let overrides = vec![Override::Long(b"LogLevel=3".to_vec()), Override::Short(b"Q/elsewhere".to_vec())];
    let options = LoadOptions { overrides, ..options() };
    let text = b"V10\nO LogLevel=9\nO QueueDirectory=/q\nO MaxHopCount=7\n";
    let config = load(b"x.cf", text, &mut Canned, &options).config;
    assert_eq!((config.options.log_level, config.options.max_hop_count), (3, 7));
    assert_eq!(config.options.queue_directory.as_deref(), Some(&b"/elsewhere"[..]));
}

/// The specification's table, cell by cell: name, code, parent, type, default, who may set it, when compiled.
#[test]
fn the_rows_are_the_specification() {
    let table = include_str!("../../testdata/spec/cf_options.tsv");
    let rows = table.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    let mut compared = 0;
    let theirs = OPTIONS.iter().filter(|row| !row.is_own()).map(|row| row.name);
    let mut unseen: Vec<&str> = theirs.filter(|name| !name.is_empty()).collect();
    for cells in rows.filter(|cells| cells[2] == "-" && cells[0] != "(none)" && cells[1] != "-") {
        let Some(row) = OPTIONS.iter().find(|row| row.name == cells[0]) else {
            assert_ne!(cells[6], "always", "{} is missing", cells[0]);
            continue;
        };
        let code = match row.code {
            letter @ 0x20..=0x7e => char::from(letter).to_string(),
            other => format!("0x{other:x}"),
        };
        assert_eq!(code, cells[1], "{}", row.name);
        if cells[6] != "_FFR_ALLOW_SASLINFO" {
            let may_set = if cells[5] == "yes" { MaySet::Anyone } else { MaySet::Root };
            assert_eq!(row.may_set, may_set, "{}", row.name);
        }
        unseen.retain(|name| *name != row.name);
        compared += 1;
    }
    assert!(unseen.is_empty(), "not in the table: {unseen:?}");
    assert!(compared > 140);
}

#[test]
fn a_finding_shows_its_line() {
    let text = b"V10\nO LogLevle=3\n";
    let loaded = loaded("x.cf", text);
    let finding = loaded.messages[0].diagnostic(b"x.cf", text);
    assert_eq!(finding.message, "readcf: unknown option name LogLevle");
    assert_eq!((finding.place.line, finding.excerpt.as_deref()), (2, Some("O LogLevle=3")));
    assert_eq!(finding.help.as_deref(), Some("did you mean `LogLevel`?"));
}

/// Everything that has a line can point at it: its physical lines, continuations included.
#[test]
fn entries_point_at_their_lines() {
    let text = b"V10\nDx one\nD{long}a\n b\nCw first\n\tsecond\nO LogLevel=9\nO Timeout.ident=5s\nKm hash\n\t/etc/m\n\
        HX-One: 1\nHSubject: $>check\nXf, S=local:/run/f\nQq, P=/q\nMmine, P=/bin/x, A=x\nSx\nR$*\t$1\nR$+\n\t$@ 1\n\
        Km hash /etc/n\nDx two\n";
    let config = loaded("x.cf", text).config;
    let macro_named = |name: &str| config.macro_id(name).expect("a macro");
    let x = config.rulesets.find(b"x").expect("a ruleset");
    let mailer = config.mailer(b"mine").expect("a mailer");
    for (entry, lines) in [
        (Entry::Macro(macro_named("x")), Some((21, 21))),
        (Entry::Macro(macro_named("long")), Some((3, 4))),
        (Entry::Macro(macro_named("v")), None),
        (Entry::ClassWord(macro_named("w"), b"SECOND"), Some((5, 6))),
        (Entry::ClassWord(macro_named("w"), b"third"), None),
        (Entry::Option("loglevel"), Some((7, 7))),
        (Entry::Option("Timeout.ident"), Some((8, 8))),
        (Entry::Option("Timeout.mail"), None),
        (Entry::Map(b"M"), Some((20, 20))),
        (Entry::Map(b"host"), None),
        (Entry::Header(0), Some((11, 11))),
        (Entry::HeaderCheck(b"subject"), Some((12, 12))),
        (Entry::Filter(b"f"), Some((13, 13))),
        (Entry::QueueGroup(b"q"), Some((14, 14))),
        (Entry::Mailer(mailer), Some((15, 15))),
        (Entry::Mailer(config.mailer(b"prog").expect("built in")), None),
        (Entry::Rule(x, 0), Some((17, 17))),
        (Entry::Rule(x, 1), Some((18, 19))),
        (Entry::Rule(x, 2), None),
    ] {
        let span = config.span_of(entry).map(|span| (span.first, span.last));
        assert_eq!(span, lines, "{entry:?}");
    }
}

/// The command line's options have no line, whatever the cf says later.
#[test]
fn what_the_command_line_says_has_no_line() {
    let overrides = vec![canonify::config::Override::Long(b"LogLevel=3".to_vec())];
    let config =
        load(b"x.cf", b"V10\nO LogLevel=9\n", &mut Canned, &LoadOptions { overrides, ..options() }).config;
    assert_eq!(config.span_of(Entry::Option("LogLevel")), None);
}

/// Through the source map an entry points at the line of the .mc file that made it.
#[test]
fn entries_point_at_the_line_of_the_mc() {
    let mc = "OSTYPE(`linux')dnl\nFEATURE(`access_db')dnl\nMAILER(`local')dnl\nMAILER(`smtp')dnl\n\
              LOCAL_CONFIG\nCwmore.example\n";
    let (cf, _) =
        canonify::m4::expand_mc("site.mc", mc.as_bytes(), &Default::default()).expect("a good file");
    let config = loaded("site.cf", &cf.text).config;
    for (entry, line) in [
        (Entry::Map(b"access"), 2),
        (Entry::ClassWord(config.macro_id("w").expect("a class"), b"more.example"), 6),
        (Entry::Mailer(config.mailer(b"esmtp").expect("a mailer")), 4),
    ] {
        let span = config.span_of(entry).expect("a line of the cf");
        assert_eq!(cf.origin(span.first), Some(("site.mc", line)), "{entry:?}");
    }
}

/// A rule of the library that stands there because of a FEATURE or MAILER points at that line: the library asks by
/// `ifdef` whether it was given, and by `ifelse` with what.
#[test]
fn rules_point_at_the_feature_that_switches_them_on() {
    let mc =
        "OSTYPE(`linux')dnl\nFEATURE(`mailertable')dnl\nFEATURE(`nouucp', `reject')dnl\nMAILER(`smtp')dnl\n";
    let (cf, _) =
        canonify::m4::expand_mc("site.mc", mc.as_bytes(), &Default::default()).expect("a good file");
    let origin = |rule: &str| {
        let mut lines = cf.text.split(|byte| *byte == b'\n').enumerate();
        let (at, _) =
            lines.find(|(_, line)| line.starts_with(rule.as_bytes())).expect("a rule of the library");
        cf.origin(u32::try_from(at + 1).expect("a short cf"))
    };
    assert_eq!(origin("R< $+ > $*\t\t$: < $(mailertable"), Some(("site.mc", 2)));
    assert_eq!(origin("R$* ! $* < @ $* >"), Some(("site.mc", 3)));
    assert_eq!(origin("R$* < @ $* > $*\t$#esmtp"), Some(("site.mc", 4)));
}

/// `ldap:` in AliasFile and `@LDAP` in F lines mean sendmail's own schema; LDAPDefaultSpec holds as it stood there.
#[test]
fn ldap_has_a_schema_of_its_own() {
    let text = b"V10\nDjmail.example.com\nD{sendmailMTACluster}Servers\nO LDAPDefaultSpec=-h one.example\n\
        O AliasFile=hash:/etc/aliases, ldap:, ldap:-k (x=%0) -v y\nO LDAPDefaultSpec=-h two.example\nKm ldap -k (a=%0)\n";
    let loaded = loaded("x.cf", text);
    assert!(loaded.messages.iter().all(|message| message.line == 0), "{:?}", loaded.messages);
    let map = |name: &[u8]| loaded.config.maps.iter().find(|map| map.name == name).expect("a map");
    let alias = "-k (&(objectClass=sendmailMTAAliasObject)(sendmailMTAAliasGrouping=aliases)\
        (|(sendmailMTACluster=Servers)(sendmailMTAHost=mail.example.com))(sendmailMTAKey=%0)) \
        -v sendmailMTAAliasValue,sendmailMTAAliasSearch:FILTER:sendmailMTAAliasObject,\
        sendmailMTAAliasURL:URL:sendmailMTAAliasObject";
    assert_eq!(String::from_utf8_lossy(&map(b"Alias1").args), alias);
    assert_eq!(map(b"Alias2").args, b"-k (x=%0) -v y");
    assert_eq!(map(b"Alias1").ldap_defaults, b"-h one.example");
    assert_eq!(map(b"m").ldap_defaults, b"-h two.example");
    assert_eq!(map(b"aliases.files").args, b"Alias0 Alias1 Alias2");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(text in proptest::collection::vec(any::<u8>(), 0..400)) {
        loaded("x.cf", &text);
        canonify::cf::parse(&text);
    }

    #[test]
    fn no_line_makes_it_panic(lines in proptest::collection::vec("[RSDHCTFMOPVKEQX][ -~\t\u{80}-\u{9f}$={}]{0,60}", 1..12)) {
        let text = ["V10\nSx\n".to_owned(), lines.join("\n")].concat();
        loaded("x.cf", text.as_bytes());
        let (ast, _) = canonify::cf::parse(text.as_bytes());
        canonify::cf::print(&ast);
    }
}
