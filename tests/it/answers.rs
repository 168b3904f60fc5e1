//! What `explain` answers is what test mode answers, on ten sites of different kinds. (`tests/live/answers.py` asks a
//! thousand addresses of each, and a daemon as well.)

use crate::scratch::copied;
use canonify::analysis::{
    Dns, Explanation, Loading, OUTSIDE, Question, RecipientAnswer, SHAPES, STRANGER, Side, Sources, explain,
    parse_client,
};
use canonify::cli::testmode;
use canonify::config::LoadOptions;
use canonify::rewrite::Site;
use std::fs;
use std::path::Path;

const SITES: &[&str] = &[
    "debian.mc",
    "redhat.mc",
    "seed.mc",
    "virtual.mc",
    "gateway.mc",
    "null.mc",
    "hub.mc",
    "checks.mc",
    "uucp.mc",
    "old.cf",
];
const SENDER: &str = "somebody@outside.example";

/// The sites with their maps, in one directory.
fn sites() -> tempfile::TempDir {
    let directory = copied("diff");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/answers");
    for entry in fs::read_dir(own).expect("testdata/answers").flatten() {
        let text = fs::read_to_string(entry.path()).expect("UTF-8");
        let text = text.replace("@DIR@", &directory.path().display().to_string());
        fs::write(directory.path().join(entry.file_name()), text).expect("a new directory");
    }
    fs::write(directory.path().join("relay-domains"), "partner.example\n").expect("a new directory");
    directory
}

fn side(file: &Path) -> Side {
    let options = LoadOptions {
        test_mode: true,
        mode: b't',
        version: b"canonify-test".to_vec(),
        ..LoadOptions::default()
    };
    let text = fs::read(file).expect("a site");
    Loading { options, dns: Dns::None, programs: true }
        .side(&file.display().to_string(), &text)
        .expect("a site")
}

/// Users and domains that the sites know, and that they do not, in the shapes that need no quotes: those test mode
/// would read by itself.
fn addresses() -> Vec<String> {
    let mut found = vec!["root".to_owned(), "nosuchuser".to_owned()];
    for (user, domain) in [
        ("root", "mail.site.example"),
        ("joe", "virt.example"),
        ("x", "partner.example"),
        ("somebody", "nowhere.example"),
    ] {
        let written = SHAPES.iter().map(|shape| (shape.write)(user.as_bytes(), domain.as_bytes(), OUTSIDE));
        let written = written.map(|address| String::from_utf8(address).expect("UTF-8"));
        found.extend(written.filter(|address| !address.contains(['"', ',', ':'])));
    }
    found
}

fn explained(side: &Side, client: &str, addresses: &[String]) -> Explanation {
    let question = Question {
        client: parse_client(client).expect("well-formed"),
        helo: b"client.example".to_vec(),
        from: SENDER.into(),
        recipients: addresses.iter().map(|address| address.clone().into_bytes()).collect(),
        ..Question::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let sources = Sources::new(b"cf", &side.cf, None);
    runtime.block_on(explain(&side.site, &side.keeper, sources, &question, false)).expect("a session")
}

/// For each address the last line of `/parse`, and the result of check_rcpt.
fn typed(side: &Side, client: &str, addresses: &[String]) -> Vec<(Option<String>, Option<String>)> {
    let (ip, name) = client.split_once('=').expect("with a name");
    let mut lines = format!(
        ".D{{client_addr}}{ip}\n.D{{client_name}}{name}\n.D{{client_ptr}}{name}\n.D{{client_resolve}}OK\n.Df{SENDER}\n.D{{mail_from}}<{SENDER}>\n"
    );
    for address in addresses {
        lines += &format!("/parse {address}\ncheck_rcpt <{address}>\n");
    }
    let site = Site::new(side.site.config.clone(), side.site.resolver.clone());
    let said = testmode::answers(site, lines.into_bytes());
    let said = String::from_utf8_lossy(&said).into_owned();
    let blocks = said.split("> Cracked address = ").skip(1).map(|block| {
        let (parsed, checked) = block.split_once("\n> ").unwrap_or((block, ""));
        let way = parsed.lines().rfind(|line| line.starts_with("mailer ")).map(str::to_owned);
        let results = checked.lines().filter(|line| line.starts_with("check_rcpt "));
        let verdict = results.filter_map(|line| line.split_once(" returns: ")).next_back();
        (way, verdict.map(|(_, verdict)| verdict.trim().to_owned()))
    });
    blocks.collect()
}

fn disagreement(
    answer: &RecipientAnswer,
    said: Option<&str>,
    (way, verdict): (Option<String>, Option<String>),
) -> Option<String> {
    if answer.accepted && answer.resolved != way {
        return Some(format!("{}: explain {:?}, -bt {way:?}", answer.recipient, answer.resolved));
    }
    let differs = said.is_some() && verdict.is_some() && said != verdict.as_deref();
    differs.then(|| format!("{}: check_rcpt: explain {said:?}, -bt {verdict:?}", answer.recipient))
}

#[test]
fn explain_answers_as_test_mode_does() {
    let (directory, addresses) = (sites(), addresses());
    let mut wrong = Vec::new();
    for name in SITES {
        let side = side(&directory.path().join(name));
        for client in ["127.0.0.1=localhost", STRANGER] {
            let explanation = explained(&side, client, &addresses);
            let typed = typed(&side, client, &addresses);
            assert_eq!(
                (explanation.answers.len(), typed.len()),
                (addresses.len(), addresses.len()),
                "{name}"
            );
            let asked = explanation.exchanges.iter().filter(|one| one.command.starts_with("RCPT TO:"));
            let said = asked.map(|exchange| {
                let mut checks = exchange.stages.iter().filter(|stage| stage.what == "check_rcpt");
                checks.next_back().map(|stage| stage.outcome.as_str())
            });
            // who is refused at once hears nothing of recipients
            let said = said.chain(std::iter::repeat(None));
            let each = explanation.answers.iter().zip(said).zip(typed);
            let found = each.filter_map(|((answer, said), typed)| disagreement(answer, said, typed));
            wrong.extend(found.map(|found| format!("{name}, {client}: {found}")));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
