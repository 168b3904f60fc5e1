//! A front that has been taken over: raw frames, sent to a keeper that must refuse every one and go on.

use super::frame::{Frame, Inbox, MAX_ANSWER};
use super::protocol::{Ask, Delivery, ListingError, MailerResult, NamedBy, Reply, Target};
use super::server;
use super::settings::{KeeperSettings, LocalMailer};
use crate::config::Config;
use crate::db::AliasSpec;
use crate::schema::UserIds;
use crate::sys::identity::{Identity, is_root};
use crate::sys::safe::Blame;
use crate::sys::{accounts, memory, passing};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A site with one alias of each kind, and a keeper for it.
struct Scene {
    dir: tempfile::TempDir,
    socket: UnixStream,
    inbox: Inbox,
    last: u64,
    /// An account that is not root's.
    me: String,
    /// What becomes of a program that it names: without a shell of /etc/shells it names none.
    allowed: i32,
    keeper: Option<std::thread::JoinHandle<()>>,
}

fn mailer(name: &str, path: &str, flags: &str, argv: &[&str]) -> LocalMailer {
    LocalMailer {
        name: name.into(),
        path: path.into(),
        flags: flags.bytes().fold(0, |all, flag| all | 1 << flag),
        argv: argv
            .iter()
            .map(|word| word.bytes().map(|byte| if byte == b'$' { 0x81 } else { byte }).collect())
            .collect(),
        ..LocalMailer::default()
    }
}

/// A program that writes its words into `out`, a file for each run.
const SHOW: &str = "#!/bin/sh\ncat >/dev/null\nprintf '%s|' \"$@\" >$(mktemp DIR/out/said.XXXXXX)\n";

fn settings(dir: &str, default_user: Identity) -> KeeperSettings {
    let program = |name: &str, flags: &str, words: &[&str]| {
        let script = format!("{dir}/show");
        let words: Vec<&str> = ["sh", script.as_str()].into_iter().chain(words.iter().copied()).collect();
        mailer(name, "/bin/sh", flags, &words)
    };
    let config = Config::default();
    KeeperSettings {
        mailers: vec![
            mailer("local", "[MAILDIR]", "lwq", &["MAILDIR", &format!("{dir}/mail/$u")]),
            mailer("folder", "[MAILDIR]", "lw", &["MAILDIR", &format!("{dir}/mail/$h")]),
            mailer("prog", "/bin/sh", "lsoq", &["sh", "-c", "$u"]),
            mailer("*file*", "[FILE]", "lsoq", &["FILE", "$u"]),
            mailer("*include*", "/dev/null", "su", &["INCLUDE", "$u"]),
            mailer("smtp", "[IPC]", "m", &["TCP", "$h"]),
            program("told", "l", &["$u", "$g"]),
            program("many", "lm", &["$u"]),
            program("root", "lS", &["-m", "$h"]),
            LocalMailer { max_size: 4, ..program("small", "l", &["$u"]) },
        ],
        alias_files: vec![
            AliasSpec::parse(format!("text:{dir}/aliases").as_bytes()),
            AliasSpec::parse(b"ldap:-k x"),
        ],
        blame: Blame::TRUST_STICKY_BIT | Blame::GROUP_WRITABLE_DIR_PATH_SAFE,
        forward_path: [&b"/forward.\x81u+\x81h"[..], b"/forward.\x81u"]
            .map(|name| [dir.as_bytes(), name].concat())
            .to_vec(),
        default_user,
        default_name: Vec::new(),
        ..KeeperSettings::from(&config)
    }
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let place = dir.path().to_str().expect("a plain path").to_owned();
        let mode = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode")
        };
        mode(dir.path(), 0o755);
        for (name, bits) in [("out", 0o777), ("mail", 0o777)] {
            std::fs::create_dir(dir.path().join(name)).expect("a directory");
            mode(&dir.path().join(name), bits);
        }
        // another's user is had by root only; the DefaultUser is daemon then
        let (user, default) = match is_root() {
            true => (b"nobody".to_vec(), Identity::bare(UserIds { uid: 1, gid: 1 })),
            false => (
                accounts::user_by_uid(Identity::current().uid).expect("accounts").expect("me").name,
                Identity::current(),
            ),
        };
        let user = accounts::user(&user).expect("accounts").expect("an account");
        let me = String::from_utf8(user.name.clone()).expect("a plain name");
        let shell = accounts::shell_is_valid(user.shell.as_os_str().as_encoded_bytes());
        let allowed = if shell { 0 } else { NOPERM };
        let write = |name: &str, text: String| {
            std::fs::write(dir.path().join(name), text).expect("a file");
            mode(&dir.path().join(name), 0o644);
        };
        write("show", SHOW.replace("DIR", &place));
        write(
            "aliases",
            format!(
                "tool: \"|echo tool >>{place}/out/ran\"\nkept: {place}/out/kept\nlist: :include:{place}/list\nforeign: :include:{place}/mine\nother: ann\n"
            ),
        );
        write("list", format!("ann, :include:{place}/inner\n"));
        write("inner", String::from("bob\n"));
        write("secret", String::from("nobody names me\n"));
        write(
            &format!("forward.{me}"),
            format!("\"|echo forward >>{place}/out/ran\", :include:{place}/mine\n"),
        );
        write("mine", String::from("carol\n"));
        for name in [&format!("forward.{me}"), "mine"] {
            let _ = std::os::unix::fs::chown(dir.path().join(name), Some(user.uid), Some(user.gid));
        }
        let (socket, end) = passing::pair().expect("a pair");
        socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
        let settings = settings(&place, default);
        let keeper = Some(std::thread::spawn(move || server::serve(end, settings)));
        Self { dir, socket, inbox: Inbox::new(MAX_ANSWER), last: 0, me, allowed, keeper }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        self.path(name).into_os_string().into_encoded_bytes()
    }

    fn by(&self, user: &str) -> NamedBy {
        NamedBy { user: user.replace("ME", &self.me).into(), alias: Vec::new() }
    }

    /// The next answer; none when the keeper has ended the connection.
    fn answer(&mut self) -> Option<(u64, Reply)> {
        loop {
            match self.inbox.next::<Reply>().expect("the keeper makes sense") {
                Some((frame, _)) => return Some((frame.id, frame.content)),
                None if self.inbox.fill(&self.socket) => {}
                None => return None,
            }
        }
    }

    fn ask_with(&mut self, content: Ask, fds: &[OwnedFd]) -> Option<Reply> {
        self.last += 1;
        let frame = Frame { id: self.last, fds: fds.len() as u8, content };
        let fds: Vec<_> = fds.iter().map(AsFd::as_fd).collect();
        passing::send(&self.socket, &frame.encode(), &fds).ok()?;
        let (id, reply) = self.answer()?;
        assert_eq!(id, self.last);
        Some(reply)
    }

    fn ask(&mut self, content: Ask) -> Reply {
        self.ask_with(content, &[]).expect("an answer")
    }

    fn include(&mut self, path: &[u8], by: NamedBy) -> Result<Vec<u8>, ListingError> {
        match self.ask(Ask::Include(path.to_vec(), by)) {
            Reply::Listing(answer) => answer.result.map(|listing| listing.text),
            other => panic!("{other:?}"),
        }
    }

    fn forward(&mut self, user: &[u8], detail: &[u8]) -> Result<Vec<u8>, ListingError> {
        match self.ask(Ask::Forward(user.to_vec(), detail.to_vec())) {
            Reply::Listing(answer) => answer.result.map(|listing| listing.text),
            other => panic!("{other:?}"),
        }
    }

    fn deliver_body(&mut self, delivery: Delivery, body: OwnedFd) -> Vec<MailerResult> {
        match self.ask_with(Ask::Deliver(Box::new(delivery)), &[body]) {
            Some(Reply::Delivered(results)) => results,
            other => panic!("{other:?}"),
        }
    }

    fn deliver(&mut self, delivery: Delivery) -> Vec<MailerResult> {
        self.deliver_body(delivery, memory::file(b"body\n").expect("memory").into())
    }

    /// The exit code of a delivery to one target.
    fn exit(&mut self, mailer: &str, user: &[u8], by: Option<NamedBy>) -> i32 {
        self.deliver(delivery(mailer, user, b"", by))[0].exit
    }

    /// Everything that programs wrote.
    fn written(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.path("out")).expect("a directory").flatten();
        let mut texts: Vec<_> = files
            .map(|file| String::from_utf8_lossy(&std::fs::read(file.path()).expect("a file")).into_owned())
            .collect();
        texts.sort();
        texts
    }

    /// The keeper is well: it still answers.
    fn is_well(&mut self) -> bool {
        matches!(self.ask(Ask::Alias(b"other".to_vec(), 0)), Reply::Alias(Ok(_)))
    }

    /// What has been sent makes no sense: the connection ends, and the keeper in good order.
    fn is_ended(&mut self) -> bool {
        let ended = std::iter::from_fn(|| self.answer()).count() < 1000;
        ended && self.keeper.take().expect("a keeper").join().is_ok()
    }
}

fn delivery(mailer: &str, user: &[u8], host: &[u8], by: Option<NamedBy>) -> Delivery {
    let target = Target { user: user.into(), host: host.into(), named_by: by };
    Delivery {
        mailer: mailer.into(),
        targets: vec![target],
        header: b"Subject: x\n\n".to_vec(),
        ..Delivery::default()
    }
}

const NOUSER: i32 = 67;
const DATAERR: i32 = 65;
const CANTCREAT: i32 = 73;
const TEMPFAIL: i32 = 75;
const NOPERM: i32 = 77;
const CONFIG: i32 = 78;

#[test]
fn what_is_named_is_done() {
    let mut scene = Scene::new();
    let tool = format!("echo tool >>{}/out/ran", scene.dir.path().display());
    let forward = format!("echo forward >>{}/out/ran", scene.dir.path().display());
    let hint = NamedBy { user: Vec::new(), alias: b"tool".to_vec() };
    assert_eq!(scene.exit("prog", tool.as_bytes(), Some(hint)), 0);
    let wrong_hint = NamedBy { user: Vec::new(), alias: b"other".to_vec() };
    assert_eq!(scene.exit("prog", tool.as_bytes(), Some(wrong_hint)), 0);
    let me = scene.by("ME");
    assert_eq!(scene.exit("prog", forward.as_bytes(), Some(me.clone())), scene.allowed);
    let ran = if scene.allowed == 0 { "tool\ntool\nforward\n" } else { "tool\ntool\n" };
    assert_eq!(scene.written(), [ran]);
    let kept = scene.bytes("out/kept");
    assert_eq!(scene.exit("*file*", &kept, Some(NamedBy::default())), 0);
    let (list, inner, mine) = (scene.bytes("list"), scene.bytes("inner"), scene.bytes("mine"));
    assert!(scene.include(&list, NamedBy { user: Vec::new(), alias: b"list".to_vec() }).is_ok());
    assert!(scene.include(&list, NamedBy::default()).is_ok());
    assert_eq!(scene.include(&mine, me), Ok(b"carol\n".to_vec()));
    // the owner of the list that names it, where that is no root
    let owner = if is_root() { NamedBy::default() } else { scene.by("ME") };
    assert_eq!(scene.include(&inner, owner), Ok(b"bob\n".to_vec()));
}

#[test]
fn commands_that_nobody_named() {
    let mut scene = Scene::new();
    let out = scene.path("out").display().to_string();
    let tool = format!("echo tool >>{out}/ran");
    let forward = format!("echo forward >>{out}/ran");
    let attacks: Vec<(&str, Vec<u8>, Option<NamedBy>)> = vec![
        ("any command", b"id".to_vec(), Some(NamedBy::default())),
        ("any command, named by nobody at all", b"id".to_vec(), None),
        ("an empty command", Vec::new(), Some(NamedBy::default())),
        ("a named command and more", format!("{tool}; id").into(), Some(NamedBy::default())),
        ("a named command behind another", format!("id; {tool}").into(), Some(NamedBy::default())),
        ("a named command with a line of its own", format!("{tool}\nid").into(), Some(NamedBy::default())),
        ("a named command in other quotes", format!("'{tool}'").into(), Some(NamedBy::default())),
        ("a named command with a backslash", tool.replace(" >>", " \\>>").into(), Some(NamedBy::default())),
        ("a part of a named command", b"echo tool".to_vec(), Some(NamedBy::default())),
        ("an alias's command as a user", tool.clone().into(), Some(scene.by("ME"))),
        ("a user's command as the DefaultUser", forward.clone().into(), Some(NamedBy::default())),
        ("a user's command as root", forward.clone().into(), Some(scene.by("root"))),
        ("any command as root", b"id".to_vec(), Some(scene.by("root"))),
        ("a user's command as somebody unknown", forward.clone().into(), Some(scene.by("no-such-user-here"))),
        ("any command as oneself", b"id".to_vec(), Some(scene.by("ME"))),
        (
            "an alias that names something else",
            b"id".to_vec(),
            Some(NamedBy { user: Vec::new(), alias: b"tool".to_vec() }),
        ),
        (
            "an alias without an end",
            b"id".to_vec(),
            Some(NamedBy { user: Vec::new(), alias: vec![b'a'; 1 << 20] }),
        ),
        ("a user that is a path", b"id".to_vec(), Some(scene.by("../../etc/passwd"))),
        ("a user with a NUL", b"id".to_vec(), Some(scene.by("root\0"))),
        ("a macro in the command", b"\x81g".to_vec(), Some(NamedBy::default())),
    ];
    for (attack, command, by) in attacks {
        let exit = scene.exit("prog", &command, by);
        assert_eq!(exit, NOPERM, "{attack}");
        assert!(scene.is_well(), "{attack}");
    }
    let mut two = delivery("prog", tool.as_bytes(), b"", Some(NamedBy::default()));
    two.targets.push(Target { user: b"id >out/owned".to_vec(), ..two.targets[0].clone() });
    let results = scene.deliver(two);
    assert_eq!(
        results.iter().map(|result| result.exit).collect::<Vec<_>>(),
        [NOPERM, NOPERM],
        "a second command beside a named one"
    );
    assert_eq!(scene.written(), [""; 0]);
}

#[test]
fn files_and_places_that_nobody_named() {
    let mut scene = Scene::new();
    let (out, me) = (scene.path("out").display().to_string(), scene.me.clone());
    let files = [
        ("any file", format!("{out}/other")),
        ("a system file", String::from("/etc/passwd")),
        ("a named file by a detour", format!("{out}/../out/kept")),
        ("a file beside a named one", format!("{out}/kept2")),
        ("a Maildir in place of a file", format!("{out}/kept/")),
        ("a relative path", String::from("out/kept")),
        ("no path", String::new()),
    ];
    for (attack, file) in files {
        assert_eq!(scene.exit("*file*", file.as_bytes(), Some(NamedBy::default())), NOPERM, "{attack}");
        assert!(scene.is_well(), "{attack}");
    }
    let places: [(&str, &str, &[u8], i32); 9] = [
        ("a directory above, as $h", "folder", b"../out/x", CANTCREAT),
        ("an absolute path, as $h", "folder", b"/etc", CANTCREAT),
        ("the directory above itself, as $h", "folder", b"..", CANTCREAT),
        ("a user that is a path", "local:../out", b"", NOUSER),
        ("a user with a NUL", "local:joe\0", b"", NOUSER),
        ("a mailer that is not there", "nothing", b"", CONFIG),
        ("a mailer of the network", "smtp", b"there", CONFIG),
        ("no name of a mailer", "", b"", CONFIG),
        ("a mailer with a macro for a name", "\u{81}u", b"", CONFIG),
    ];
    for (attack, mailer, host, expected) in places {
        let (mailer, user) = mailer.split_once(':').unwrap_or((mailer, &me));
        let results = scene.deliver(delivery(mailer, user.as_bytes(), host, None));
        assert_eq!(results[0].exit, expected, "{attack}");
        assert!(scene.is_well(), "{attack}");
    }
    // the configuration's /dev/null runs nothing
    assert_ne!(scene.exit("*include*", b"x", None), 0, "the mailer of lists");
    assert_eq!(scene.written(), [""; 0]);
    assert_eq!(std::fs::read_dir(scene.path("mail")).expect("a directory").count(), 0);
}

#[test]
fn words_of_programs() {
    let mut scene = Scene::new();
    let me = scene.me.clone();
    let mut told = delivery("told", b"\x81g\x9aux\x9b", b"", None);
    told.macros = vec![(b'g', b"\x81g\x81g".to_vec()), (b'u', b"macro".to_vec())];
    assert_eq!(scene.deliver(told)[0].exit, 0);
    let words = scene.written().concat();
    assert!(!words.is_empty() && !words.contains("macro"), "a macro in place of the recipient: {words:?}");
    assert!(words.ends_with("\u{fffd}g\u{fffd}g|"), "a value that names itself is filled in once: {words:?}");
    let mut two = delivery("told", b"a", b"", None);
    two.targets.push(two.targets[0].clone());
    assert_eq!(scene.deliver(two)[0].exit, NOPERM, "two recipients where the mailer takes one");
    let many = Delivery { targets: vec![Target::default(); 20_000], ..delivery("many", b"", b"", None) };
    assert_eq!(scene.deliver(many).len(), 20_000, "recipients without number");
    assert!(
        scene.deliver(Delivery { targets: Vec::new(), ..delivery("many", b"", b"", None) }).is_empty(),
        "no recipient"
    );
    for host in [&b"-x"[..], b"A=b", b"/tmp/rc", b"tmp/rc", b"/etc/../tmp/rc"] {
        let expected = if is_root() { NOPERM } else { 0 };
        let exit = scene.deliver(delivery("root", me.as_bytes(), host, None))[0].exit;
        assert_eq!(
            exit == NOPERM,
            expected == NOPERM,
            "a word for a program of root: {}",
            host.escape_ascii()
        );
        assert!(scene.is_well());
    }
}

#[test]
fn lists_that_nobody_named() {
    let mut scene = Scene::new();
    let dir = scene.dir.path().display().to_string();
    let mine = scene.bytes("mine");
    let attacks: Vec<(&str, Vec<u8>, NamedBy)> = vec![
        ("any file of a user", scene.bytes("secret"), scene.by("ME")),
        ("any file of the DefaultUser", scene.bytes("secret"), NamedBy::default()),
        (
            "any file, with an alias that names another",
            scene.bytes("secret"),
            NamedBy { user: Vec::new(), alias: b"list".to_vec() },
        ),
        ("a user's .forward", scene.bytes(&format!("forward.{}", scene.me)), scene.by("ME")),
        ("the alias file", scene.bytes("aliases"), NamedBy::default()),
        ("passwords", b"/etc/shadow".to_vec(), scene.by("root")),
        ("passwords of the DefaultUser", b"/etc/shadow".to_vec(), NamedBy::default()),
        (
            "a named list by a detour",
            format!("{dir}/../{}/list", scene.dir.path().file_name().expect("a name").display()).into(),
            NamedBy::default(),
        ),
        ("a named list with a slash more", format!("{dir}//list").into(), NamedBy::default()),
        ("a named list with a blank", format!("{dir}/list ").into(), NamedBy::default()),
        ("a relative path", b"list".to_vec(), NamedBy::default()),
        ("a device", b"/dev/zero".to_vec(), NamedBy::default()),
        ("no path", Vec::new(), NamedBy::default()),
        ("a path with a NUL", b"/etc/passwd\0".to_vec(), NamedBy::default()),
        ("a list of one user as another", mine.clone(), scene.by("no-such-user-here")),
        ("a list of one user as root", mine, scene.by("root")),
    ];
    for (attack, path, by) in attacks {
        assert_eq!(
            scene.include(&path, by),
            Err(ListingError::Refused(String::from("Permission denied"))),
            "{attack}"
        );
        assert!(scene.is_well(), "{attack}");
    }
}

#[test]
fn details_and_names_without_sense() {
    let mut scene = Scene::new();
    let me = scene.me.clone().into_bytes();
    let own = scene.forward(&me, b"");
    assert!(own.is_ok());
    let secret = [b"x:", &scene.bytes("secret")[..]].concat();
    let details = [&b"x:y"[..], b"/../secret", b"\0", b"\x81z", b"../x", &[b'a'; 100_000], &secret];
    for detail in details {
        let found = scene.forward(&me, detail);
        assert!(found == own || found.is_err(), "{}", detail[..detail.len().min(40)].escape_ascii());
        assert!(scene.is_well());
    }
    for user in [&b"no-such-user-here"[..], b"", b"../x", b"a:b", b"\0", b"\xff\xfe", &[b'x'; 100_000]] {
        assert_eq!(scene.forward(user, b""), Err(ListingError::Absent));
        assert_eq!(scene.ask(Ask::User(user.to_vec())), Reply::User(Ok(None)));
    }
    for (key, first) in [(&b"x"[..], u32::MAX), (b"\0", 0), (&[b'k'; 1 << 20], 0), (b"", 7)] {
        assert!(matches!(scene.ask(Ask::Alias(key.to_vec(), first)), Reply::Alias(Ok(_))));
    }
    assert!(scene.is_well());
}

#[test]
fn bodies_that_are_none() {
    let mut scene = Scene::new();
    let me = scene.me.clone().into_bytes();
    let (pipe, _end) = nix::unistd::pipe().expect("a pipe");
    let (stream, _other) = passing::pair().expect("a pair");
    let write_only = File::create(scene.path("write-only")).expect("a file");
    let open = |path: &str| OwnedFd::from(File::open(path).expect("it is there"));
    let bodies: Vec<(&str, OwnedFd)> = vec![
        ("a pipe that nobody writes to", pipe),
        ("a socket", stream.into()),
        ("a directory", open("/")),
        ("a device without end", open("/dev/zero")),
        ("a file that cannot be read", write_only.into()),
    ];
    for (attack, body) in bodies {
        let results = scene.deliver_body(delivery("local", &me, b"", None), body);
        assert_eq!(results[0].exit, TEMPFAIL, "{attack}");
        assert!(scene.is_well(), "{attack}");
    }
    assert_eq!(scene.deliver(delivery("small", b"x", b"", None))[0].exit, DATAERR, "larger than M=");
    assert!(scene.is_well());
}

/// One frame whose content is bytes.
fn frame(content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32).to_le_bytes()[..], content].concat()
}

#[test]
fn frames_that_make_no_sense_end_the_connection() {
    let ask = |content: Ask, fds: u8| Frame { id: 1, fds, content }.encode();
    let user = ask(Ask::User(b"x".to_vec()), 0);
    let mut longer = user.clone();
    longer[0] += 1;
    longer.push(0);
    let deliver = || Ask::Deliver(Box::new(delivery("local", b"x", b"", None)));
    let attacks: Vec<(&str, Vec<u8>)> = vec![
        ("a length without end", vec![0xff; 4]),
        ("a frame too long", (9u32 << 20).to_le_bytes().to_vec()),
        ("a frame of nothing", vec![0; 4]),
        ("a request that is none", frame(&[1, 0, 0x7f])),
        ("a number without end", frame(&[0xff; 20])),
        ("a string longer than its frame", frame(&[1, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, b'x'])),
        ("bytes behind a request", longer),
        ("a delivery without its body", ask(deliver(), 0)),
        ("a descriptor that does not come", ask(deliver(), 1)),
        ("two descriptors that do not come", ask(deliver(), 2)),
        ("a descriptor for a look-up", ask(Ask::User(b"x".to_vec()), 1)),
        ("text", b"EHLO me\r\nMAIL FROM:<>\r\n".to_vec()),
    ];
    for (attack, bytes) in attacks {
        let mut scene = Scene::new();
        passing::send(&scene.socket, &bytes, &[]).expect("sent");
        assert!(scene.is_ended(), "{attack}");
    }
    let mut scene = Scene::new();
    passing::send(&scene.socket, &user[..user.len() - 1], &[]).expect("sent");
    let _ = scene.socket.shutdown(std::net::Shutdown::Write);
    assert!(scene.is_ended(), "a frame that ends too early");
}

#[test]
fn descriptors_that_nobody_asked_for() {
    let mut scene = Scene::new();
    let null = File::open("/dev/null").expect("it is there");
    let one = Frame { id: 1, fds: 0, content: Ask::User(b"x".to_vec()) }.encode();
    passing::send(&scene.socket, &one, &[null.as_fd()]).expect("sent");
    assert!(scene.answer().is_some(), "a descriptor beside a look-up");
    let full = vec![null.as_fd(); passing::MAX_DESCRIPTORS];
    let _ = passing::send(&scene.socket, &one, &full);
    assert!(scene.is_ended(), "more descriptors than there is use for");
    let mut scene = Scene::new();
    let two =
        Frame { id: 1, fds: 2, content: Ask::Deliver(Box::new(delivery("local", b"x", b"", None))) }.encode();
    passing::send(&scene.socket, &two, &[null.as_fd(), null.as_fd()]).expect("sent");
    assert!(scene.is_ended(), "two bodies");
}

#[test]
fn requests_without_number_are_all_answered() {
    let mut scene = Scene::new();
    let socket = scene.socket.try_clone().expect("a descriptor");
    let writer = std::thread::spawn(move || {
        for id in 0..3000 {
            let content = match id % 3 {
                0 => Ask::Alias(b"other".to_vec(), 0),
                1 => Ask::User(b"root".to_vec()),
                _ => Ask::Include(b"/nowhere".to_vec(), NamedBy::default()),
            };
            // the same number twice is the front's own trouble
            let frame = Frame { id: id / 2, fds: 0, content };
            passing::send(&socket, &frame.encode(), &[]).expect("sent");
        }
    });
    assert_eq!((0..3000).filter(|_| scene.answer().is_some()).count(), 3000);
    writer.join().expect("sent");
    assert!(matches!(scene.ask_with(Ask::Alias(b"other".to_vec(), 0), &[]), Some(Reply::Alias(Ok(_)))));
}

/// Somebody's slow programs keep only that one's mail waiting.
#[test]
fn slow_deliveries_keep_no_look_up_waiting() {
    let mut scene = Scene::new();
    let aliases = format!("slow: \"|sleep 2; echo >>{}/out/ran\"\nother: ann\n", scene.dir.path().display());
    std::fs::write(scene.path("aliases"), &aliases).expect("a file");
    let command = format!("sleep 2; echo >>{}/out/ran", scene.dir.path().display());
    for id in 100..160 {
        let content =
            Ask::Deliver(Box::new(delivery("prog", command.as_bytes(), b"", Some(NamedBy::default()))));
        let body = memory::file(b"x\n").expect("memory");
        passing::send(&scene.socket, &Frame { id, fds: 1, content }.encode(), &[body.as_fd()]).expect("sent");
    }
    let begun = std::time::Instant::now();
    let ask = Frame { id: 7, fds: 0, content: Ask::Alias(b"other".to_vec(), 0) };
    passing::send(&scene.socket, &ask.encode(), &[]).expect("sent");
    let before = std::iter::from_fn(|| scene.answer()).take_while(|(id, _)| *id != 7).count();
    assert!(before < 20, "{before} deliveries of one share were answered before, in {:?}", begun.elapsed());
}

/// As root: what an alias names runs as the DefaultUser, and a `.forward` of somebody else counts for nothing.
#[test]
fn identities_as_root() {
    if !is_root() {
        eprintln!("SKIPPED: other users' rights are had by root only");
        return;
    }
    let mut scene = Scene::new();
    let place = scene.dir.path().display().to_string();
    let command = format!("id -u >>{place}/out/uid");
    std::fs::write(scene.path("aliases"), format!("uid: \"|{command}\"\n")).expect("a file");
    assert_eq!(scene.exit("prog", command.as_bytes(), Some(NamedBy::default())), 0);
    assert_eq!(std::fs::read_to_string(scene.path("out/uid")).expect("written"), "1\n");
    let mine = scene.bytes("mine");
    let me = scene.by("ME");
    assert!(scene.include(&mine, me.clone()).is_ok());
    let forward = scene.path(&format!("forward.{}", scene.me));
    std::os::unix::fs::chown(&forward, Some(2), Some(2)).expect("root");
    assert!(scene.include(&mine, me).is_err(), "a list that another's .forward names");
}
