//! Whole attempts: a small site, a keeper in this process, Maildirs and scripted servers in a
//! temporary directory.

use super::next_hop::NextHop;
use super::permits::Destination;
use super::*;
use crate::config::{LoadOptions, load};
use crate::envelope::{
    Body, CommandDefaults, DeliverBy, Envelope, EnvelopeFlags, Owned, QueueId, Recipient, RecipientFlags,
    RecipientState, Sender,
};
use crate::keeper::Keeper;
use crate::logging::{Logger, Target};
use crate::net::{FixedZone, Resolver};
use crate::rewrite::Site;
use crate::schema::EnhancedStatus;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

mod me_too;
mod next_hosts;
mod too_big;

/// One site in a directory of its own.
struct Scene {
    dir: tempfile::TempDir,
    deliverer: Deliverer,
    me: String,
}

fn scene(aliases: &str) -> Scene {
    scene_with(aliases, "")
}

/// The same with more rulesets.
fn scene_with(aliases: &str, rulesets: &str) -> Scene {
    scene_among(aliases, rulesets, Vec::new())
}

/// The same where name servers know this.
fn scene_among(aliases: &str, rulesets: &str, zone: FixedZone) -> Scene {
    let dir = tempfile::tempdir().expect("a directory");
    let uid = crate::sys::identity::effective_uid();
    let me = crate::sys::accounts::user_by_uid(uid).expect("accounts").expect("an account of my own");
    let me = String::from_utf8(me.name).expect("a plain name");
    let place = dir.path().to_str().expect("a plain path");
    let gid = crate::sys::identity::effective_gid();
    // the folder last: its name is any letters
    let names = [("ME", me.as_str()), ("UID", &uid.to_string()), ("GID", &gid.to_string()), ("@DIR@", place)];
    let fill =
        |text: &str| names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
    std::fs::write(dir.path().join("aliases"), fill(aliases)).expect("aliases");
    let cf = fill(include_str!("../../testdata/deliver/small.cf")) + rulesets;
    let loaded = load(b"small.cf", cf.as_bytes(), &mut crate::maps::environment(), &LoadOptions::default());
    let said: Vec<_> = loaded.messages.iter().map(|said| String::from_utf8_lossy(&said.text)).collect();
    assert!(loaded.exit.is_ok(), "{said:?}");
    let config = Arc::new(loaded.config);
    let keeper = Keeper::in_process(config.clone()).expect("a keeper");
    let site = Arc::new(Site::new(config.clone(), Arc::new(Resolver::fixed(zone))));
    let next_id: NextId = Arc::new(|| QueueId::new(b"6AMHDk0a022879").expect("an identifier"));
    let logger = Logger::open(Target::Memory, b"test", 9);
    let tls = crate::tls::Tls::new(&config, &keeper, &logger);
    let deliverer = Deliverer::new(site, keeper, tls, next_id, logger);
    Scene { dir, deliverer, me }
}

impl Scene {
    fn envelope(&self, recipients: &[&str]) -> Envelope {
        let recipient = |text: &&str| Recipient {
            text: text.replace("ME", &self.me).into_bytes(),
            flags: RecipientFlags::PRIMARY,
            ..Recipient::default()
        };
        Envelope {
            id: QueueId::new(b"6AMHDk09022879").expect("an identifier"),
            sender: Sender { text: b"<ann@elsewhere.example>".to_vec(), address: None },
            recipients: recipients.iter().map(recipient).collect(),
            body: Body::from_memory(*b"hello\n"),
            created: self.deliverer.clock.now(),
            size: 6,
            ..Envelope::default()
        }
    }

    async fn attempt(&self, recipients: &[&str]) -> (Envelope, Attempted) {
        let mut envelope = self.envelope(recipients);
        let attempted = self.deliverer.attempt(&mut envelope, None).await;
        (envelope, attempted)
    }

    /// Text and state of every recipient, in order.
    fn states(&self, envelope: &Envelope) -> Vec<String> {
        let shown = |recipient: &Recipient| {
            let text = String::from_utf8_lossy(&recipient.text).into_owned();
            format!("{} {:?}", text.replace(&self.me, "ME"), recipient.state)
        };
        envelope.recipients.iter().map(shown).collect()
    }

    fn log(&self) -> Vec<String> {
        let lines = self.deliverer.logger.lines();
        lines.iter().map(|line| String::from_utf8_lossy(line).replace(&self.me, "ME")).collect()
    }

    fn mail(&self, maildir: &str) -> Vec<String> {
        let new = self.dir.path().join(maildir.replace("ME", &self.me)).join("new");
        let Ok(entries) = std::fs::read_dir(new) else { return Vec::new() };
        entries.flatten().map(|entry| std::fs::read_to_string(entry.path()).expect("mail")).collect()
    }
}

#[tokio::test]
async fn a_mailbox_gets_the_message_and_the_log_its_line() {
    let scene = scene("");
    let (envelope, _) = scene.attempt(&["ME@localhost"]).await;
    assert_eq!(scene.states(&envelope), ["ME@localhost Sent"], "{:?}", scene.log());
    let mail = scene.mail("ME");
    assert_eq!(mail.len(), 1);
    assert!(mail[0].ends_with("\nhello\n"), "{mail:?}");
    let log = scene.log().join("\n");
    assert!(log.contains("to=ME@localhost, "), "{log}");
    assert!(log.contains("mailer=local, "), "{log}");
    assert!(log.ends_with("dsn=2.0.0, stat=Sent"), "{log}");
}

#[tokio::test]
async fn nobody_of_that_name() {
    let scene = scene("");
    let (envelope, _) = scene.attempt(&["no-such-user-here@localhost"]).await;
    assert_eq!(envelope.recipients[0].state, RecipientState::Failed);
    assert_eq!(
        envelope.recipients[0].reply.as_ref().map(|reply| reply.to_line()),
        Some(b"550 5.1.1 User unknown".to_vec())
    );
    assert_eq!(envelope.attempt.transcript, b"550 5.1.1 no-such-user-here@localhost... User unknown\n");
}

#[tokio::test]
async fn lists_files_and_programs() {
    let scene = scene(concat!(
        "all: ME, @DIR@/box/, :include:@DIR@/more\n",
        "tool: \"|cat > @DIR@/out\"\n",
        "me-too: me-too, ME\n",
    ));
    std::fs::write(scene.dir.path().join("more"), format!("# list\n{}\nme2\n", scene.me)).expect("a list");
    let (envelope, _) = scene.attempt(&["all", "tool"]).await;
    let mut states = scene.states(&envelope);
    states
        .iter_mut()
        .for_each(|state| *state = state.replace(scene.dir.path().to_str().expect("text"), "DIR"));
    states.sort();
    let expected = [
        "\"|cat > DIR/out\" Sent",
        ":include:DIR/more Expanded",
        "DIR/box/ Sent",
        "ME Duplicate",
        "ME Sent",
        "all Expanded",
        "me2 Failed",
        "tool Expanded",
    ];
    assert_eq!(states, expected, "{:?}", scene.log());
    assert_eq!(scene.mail("ME").len(), 1);
    assert_eq!(scene.mail("box").len(), 1);
    let out = std::fs::read_to_string(scene.dir.path().join("out")).expect("the program ran");
    assert!(out.starts_with("From ann@elsewhere.example ") && out.ends_with("hello\n"), "{out}");
}

#[tokio::test]
async fn circles() {
    let scene = scene("a: b\nb: a\n");
    let (envelope, _) = scene.attempt(&["a"]).await;
    assert_eq!(scene.states(&envelope)[0], "a Failed");
    assert_eq!(envelope.recipients[0].status, Some(EnhancedStatus(5, 4, 6)));
    assert_eq!(envelope.attempt.transcript, b"554 5.4.6 aliasing/forwarding loop broken\n");
}

/// Ten lists, each naming the next one thirty times: whoever follows every name never comes to an end.
/// Ten names are followed: whoever names an eleventh does not get it, and the list before him is no failure.
#[tokio::test]
async fn aliases_beyond_all_depth_end_where_they_are() {
    let chain: String = (0..12).map(|at| format!("deep{at}: deep{}\n", at + 1)).collect();
    let scene = scene(&chain);
    let (envelope, _) = scene.attempt(&["deep0"]).await;
    let states = scene.states(&envelope);
    assert_eq!(states.last().map(String::as_str), Some("deep10 Failed"), "{states:?}");
    assert_eq!(states.iter().filter(|state| state.ends_with(" Failed")).count(), 1, "{states:?}");
    let log = scene.log().join("\n");
    assert!(log.contains("aliasing/forwarding loop broken:  (11 aliases deep; 10 max)"), "{log}");
}

#[tokio::test]
async fn a_list_is_read_once() {
    let names = |next: usize| vec![format!("list{next}"); 30].join(", ");
    let mut aliases: String = (0..8).map(|at| format!("list{at}: {}\n", names(at + 1))).collect();
    aliases.push_str(&format!("list8: {}\n", vec!["ME"; 30].join(", ")));
    let scene = scene(&aliases);
    let (envelope, _) = scene.attempt(&["list0"]).await;
    let states = scene.states(&envelope);
    assert_eq!(states.iter().filter(|state| *state == "ME Sent").count(), 1, "{states:?}");
    assert!(states.len() <= 10 * 30, "{}", states.len());
    assert_eq!(scene.mail("ME").len(), 1);
}

#[tokio::test]
async fn too_many_hops() {
    let scene = scene("");
    let mut envelope = scene.envelope(&["ME@localhost", "other@there"]);
    envelope.hop_count = 25;
    scene.deliverer.attempt(&mut envelope, None).await;
    assert_eq!(scene.states(&envelope)[0], "ME@localhost Sent");
    let mut envelope = scene.envelope(&["ME@localhost", "other@there"]);
    envelope.hop_count = 26;
    scene.deliverer.attempt(&mut envelope, None).await;
    let failed =
        |one: &Recipient| one.state == RecipientState::Failed && one.status == Some(EnhancedStatus(5, 4, 6));
    assert!(envelope.recipients.iter().all(failed), "{:?}", scene.states(&envelope));
    let text = "Too many hops 26 (25 max): from <ann@elsewhere.example> via localhost, to ME@localhost";
    let transcript = String::from_utf8_lossy(&envelope.attempt.transcript).replace(&scene.me, "ME");
    assert_eq!(transcript, format!("554 5.4.6 {text}\n"));
    let log = scene.log().join("\n");
    assert!(log.ends_with(&format!("): {text}")), "{log}"); // SYSERR(root), and root may be me
    assert_eq!(scene.mail("ME").len(), 1);
    assert!(envelope.attempt.tells_postmaster);
}

/// Where RCPT has looked everybody up (DeliveryMode interactive) nobody is left for the attempt, and the next run returns it.
#[tokio::test]
async fn too_many_hops_wait_for_a_run_where_the_session_has_looked_everybody_up() {
    let scene = scene("");
    for interactive in [true, false] {
        let mut envelope = scene.envelope(&["ME@localhost"]);
        envelope.hop_count = 26;
        envelope.attempt.interactive = interactive;
        envelope.scope.set_named(&scene.deliverer.site.config, b"_", b"there.example [192.0.2.9]");
        scene.deliverer.attempt(&mut envelope, None).await;
        assert_eq!(envelope.pending().next().is_some(), interactive, "{:?}", scene.states(&envelope));
        assert_eq!(envelope.attempt.tells_postmaster, !interactive);
    }
}

/// Whom ruleset 5 puts in the place of a name that stands there twice gets one copy, and is named once.
#[tokio::test]
async fn who_is_replaced_is_known_by_his_name() {
    let scene = scene_with("", "Slocaladdr\nRgone\t\t$#lmtp $@ there $: gone @ there\n");
    let mut envelope = scene.envelope(&["gone", "gone", "ME"]);
    envelope.hop_count = 26;
    scene.deliverer.attempt(&mut envelope, None).await;
    assert_eq!(scene.states(&envelope), ["gone Failed", "gone Duplicate", "ME Failed"]);
    let replaced = envelope.recipients.iter().map(|one| one.flags.contains(RecipientFlags::REPLACED));
    assert_eq!(replaced.collect::<Vec<_>>(), [true, false, false]);
}

/// A map that does not answer leaves its recipient to a later run; FallbackMXhost takes him now, but nobody of this host.
#[tokio::test]
async fn who_cannot_be_looked_up_goes_to_the_fallback_host() {
    let rules = concat!(
        "Kdown socket unix:/nonexistent/socket\n",
        "S3\nR$+ @ $+ . later\t\t$: $1 @ $2 $(down $2 $: $)\n",
    );
    let recipients = ["a@there.later", "ME@localhost.later"];
    let alone = scene_with("", rules);
    let (envelope, _) = alone.attempt(&recipients).await;
    assert_eq!(alone.states(&envelope), ["a@there.later Queued", "ME@localhost.later Queued"]);
    let scene = scene_with("", &format!("O FallbackMXhost=second\n{rules}"));
    let server = serve_lmtp(&scene.dir.path().join("second.socket"), vec!["250 took it"]).await;
    let (envelope, _) = scene.attempt(&recipients).await;
    assert_eq!(scene.states(&envelope), ["a@there.later Sent", "ME@localhost.later Queued"]);
    assert_eq!(heard(server).await[2], "RCPT To:<a@there>");
    assert_eq!(envelope.recipients[1].status, Some(EnhancedStatus(4, 4, 3)));
}

/// In the queue's next run, or when a message begins with the queue's copy: whoever was there already is compared with
/// the others, and not with what he was himself.
#[tokio::test]
async fn whoever_is_parsed_again_is_no_duplicate_of_himself() {
    let scene = scene("both: ME, a@there\n");
    let mut envelope = scene.envelope(&["ME@localhost", "ME", "a@there", "both"]);
    let expected = ["ME@localhost Sent", "ME Duplicate", "a@there Queued", "both Expanded"];
    for again in [false, true, true] {
        for recipient in envelope.recipients.iter_mut().filter(|one| one.parent.is_none()) {
            recipient.state = RecipientState::Queued;
            if again {
                recipient.address = None; // as the queue gives it back
            }
        }
        scene.deliverer.attempt(&mut envelope, None).await;
        assert_eq!(scene.states(&envelope)[..4], expected);
        envelope.recipients.truncate(4);
    }
    assert_eq!(scene.mail("ME").len(), 3, "one copy an attempt");
}

#[tokio::test]
async fn a_list_with_an_owner_becomes_a_copy() {
    let scene = scene("list: ME, nobody-here\nowner-list: ME\n");
    let mut envelope = scene.envelope(&["list"]);
    let asked = RecipientFlags::HAS_NOTIFY | RecipientFlags::SUCCESS | RecipientFlags::FAILURE;
    envelope.recipients[0].flags |= asked;
    envelope.flags |= EnvelopeFlags::RESPONSE;
    envelope.deliver_by = Some(DeliverBy { seconds: 90, flags: DeliverBy::NOTIFY });
    let mut attempted = scene.deliverer.attempt(&mut envelope, None).await;
    assert_eq!(scene.states(&envelope), ["list Expanded", "nobody-here Removed", "ME Removed"]);
    let copy = &mut attempted.copies[0];
    assert_eq!(copy.sender.text, scene.me.as_bytes());
    assert_eq!((copy.deliver_by, copy.is_response()), (envelope.deliver_by, false));
    assert!(copy.recipients.iter().all(|one| !one.flags.contains(RecipientFlags::HAS_NOTIFY)));
    assert_eq!(scene.states(copy), ["list Expanded", "nobody-here Failed", "ME New"]);
    let mut connections = Connections::new(&scene.deliverer.site.config);
    assert!(scene.deliverer.attempt_copy(copy, None, &mut connections).await.full.is_none());
    assert_eq!(scene.states(copy), ["list Expanded", "nobody-here Failed", "ME Sent"]);
    assert!(scene.log().iter().any(|line| line.ends_with("clone: owner=ME")), "{:?}", scene.log());
}

/// What a command says (`-N`) holds for the members as well, but for receipts.
#[tokio::test]
async fn a_command_speaks_for_members_of_lists() {
    let scene = scene("list: nobody-here, nobody-there\nowner-list: ME\n");
    let mut envelope = scene.envelope(&["list"]);
    envelope.recipients[0].flags |=
        RecipientFlags::HAS_NOTIFY | RecipientFlags::SUCCESS | RecipientFlags::FAILURE;
    envelope.attempt.defaults = Some(CommandDefaults { notifies: true, ..CommandDefaults::default() });
    let attempted = scene.deliverer.attempt(&mut envelope, None).await;
    let wishes = RecipientFlags::HAS_NOTIFY
        | RecipientFlags::SUCCESS
        | RecipientFlags::FAILURE
        | RecipientFlags::DELAY;
    for member in attempted.copies[0].recipients.iter().filter(|one| one.parent.is_some()) {
        assert_eq!(member.flags & wishes, RecipientFlags::HAS_NOTIFY | RecipientFlags::FAILURE);
    }
    assert!(envelope.recipients[0].flags.contains(RecipientFlags::DELIVERED_LIST));
}

/// Mailer flag %: only a run that asks for it takes it along.
#[tokio::test]
async fn mail_on_demand_waits_for_a_selected_run() {
    let on_demand = "Mlmtp, P=[IPC], F=mDFMXz%, S=0, R=0, T=DNS/RFC822/SMTP, A=FILE /nonexistent/$h\n";
    let scene = scene_with("", on_demand);
    let mut envelope = scene.envelope(&["ME", "x@there"]);
    scene.deliverer.attempt(&mut envelope, None).await;
    assert_eq!(scene.states(&envelope), ["ME Sent", "x@there Queued"]);
    assert_eq!(envelope.recipients[1].tried, 0);
    envelope.attempt.selected = true;
    envelope.recipients[1].state = RecipientState::New;
    scene.deliverer.attempt(&mut envelope, None).await;
    assert!(envelope.recipients[1].tried > 0, "{:?}", scene.log());
    // for nobody else it is no attempt
    let (alone, _) = scene.attempt(&["x@there"]).await;
    assert!(alone.attempt.held_back && alone.attempts == 0, "{:?}", scene.log());
}

/// Ruleset 5 puts one name in the place of another; each is one alias deeper.
#[tokio::test]
async fn names_in_the_place_of_names_are_counted() {
    let endless = "O MaxAliasRecursion=3\nSlocaladdr\nR$+\t\t$#local $: $1 x\n";
    let scene = scene_with("", endless);
    let (envelope, _) = scene.attempt(&["nobody"]).await;
    assert_eq!(scene.states(&envelope), ["nobody Failed"]);
    let text = "554 5.4.6 aliasing/forwarding loop broken (4 aliases deep; 3 max)\n";
    assert_eq!(envelope.attempt.transcript, text.as_bytes());
}

#[tokio::test]
async fn forwarded_and_kept() {
    let scene = scene("");
    let forward = scene.dir.path().join(format!("forward.{}", scene.me));
    std::fs::write(forward, format!("\\{}, other@there\n", scene.me)).expect("a .forward");
    let (envelope, _) = scene.attempt(&["ME"]).await;
    // nobody listens there
    assert_eq!(scene.states(&envelope), ["ME Expanded", "other@there Queued", "\\ME Sent"]);
    assert_eq!(scene.mail("ME").len(), 1);
}

/// An LMTP server on this host, with its name, that gives each recipient its own answer; with an empty
/// one it is gone.
async fn serve_lmtp(path: &Path, answers: Vec<&'static str>) -> JoinHandle<Vec<String>> {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let listener = tokio::net::UnixListener::bind(path).expect("a socket");
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let (read, mut write) = stream.into_split();
        let (mut lines, mut seen, mut data) = (BufReader::new(read).lines(), Vec::new(), false);
        write.write_all(b"220 there LMTP\r\n").await.expect("a listening client");
        while let Ok(Some(line)) = lines.next_line().await {
            let reply = match line.split(' ').next().unwrap_or_default() {
                "." if data => {
                    data = false;
                    let given = answers.iter().take_while(|answer| !answer.is_empty());
                    given.map(|answer| format!("{answer}\r\n")).collect()
                }
                "LHLO" => "250 mail.site.example\r\n".to_owned(),
                _ if data => continue,
                "DATA" => {
                    data = true;
                    "354 go\r\n".to_owned()
                }
                "RCPT" if line.contains("<refused") => "550 5.1.1 no\r\n".to_owned(),
                _ => "250 ok\r\n".to_owned(),
            };
            seen.push(line.clone());
            write.write_all(reply.as_bytes()).await.expect("a listening client");
            if line == "QUIT" || (line == "." && answers.contains(&"")) {
                break;
            }
        }
        seen
    })
}

/// What the server was told, line by line.
async fn heard(server: JoinHandle<Vec<String>>) -> Vec<String> {
    let ended = tokio::time::timeout(Duration::from_secs(20), server).await;
    ended.expect("the server was talked to").expect("a server")
}

#[tokio::test]
async fn who_got_no_answer_has_not_got_the_mail() {
    let scene = scene("");
    let server = serve_lmtp(&scene.dir.path().join("there.socket"), vec!["250 took it", ""]).await;
    let (envelope, _) = scene.attempt(&["b@there", "a@there"]).await;
    heard(server).await;
    assert_eq!(scene.states(&envelope), ["b@there Queued", "a@there Sent"]);
}

#[tokio::test]
async fn another_host_answers_for_each_recipient() {
    let scene = scene("");
    let socket = scene.dir.path().join("there.socket");
    let server = serve_lmtp(&socket, vec!["250 took it", "452 4.2.2 full", "550 5.2.1 no"]).await;
    let (envelope, _) = scene.attempt(&["c@there", "b@there", "a@there"]).await;
    let seen = heard(server).await;
    assert_eq!(seen[1], "MAIL From:<ann@elsewhere.example>");
    assert_eq!(seen[2..5], ["RCPT To:<a@there>", "RCPT To:<b@there>", "RCPT To:<c@there>"]);
    assert_eq!(scene.states(&envelope), ["c@there Failed", "b@there Queued", "a@there Sent"]);
    assert_eq!(envelope.recipients[1].message.as_deref(), Some(&b"Deferred: 452 4.2.2 full"[..]));
}

/// A program that speaks LMTP on a pipe: each recipient by its first letter, and how it ends is `$h`.
const LMTP: &str = r#"
echo "220 there LMTP"
while read -r line; do
    case $line in
        LHLO*) echo "250 there" ;;
        RCPT*nobody*) echo "550 5.1.1 User unknown" ;;
        RCPT*) there="$there $line"; echo "250 ok" ;;
        DATA*)
            echo "354 go on"
            while read -r text && case $text in .?) false ;; esac; do echo "$text" >>"$0.mail"; done
            for one in $there; do
                case $one in
                    RCPT) ;;
                    *full*) echo "452 4.2.2 full" ;;
                    *dies*) exit 75 ;;
                    *) echo "250 2.1.5 took it" ;;
                esac
            done ;;
        QUIT*) echo "221 bye"; exit "$1" ;;
        *) echo "250 ok" ;;
    esac
done
"#;

#[tokio::test]
async fn a_program_on_a_pipe_answers_for_each_recipient() {
    let scene = scene("");
    let script = scene.dir.path().join("lmtp");
    std::fs::write(&script, LMTP).expect("a script");
    let users = ["\\ann@0.pipe", "full@0.pipe", "nobody@0.pipe", "bob@3.pipe", "dies@1.pipe"];
    let (envelope, _) = scene.attempt(&users).await;
    let states = ["Sent", "Queued", "Failed", "Sent", "Queued"].into_iter().zip(users);
    let states: Vec<_> = states.map(|(state, user)| format!("{user} {state}")).collect();
    assert_eq!(scene.states(&envelope), states, "{:?}", scene.log());
    let mail = std::fs::read_to_string(script.with_extension("mail")).expect("mail");
    assert_eq!(mail.matches("hello").count(), 3, "{mail}");
    // the status is told when the program has ended, and the mail was taken all the same
    let ended = |line: &String| line.ends_with("smtpquit: mailer pipe exited with exit value 3");
    let told = async {
        while !scene.log().iter().any(ended) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(60), told).await.is_ok(), "{:?}", scene.log());
}

#[tokio::test]
async fn a_program_that_is_not_there_delays_its_mail() {
    let more = "Mpipe, P=/nonexistent/lmtp, F=lsmDFMXz, S=0, R=0, T=DNS/RFC822/SMTP, A=lmtp\n";
    let scene = scene_with("", more);
    let (envelope, _) = scene.attempt(&["ann@0.pipe", "bob@0.pipe"]).await;
    assert_eq!(scene.states(&envelope), ["ann@0.pipe Queued", "bob@0.pipe Queued"]);
    let log = scene.log().join("\n");
    assert!(log.contains("Cannot exec /nonexistent/lmtp: No such file or directory"), "{log}");
    assert!(
        log.contains("to=bob@0.pipe, ") && log.contains("stat=Deferred: Connection reset by pipe"),
        "{log}"
    );
}

/// Where a host's mail goes is a mailer's business: here two sockets, elsewhere two ports.
#[tokio::test]
async fn two_mailers_send_to_one_host_each_in_its_own_way() {
    let scene = scene("");
    let one = serve_lmtp(&scene.dir.path().join("there.socket"), vec!["250 took it"]).await;
    let other = serve_lmtp(&scene.dir.path().join("there.other"), vec!["250 took it"]).await;
    let (envelope, _) = scene.attempt(&["a@there", "b@there.other"]).await;
    assert_eq!(scene.states(&envelope), ["a@there Sent", "b@there.other Sent"], "{:?}", scene.log());
    assert_eq!(heard(one).await[2], "RCPT To:<a@there>");
    assert_eq!(heard(other).await[2], "RCPT To:<b@there>");
}

/// Whoever delivers alone says QUIT; a server that others have mail for gets theirs over the same connection.
#[tokio::test]
async fn a_connection_is_left_to_those_who_wait_for_its_host() {
    let scene = scene("");
    let socket = scene.dir.path().join("there.socket");
    let server = serve_lmtp(&socket, vec!["250 took it"]).await;
    let hop = Destination::Hop(NextHop::Socket(socket));
    let mut other = scene.deliverer.pools.enter(Pool::Remote, hop, false).ok();
    for user in ["a@there", "b@there", "c@there"] {
        if user == "c@there" {
            other = None;
        }
        let (mut envelope, mut connections) = (scene.envelope(&[user]), scene.deliverer.connections());
        scene.deliverer.attempt_over(&mut envelope, None, &mut connections).await;
        connections.close().await;
        assert_eq!(scene.states(&envelope), [format!("{user} Sent")], "{:?}", scene.log());
    }
    assert!(other.is_none());
    let seen = heard(server).await;
    let verbs: Vec<_> = seen.iter().filter_map(|line| line.split(' ').next()).collect();
    let message = ["MAIL", "RCPT", "DATA", "."];
    assert_eq!(
        verbs,
        [&["LHLO"][..], &message, &["RSET"], &message, &["RSET"], &message, &["QUIT"]].concat()
    );
}

/// RSET makes room for the next message; where no connection is kept there is none.
#[tokio::test]
async fn a_connection_that_ends_is_not_reset() {
    let cases =
        [("O ConnectionCacheSize=0\n", &["QUIT"][..]), ("O ConnectionCacheSize=1\n", &["RSET", "QUIT"])];
    for (option, end) in cases {
        let scene = scene_with("", option);
        let server = serve_lmtp(&scene.dir.path().join("there.socket"), Vec::new()).await;
        let (envelope, _) = scene.attempt(&["refused@there"]).await;
        assert_eq!(scene.states(&envelope), ["refused@there Failed"], "{option}");
        assert_eq!(heard(server).await[3..], *end, "{option}");
    }
}

/// With flag l an LMTP server's mailboxes are this host's: the receipt says so.
#[tokio::test]
async fn receipts_tell_mailboxes_from_relays() {
    let scene = scene("");
    let relay = serve_lmtp(&scene.dir.path().join("there.socket"), vec!["250 took it"]).await;
    let mailboxes = serve_lmtp(&scene.dir.path().join("there.other"), vec!["250 took it"]).await;
    let mut envelope = scene.envelope(&["a@there", "b@there.other"]);
    for recipient in &mut envelope.recipients {
        recipient.flags |= RecipientFlags::HAS_NOTIFY | RecipientFlags::SUCCESS;
    }
    scene.deliverer.attempt(&mut envelope, None).await;
    heard(relay).await;
    heard(mailboxes).await;
    let said = String::from_utf8_lossy(&envelope.attempt.transcript);
    assert_eq!(
        said,
        "a@there... relayed; expect no further notifications\nb@there.other... Successfully delivered\n"
    );
    assert!(envelope.recipients[0].flags.contains(RecipientFlags::RELAYED));
    assert!(envelope.recipients[1].flags.contains(RecipientFlags::DELIVERED));
    assert_eq!(envelope.recipients[1].status, Some(EnhancedStatus(2, 1, 5)));
    assert_eq!(envelope.recipients[1].remote_mta, None);
}

/// Who is refused does not stop who comes after; whom sendmail defers stays queued, with the ruleset's words.
#[tokio::test]
async fn check_compat_is_asked_of_each_recipient() {
    let scene = scene_with("", include_str!("../../testdata/deliver/check_compat.cf"));
    let server = serve_lmtp(&scene.dir.path().join("there.socket"), vec!["250 took it"; 2]).await;
    let recipients = ["later@there", "never@there", "gone@there", "held@there", "fine@there", "ME@localhost"];
    let (envelope, _) = scene.attempt(&recipients).await;
    assert_eq!(heard(server).await[2..4], ["RCPT To:<fine@there>", "RCPT To:<held@there>"]);
    let states = ["later@there Queued", "never@there Failed", "gone@there Removed", "held@there Sent"];
    assert_eq!(scene.states(&envelope)[..4], states);
    assert_eq!(scene.states(&envelope)[4..], ["fine@there Sent", "ME@localhost Failed"]);
    assert!(scene.mail("ME").is_empty());
    assert_eq!(envelope.recipients[0].message.as_deref(), Some(&b"later@there... not now"[..]));
    assert_eq!(envelope.recipients[1].status, Some(EnhancedStatus(5, 5, 0)));
    let transcript = String::from_utf8_lossy(&envelope.attempt.transcript);
    assert!(transcript.contains("553 5.3.0 never@there... not you\n554 5.0.0 Service unavailable\n"));
    let log = scene.log();
    let logged = |start: &str, end: &str| log.iter().any(|line| line.contains(start) && line.ends_with(end));
    let asked = "ruleset=check_compat, arg1=<ann@elsewhere.example>, arg2=";
    assert!(logged(&format!("{asked}later@there, "), "reject=553 5.3.0 later@there... not now"), "{log:?}");
    assert!(logged(&format!("{asked}gone@there, "), ", discard"), "{log:?}");
    assert!(logged(&format!("{asked}held@there, "), ", quarantine=hold"), "{log:?}");
    assert!(
        logged("to=later@there, ", "mailer=lmtp, pri=180006, relay=there, dsn=4.2.0, stat=Deferred"),
        "{log:?}"
    );
    assert!(logged("to=never@there, ", "relay=there, dsn=5.5.0, stat=Service unavailable"), "{log:?}");
    assert!(logged("to=ME@localhost, ", "mailer=local, pri=180006, dsn=5.1.2, stat=Host unknown"), "{log:?}");
    assert!(!logged("to=gone@there", ""), "{log:?}");
}

/// The code in a ruleset's text is for people; what `$@` says is final or temporary.
#[tokio::test]
async fn check_compat_defers_by_its_status_and_not_by_its_text() {
    let scene = scene_with("", "Scheck_compat\nR$*\t\t$#error $@ 4.7.1 $: \"550 5.7.1 later\"\n");
    let (envelope, _) = scene.attempt(&["a@there", "ME@localhost"]).await;
    assert_eq!(scene.states(&envelope), ["a@there Queued", "ME@localhost Queued"]);
    assert_eq!(envelope.message.as_deref().map(|text| text.ends_with(b"... later")), Some(true));
}

#[tokio::test]
async fn tls_rcpt_stops_one_recipient_of_a_transaction() {
    let scene = scene_with("", include_str!("../../testdata/deliver/tls_rcpt.cf"));
    let server = serve_lmtp(&scene.dir.path().join("there.socket"), vec!["250 took it"; 3]).await;
    let recipients = ["later@there", "never@there", "gone@there", "held@there", "fine@there"];
    let (envelope, _) = scene.attempt(&recipients).await;
    let named = ["RCPT To:<fine@there>", "RCPT To:<held@there>", "RCPT To:<gone@there>", "DATA"];
    assert_eq!(heard(server).await[2..6], named);
    let states = ["later@there Queued", "never@there Failed", "gone@there Sent", "held@there Sent"];
    assert_eq!(scene.states(&envelope)[..4], states);
    let log = scene.log();
    let asked = "ruleset=tls_rcpt, arg1=never@there, relay=";
    let line = |line: &String| {
        line.contains(asked) && line.ends_with("reject=553 5.3.0 never@there... not with NONE")
    };
    assert!(log.iter().any(line), "{log:?}");
}

#[tokio::test]
async fn with_nobody_left_no_transaction_begins() {
    let scene = scene_with("", include_str!("../../testdata/deliver/tls_rcpt.cf"));
    let server = serve_lmtp(&scene.dir.path().join("there.socket"), Vec::new()).await;
    let (envelope, _) = scene.attempt(&["never@there", "later@there"]).await;
    assert_eq!(heard(server).await, ["LHLO mail.site.example", "QUIT"]);
    assert_eq!(scene.states(&envelope), ["never@there Failed", "later@there Queued"]);
}

#[tokio::test]
async fn a_front_that_lies_gets_nothing_run() {
    use crate::keeper::{Delivery, NamedBy, Target};
    let scene = scene("good: \"|true\"\n");
    let deliver = |user: &str| {
        let target = Target { user: user.into(), named_by: Some(NamedBy::default()), ..Target::default() };
        let delivery = Delivery { mailer: b"prog".to_vec(), targets: vec![target], ..Delivery::default() };
        let body = crate::sys::memory::file(b"").expect("memory");
        async { scene.deliverer.keeper.deliver(delivery, Some(Arc::new(body))).await[0].exit }
    };
    assert_eq!(deliver("true").await, 0);
    assert_eq!(deliver("id > DIR/owned").await, 77);
}

#[tokio::test]
async fn dead_letters_are_kept_where_the_site_says() {
    use crate::keeper::{DEAD_LETTERS, Delivery, Target};
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("dead");
    let kept = |more: String| async move {
        let scene = scene_with("", &more);
        let targets = vec![Target::default()];
        let delivery = Delivery { mailer: DEAD_LETTERS.to_vec(), targets, ..Delivery::default() };
        let body = crate::sys::memory::file(b"From x now\n\nlost\n").expect("memory");
        scene.deliverer.keeper.deliver(delivery, Some(Arc::new(body))).await[0].exit
    };
    assert_eq!(kept(String::new()).await, 78, "nowhere");
    let option = format!("O DeadLetterDrop={}\n", file.display());
    assert_eq!(kept(option.clone()).await, 0);
    assert_eq!(kept(option.clone()).await, 0);
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), "From x now\n\nlost\n".repeat(2));
    let other = place.path().join("link");
    std::os::unix::fs::symlink(&file, &other).expect("a link");
    assert_eq!(kept(format!("O DeadLetterDrop={}\n", other.display())).await, 73, "somebody's link");
}

#[tokio::test]
async fn an_alias_that_lies_in_no_file_names_people_only() {
    let more = "Kextra canned far=here evil=|true list=:include:/etc/passwd\nO AliasFile=sequence:extra\n";
    let scene = scene_with("here: ME\n", more);
    let (envelope, _) = scene.attempt(&["far", "evil", "list", "nowhere-at-all"]).await;
    let states = scene.states(&envelope);
    for expected in [
        "far Expanded",
        "here Expanded",
        "ME Sent",
        "|true Failed",
        ":include:/etc/passwd Failed",
        "nowhere-at-all Failed",
    ] {
        assert!(states.iter().any(|state| state == expected), "{expected}: {states:?} {:?}", scene.log());
    }
}

#[tokio::test]
async fn recipients_of_other_queue_groups_get_envelopes_of_their_own() {
    let groups = "O QueueDirectory=/q\nQslow, P=/q/slow\nQfar, P=/q/far, r=2\n\
                  Squeuegroup\nR$* @ far\t\t$#far\nR$* @ slow\t\t$#slow\nR$* @ odd\t\t$#nobody\n";
    let scene = scene_with("list: d@far, y@slow\n", groups);
    let named = ["a@far", "ME", "b@far", "x@slow", "c@far", "z@odd", "list"];
    let (envelope, attempted) = scene.attempt(&named).await;
    let waiting = |one: &Envelope| {
        let texts = one.pending().map(|one| String::from_utf8_lossy(&one.text).into_owned());
        (one.location.group, texts.collect::<Vec<_>>().join(" "))
    };
    let parts: Vec<_> = attempted.parts.iter().map(waiting).collect();
    let expected = [(2, "a@far b@far"), (2, "c@far d@far"), (1, "x@slow y@slow")];
    assert_eq!(parts, expected.map(|(group, texts)| (group, texts.to_owned())));
    assert!(attempted.parts.iter().all(|part| part.attempts == 0 && part.last_attempt == 0));
    assert_eq!(waiting(&envelope), (0, "z@odd".to_owned()), "whose group is unknown stays");
    assert_eq!(scene.mail("ME").len(), 1);
    let splits = scene.log().into_iter().filter(|line| line.contains(": split: ")).count();
    assert_eq!(splits, 2, "{:?}", scene.log());

    // those whom a queue file names are of its group, however many rules there are
    let mut read = scene.envelope(&named);
    read.attempt.read_back = true;
    let attempted = scene.deliverer.attempt(&mut read, None).await;
    let parts: Vec<_> = attempted.parts.iter().map(waiting).collect();
    assert_eq!(parts, [(2, "d@far".to_owned()), (1, "y@slow".to_owned())]);
}

/// What a queue group has cut off is the owner's where all of it is of his list, with the id that it was told of by; else the
/// members get a copy.
#[tokio::test]
async fn a_part_that_is_all_of_one_list_becomes_its_owners() {
    let scene = scene("");
    let owned = || Some(Owned { owner: scene.me.clone().into_bytes(), list: 0 });
    for (owners, copies, sender) in
        [([owned(), owned()], 0, scene.me.as_bytes()), ([owned(), None], 1, &b"ann@here"[..])]
    {
        let mut part = scene.envelope(&["a@far", "b@far"]);
        part.sender.text = b"ann@here".to_vec();
        let id = part.id.clone();
        let cut = scene.deliverer.split_part_by_owner(&mut part, &owners).await;
        assert_eq!((cut.len(), &part.sender.text[..], &part.id), (copies, sender, &id));
        let told = scene.log().iter().any(|line| line.contains("clone: owner=ME"));
        assert_eq!(told, copies > 0, "{:?}", scene.log());
    }
}

/// Reports do not know lists of which several members are tried; what comes back untried does.
#[tokio::test]
async fn what_comes_back_untried_is_of_lists() {
    let scene = scene("team: a@there, b@there\n");
    for given_up in [false, true] {
        let mut envelope = scene.envelope(&["team"]);
        envelope.attempt.given_up = given_up;
        scene.deliverer.attempt(&mut envelope, None).await;
        let known = envelope.recipients[0].flags.contains(RecipientFlags::EXPANDED);
        assert_eq!(known, given_up);
    }
}

/// Whoever is named twice has his address read twice, and a name server that did not answer is told of each time.
#[tokio::test]
async fn a_name_that_cannot_be_looked_up_is_told_of_each_time() {
    let zone = vec![("quiet.slow".to_owned(), "TRYAGAIN".to_owned(), String::new())];
    let rules = "Scanonify\nR$* @ $* . slow\t$: $1 @ $[ $2 . slow $]\n";
    let scene = scene_among("list: a@quiet.slow\n", rules, zone);
    let (envelope, _) = scene.attempt(&["a@quiet.slow", "a@quiet.slow", "list"]).await;
    assert_eq!(scene.states(&envelope)[..2], ["a@quiet.slow Queued", "a@quiet.slow Duplicate"]);
    let said = b"451 quiet.slow: Name server timeout\n".repeat(3);
    assert_eq!(envelope.attempt.transcript, said, "{}", envelope.attempt.transcript.escape_ascii());
}

/// On a command line the complaint names an alias only where one of those it stands for is left alone: of several sendmail makes its
/// send queue anew. In a session it does not.
#[tokio::test]
async fn too_many_hops_name_whom_the_send_queue_has_first() {
    let scene = scene("one: b@there\nteam: c@there, d@there\n");
    let command = || Some(CommandDefaults::default());
    for (recipient, defaults, named) in
        [("one", command(), "one"), ("team", command(), "d@there"), ("team", None, "team")]
    {
        let mut envelope = scene.envelope(&[recipient]);
        (envelope.hop_count, envelope.attempt.defaults) = (26, defaults);
        scene.deliverer.attempt(&mut envelope, None).await;
        let transcript = String::from_utf8_lossy(&envelope.attempt.transcript).into_owned();
        assert!(transcript.ends_with(&format!(", to {named}\n")), "{recipient}: {transcript}");
    }
}

/// Whom the rules refuse for now waits with a temporary status, in the transcript are their words, and no report calls it a mere delay.
#[tokio::test]
async fn a_refusal_for_now_is_in_the_transcript() {
    let scene =
        scene_with("list: x@later\n", "Scanonify\nR$* @ later $*\t$#error $@ tempfail $: Come back later\n");
    for recipient in ["x@later", "list"] {
        let mut envelope = scene.envelope(&[recipient]);
        envelope.attempt.read_back = true;
        scene.deliverer.attempt(&mut envelope, None).await;
        let waits = envelope.pending().next().expect("somebody who waits");
        assert_eq!(waits.status, Some(EnhancedStatus(4, 0, 0)), "{recipient}");
        let transcript = String::from_utf8_lossy(&envelope.attempt.transcript).into_owned();
        assert!(transcript.contains("Come back later"), "{recipient}: {transcript}");
        assert!(envelope.attempt.more_than_delayed, "{recipient}: {transcript}");
    }
}
