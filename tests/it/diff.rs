//! `canonify diff`: which answers change, and which edit changes them.

use crate::scratch::{CANONIFY, copied};
use canonify::analysis::{
    Answer, Ask, Asker, Asking, Corpus, CorpusClient, Difference, Dns, Loading, NamedText, Question,
    STRANGER, Side, Sources, difference, explain, parse_client,
};
use canonify::config::LoadOptions;
use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The sites of `testdata/diff`, in a directory of their own.
struct Sites(tempfile::TempDir);

impl Sites {
    fn new() -> Self {
        Self(copied("diff"))
    }

    /// Every configuration by its file, less `.mc` or `.cf`.
    fn names(&self) -> Vec<String> {
        let files = fs::read_dir(self.0.path()).expect("a directory").flatten();
        let names = files.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> =
            names.filter(|name| name.ends_with("c") || name.ends_with(".cf")).collect();
        names.sort();
        names.into_iter().filter(|name| name.contains('.')).collect()
    }

    fn named(&self, name: &str) -> NamedText {
        let path = self.0.path().join(name);
        NamedText { file: path.display().to_string(), text: fs::read(path).expect("a site") }
    }

    fn edits(&self) -> Vec<Edited> {
        let text = fs::read_to_string(self.0.path().join("edits")).expect("the edits");
        text.lines().filter(|line| !line.starts_with('#')).map(|line| Edited::read(self, line)).collect()
    }
}

/// A site before and after one edit.
struct Edited {
    name: String,
    old: NamedText,
    new: NamedText,
    removed: Vec<String>,
    added: Vec<String>,
}

impl Edited {
    fn read(sites: &Sites, row: &str) -> Self {
        let fields: Vec<&str> = row.split('\t').collect();
        let [site, kind, gone, come] = fields[..] else { panic!("four fields: {row}") };
        let extension = if site == "old" { "cf" } else { "mc" };
        let old = sites.named(&format!("{site}.{extension}"));
        let lines = |field: &str| match field {
            "-" => Vec::new(),
            text => {
                text.replace("\\t", "\t").trim_end_matches("\\n").split("\\n").map(str::to_owned).collect()
            }
        };
        let (removed, added) = (lines(gone), lines(come));
        let text = String::from_utf8(old.text.clone()).expect("UTF-8");
        let block: String = added.iter().map(|line| format!("{line}\n")).collect();
        let text = match removed.first() {
            Some(line) => {
                assert!(text.contains(&format!("{line}\n")), "{row}");
                text.replacen(&format!("{line}\n"), &block, 1)
            }
            None => match text.find("MAILER(").or(text.find("FEATURE(`nullclient'")) {
                Some(at) => format!("{}{block}{}", &text[..at], &text[at..]),
                None => text + &block,
            },
        };
        let new = NamedText {
            file: old.file.replace(site, &format!("{site}-new")),
            text: reformatted(&text, extension),
        };
        Self { name: format!("{site}, {kind}"), old, new, removed, added }
    }
}

/// The same configuration in other words: a comment more, and blanks where they mean nothing.
fn reformatted(text: &str, extension: &str) -> Vec<u8> {
    let comment = if extension == "cf" { "# looked at again\n" } else { "dnl looked at again\n\n" };
    format!("{comment}{text}").into_bytes()
}

fn loading() -> Loading {
    let options = LoadOptions {
        test_mode: true,
        mode: b't',
        version: b"canonify-test".to_vec(),
        ..LoadOptions::default()
    };
    Loading { options, dns: Dns::None, programs: true }
}

fn compare(old: &NamedText, new: &NamedText) -> Difference {
    let asking = Asking {
        loading: loading(),
        corpus: Corpus::common(),
        limit: 100_000,
        names: canonify::analysis::MAX_NAMES,
        threads: 1,
        begin: &|_, _| {},
        tell: &|_| {},
    };
    difference(old, new, asking).expect("both can be read")
}

/// Does something with each, on as many threads as there are processors; gives what it had to say.
fn with_each<T: Sync>(items: &[T], work: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let worker = || {
            let mut said = Vec::new();
            while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                said.extend(work(item));
            }
            said
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    })
}

/// One edit in each of ten sites, beside a change that means nothing (`tests/live/diff.py` has all fifty).
#[test]
fn the_edit_is_named_and_nothing_else() {
    let sites = Sites::new();
    let all = sites.edits().into_iter().enumerate();
    let edits: Vec<Edited> = all.filter(|(at, _)| at % 5 == (at / 5) % 5).map(|(_, edit)| edit).collect();
    assert_eq!(edits.len(), 10);
    let wrong = with_each(&edits, |edit| {
        let found = compare(&edit.old, &edit.new);
        let named: Vec<_> = found.groups.iter().map(|group| &group.edits).collect();
        let right = |edits: &&Vec<canonify::analysis::Edit>| {
            edits.len() == 1 && edits[0].removed == edit.removed && edits[0].added == edit.added
        };
        let good = found.changed > 0 && !named.is_empty() && named.iter().all(right);
        (!good).then(|| format!("{}: {} changes, {named:?}", edit.name, found.changed))
    });
    assert!(wrong.is_empty(), "{} of 10 wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_text_in_another_form_changes_nothing() {
    let sites = Sites::new();
    let names = sites.names();
    assert_eq!(names.len(), 10, "{names:?}");
    let wrong = with_each(&names, |name| {
        let old = sites.named(name);
        let text = String::from_utf8(old.text.clone()).expect("UTF-8");
        let text = reformatted(&text, name.rsplit('.').next().unwrap_or_default());
        let found = compare(&old, &NamedText { file: old.file.clone(), text });
        (found.changed > 0 || found.asked < 500).then(|| format!("{name}: {found:?}"))
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Two edits that only together change an answer are named together.
#[test]
fn a_cause_of_two_edits_is_named_as_two() {
    let sites = Sites::new();
    let old = sites.named("plain.mc");
    let text = String::from_utf8(old.text.clone()).expect("UTF-8");
    let text = text.replace("define(`ALIAS_FILE'", "FEATURE(`masquerade_envelope')dnl\ndefine(`ALIAS_FILE'");
    let text = text.replace("MAILER(`local')", "MASQUERADE_AS(`site.example')dnl\nMAILER(`local')");
    let found = compare(&old, &NamedText { file: old.file.clone(), text: text.into_bytes() });
    // the header is masqueraded by the one alone, the envelope by both
    let causes: Vec<usize> = found.groups.iter().map(|group| group.edits.len()).collect();
    assert!(causes.contains(&1) && causes.contains(&2), "{found:?}");
    let both = found.groups.iter().find(|group| group.edits.len() == 2).expect("a cause of two");
    assert!(both.examples.iter().all(|example| example.question.starts_with("sender ")), "{both:?}");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// What a session says to a recipient is what the rules, asked directly, say to it.
#[test]
fn short_answers_are_those_of_a_session() {
    let sites = Sites::new();
    for name in ["hub.mc", "virtual.mc", "checks.mc", "old.cf"] {
        let named = sites.named(name);
        let side = loading().side(&named.file, &named.text).expect("a site");
        let addresses = [
            "joe@virt.example",
            "nobody@virt.example",
            "root",
            "root@mail.site.example",
            "a@partner.example",
            "a@b.example",
            "a%b.example@mail.site.example",
            "b.example!a",
            "@mail.site.example:a@b.example",
            "nosuchuser@mail.site.example",
            "\"a@b.example\"@mail.site.example",
            "a@",
            "@",
            "<a@b.example",
            "spam@bad.example",
        ];
        runtime().block_on(agree(&side, name, &addresses));
    }
}

async fn agree(side: &Side, name: &str, addresses: &[&str]) {
    let sender: Arc<[u8]> = Arc::from(&b"somebody@outside.example"[..]);
    let client = Arc::new(CorpusClient::parse(STRANGER).expect("well-formed"));
    let question = Question {
        client: parse_client(STRANGER).expect("well-formed"),
        helo: b"client.example".to_vec(),
        from: sender.to_vec(),
        recipients: addresses.iter().map(|address| address.as_bytes().to_vec()).collect(),
        ..Question::default()
    };
    let sources = Sources::new(b"cf", &side.cf, None);
    let explained = explain(&side.site, &side.keeper, sources, &question, false).await.expect("a session");
    let mut asker = Asker::new(side);
    for answer in &explained.answers {
        let recipient: Arc<[u8]> = Arc::from(answer.recipient.as_bytes());
        let asks = [
            Ask::Connect(client.clone()),
            Ask::Mail(client.clone(), sender.clone()),
            Ask::Rcpt(client.clone(), sender.clone(), recipient.clone()),
            Ask::Resolve(recipient),
        ];
        let mut first: Option<Answer> = None;
        for ask in &asks {
            let said = asker.ask(ask).await;
            first = first.or((!said.accepted).then_some(said));
        }
        assert_eq!(answer.accepted, first.is_none(), "{name}: {answer:?}, {first:?}");
        let status = |text: &str| text.split(' ').take(2).collect::<Vec<_>>().join(" ");
        if let Some(refused) = first {
            assert_eq!(status(&answer.reply), status(&refused.text), "{name}: {answer:?}, {refused:?}");
        }
    }
}

#[test]
fn exit_status_and_text() {
    let sites = Sites::new();
    let edit = sites.edits().into_iter().next().expect("an edit");
    fs::write(&edit.new.file, &edit.new.text).expect("a file");
    let run = |words: &[&str]| {
        let output = Command::new(CANONIFY).arg("diff").args(words).output().expect("canonify runs");
        let text =
            String::from_utf8_lossy(&output.stdout).replace(&sites.0.path().display().to_string(), "DIR");
        (output.status.code(), text)
    };
    assert_eq!(run(&[&edit.old.file, &edit.old.file]).0, Some(0));
    assert_eq!(run(&[&edit.old.file, "/nowhere/site.mc"]).0, Some(66));
    let (status, text) = run(&[&edit.old.file, &edit.new.file]);
    assert_eq!(status, Some(1));
    // the addresses of this machine are among what is asked: how many questions there are depends on it
    let asked = regex::Regex::new(r"of \d+,\d{3} answers").expect("a pattern");
    insta::assert_snapshot!(asked.replace(&text, "of N answers"));
    let page = sites.0.path().join("page.html");
    assert_eq!(run(&[&edit.old.file, &edit.new.file, "--html", &page.display().to_string()]).0, Some(1));
    let page = fs::read_to_string(page).expect("a page");
    assert!(page.contains("RELAY_DOMAIN(`friend.example')") && !page.contains("<script"), "{page}");
}
