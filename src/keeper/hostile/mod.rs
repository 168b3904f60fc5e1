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

mod requests;
mod wire;

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
            program("talks", "lS", &["$h"]),
            LocalMailer { longest: 4, ..program("small", "l", &["$u"]) },
        ],
        alias_files: vec![
            AliasSpec::parse(format!("text:{dir}/aliases").as_bytes()),
            AliasSpec::parse(b"ldap:-k x"),
        ],
        alias_wait: 0,
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
    let target = Target { user: user.into(), host: host.into(), named_by: by, unread_forward: false };
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
