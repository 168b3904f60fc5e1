//! The keeper's side: requests are read by one thread and worked on by as many as are busy.
//!
//! Whatever the front sends, every request that makes sense is answered once, by whatever becomes of it; the first
//! one that makes none ends the connection. No request waits for another one's user.

use super::body::Body;
use super::dialogue::Running;
use super::frame::{Frame, Inbox, MAX_REQUEST};
use super::maildir_batch::{Answer, Told, Unsynced};
use super::pool::{Limits, Pool};
use super::protocol::{Ask, AskKind, Delivery, ListingAnswer, ListingError, MailerResult, NamedBy, Reply};
use super::service::KeeperService;
use super::settings::KeeperSettings;
use super::{deliver, dialogue, lists, tls_files};
use crate::schema::Sysexit;
use crate::sys::errno_text;
use crate::sys::safe::{self, Rules};
use crate::sys::{accounts, first_line, passing};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Who does what: look-ups apart from deliveries, and those that can hang (name services, homes on other machines,
/// programs, passwords) apart from each other. A share is one user, one alias, one command, one map.
enum Work {
    Accounts,
    Aliases,
    Lists,
    Files,
    Programs,
    Maps,
    Secrets,
}

/// The pool of each kind of work.
const POOLS: [Limits; 7] = [
    Limits { name: "accounts", threads: 32, per_share: 32, waiting: 20_000 },
    Limits { name: "aliases", threads: 16, per_share: 16, waiting: 20_000 },
    Limits { name: "lists", threads: 64, per_share: 4, waiting: 20_000 },
    Limits { name: "files", threads: 64, per_share: 8, waiting: 5_000 },
    Limits { name: "programs", threads: 200, per_share: 20, waiting: 5_000 },
    Limits { name: "maps", threads: 64, per_share: 32, waiting: 20_000 },
    Limits { name: "secrets", threads: 32, per_share: 2, waiting: 2_000 },
];

/// A front that takes no answers for this long is gone.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(300);

/// Answers requests.
struct Server {
    service: KeeperService,
    answers: Mutex<UnixStream>,
}

/// Serves until the front is gone or speaks nonsense, then finishes what was begun.
pub(super) fn serve(socket: UnixStream, settings: KeeperSettings) {
    let Ok(answers) = socket.try_clone() else { return };
    let _ = answers.set_write_timeout(Some(ANSWER_TIMEOUT));
    let (service, answers) = (KeeperService::new(settings), Mutex::new(answers));
    let server = Arc::new(Server { service, answers });
    let pools = POOLS.map(Pool::new);
    let mut inbox = Inbox::new(MAX_REQUEST);
    while inbox.fill(&socket) && work_off(&server, &pools, &mut inbox) {}
    passing::close(&socket);
    pools.iter().for_each(Pool::finish);
    server.service.batches.finish();
}

/// Begins all requests that have come whole; what can be answered without waiting is answered at once and together.
/// `false`: the front speaks nonsense.
fn work_off(server: &Arc<Server>, pools: &[Pool; 7], inbox: &mut Inbox) -> bool {
    let mut answers = Vec::new();
    let sane = loop {
        match inbox.next::<Ask>() {
            Ok(None) => break true,
            Ok(Some((frame, fds))) if fds.len() == frame.content.descriptors() => {
                match guarded_now(server, &frame.content) {
                    Some(content) => answers.extend(Frame { id: frame.id, fds: 0, content }.encode()),
                    None => begin(server, pools, frame, fds.into_iter().next()),
                }
            }
            _ => break false,
        }
    };
    server.send(&answers, &[]);
    sane
}

fn guarded_now(server: &Server, ask: &Ask) -> Option<Reply> {
    let now = || server.reply_now(ask);
    catch_unwind(AssertUnwindSafe(now)).unwrap_or_else(|_| Some(ask.kind().later("internal error")))
}

/// Hands a request to the pool that it is for.
fn begin(server: &Arc<Server>, pools: &[Pool; 7], frame: Frame<Ask>, body: Option<OwnedFd>) {
    let (id, kind) = (frame.id, frame.content.kind());
    let (work, share) = server.place(&frame.content);
    let worker = server.clone();
    let job = Box::new(move || {
        let mut along = Along::default();
        let reply = guarded(kind, || worker.reply(frame.content, body, &mut along));
        if let Some(message) = along.left {
            return worker.service.batches.put(message, Answer::new(id, worker.clone()));
        }
        worker.answer(id, reply, &along.fds);
        drop(along.fds);
        if let Some(running) = along.running {
            running.attend();
        }
    });
    if pools[work as usize].run(&share, job).is_err() {
        server.answer(id, kind.later("the keeper is busy"), &[]);
    }
}

/// What goes along with an answer, and what is left to do behind it.
#[derive(Default)]
struct Along {
    fds: Vec<OwnedFd>,
    running: Option<Running>,
    /// A Maildir message that is answered for when it is in `new/`.
    left: Option<Unsynced>,
}

/// A job that breaks is answered all the same: its request is to be tried again.
fn guarded(kind: AskKind, work: impl FnOnce() -> Reply) -> Reply {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| kind.later("internal error"))
}

impl Server {
    /// What work a request is, and whose share of it.
    fn place(&self, ask: &Ask) -> (Work, Vec<u8>) {
        match ask {
            Ask::User(_) | Ask::FullName(_) => (Work::Accounts, Vec::new()),
            Ask::Alias(..) => (Work::Aliases, Vec::new()),
            Ask::Forward(user, _) => (Work::Lists, user.clone()),
            Ask::Include(path, named_by) => {
                (Work::Lists, if named_by.user.is_empty() { path.clone() } else { named_by.user.clone() })
            }
            Ask::TlsFile((_, path), _) => (Work::Lists, path.clone()),
            Ask::Program(map, _) => (Work::Maps, map.clone()),
            Ask::Secret(question) => (Work::Secrets, question.name.clone()),
            Ask::Filter(name) => (Work::Maps, [b"filter ", &name[..]].concat()),
            Ask::Dialogue(delivery) => (Work::Programs, [b"dialogue ", &delivery.mailer[..]].concat()),
            Ask::Deliver(delivery) => {
                let mailer = self.service.settings.mailer(&delivery.mailer);
                let program = mailer.is_some_and(|mailer| mailer.is_program());
                (if program { Work::Programs } else { Work::Files }, share_of(delivery))
            }
        }
    }

    /// The answer to what neither hangs nor takes long: accounts that were asked for just now, and aliases, which
    /// are the site's own files.
    fn reply_now(&self, ask: &Ask) -> Option<Reply> {
        match ask {
            Ask::User(name) => self.service.accounts.remembered(name).map(|user| Reply::User(Ok(Some(user)))),
            Ask::Alias(name, first) => Some(Reply::Alias(self.service.aliases.get(name, *first))),
            _ => None,
        }
    }

    /// What goes along with the reply is put into `along`.
    fn reply(&self, ask: Ask, body: Option<OwnedFd>, along: &mut Along) -> Reply {
        match ask {
            Ask::User(name) => {
                Reply::User(self.service.accounts.user(&name).map_err(|error| errno_text(&error)))
            }
            Ask::FullName(name) => {
                Reply::User(accounts::user_by_full_name(&name).map_err(|error| errno_text(&error)))
            }
            Ask::Alias(name, first) => Reply::Alias(self.service.aliases.get(&name, first)),
            Ask::Forward(user, detail) => {
                Reply::Listing(lists::forward(&self.service.settings, &self.service.accounts, &user, &detail))
            }
            Ask::Include(path, named_by) => Reply::Listing(self.include(&path, &named_by)),
            Ask::TlsFile(file, seen) => Reply::TlsFile(tls_files::read(&self.service.settings, &file, seen)),
            Ask::Program(map, key) => self.program(&map, key),
            Ask::Secret(question) => Reply::Secret(self.service.settings.passwords.answer(&question)),
            Ask::Filter(name) => Reply::Filter(self.filter(&name).map(|socket| along.fds.push(socket))),
            Ask::Dialogue(delivery) => {
                let begun = dialogue::begin(&self.service, &delivery);
                Reply::Dialogue(
                    begun.map(|(running, fds)| *along = Along { fds, running: Some(running), left: None }),
                )
            }
            Ask::Deliver(delivery) => Reply::Delivered(self.deliver(*delivery, body, &mut along.left)),
        }
    }

    fn answer(&self, id: u64, content: Reply, along: &[OwnedFd]) {
        self.send(&Frame { id, fds: along.len() as u8, content }.encode(), along);
    }

    fn send(&self, answers: &[u8], along: &[OwnedFd]) {
        let fds: Vec<_> = along.iter().map(OwnedFd::as_fd).collect();
        let socket = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if passing::send(&socket, answers, &fds).is_err() {
            // half an answer may have gone: nothing behind it would be understood
            passing::close(&socket);
        }
    }

    /// Path and fixed words are the configuration's own: the front chooses one more word, which no shell sees.
    fn program(&self, map: &[u8], key: Vec<u8>) -> Reply {
        let Some(mut program) = self.service.settings.maps.programs.get(map).cloned() else {
            return Reply::Program(Sysexit::CONFIG.0, Vec::new());
        };
        program.argv.push(key);
        let (status, line) = first_line(&program, crate::sys::ANSWER_TIMEOUT);
        Reply::Program(status.0, line)
    }

    /// The path is the configuration's own, and is looked at as sendmail does before it connects.
    fn filter(&self, name: &[u8]) -> Result<OwnedFd, String> {
        let settings = &self.service.settings;
        let path = accounts::path(settings.filters.get(name).ok_or("no such filter")?);
        safe::check_socket(&path, &Rules::socket(settings.blame)).map_err(|refusal| refusal.to_string())?;
        let socket = UnixStream::connect(path).map_err(|error| errno_text(&error))?;
        Ok(socket.into())
    }

    fn deliver(
        &self,
        mut delivery: Delivery,
        file: Option<OwnedFd>,
        left: &mut Option<Unsynced>,
    ) -> Vec<MailerResult> {
        let body = match (delivery.body.take(), file) {
            (Some(bytes), _) => Ok(Body::from(bytes)),
            (None, Some(file)) => Body::of(file),
            (None, None) => Err(io::Error::other("no body came along")),
        };
        match body {
            Ok(body) => deliver::run(&self.service, &delivery, &body, left),
            Err(error) => vec![MailerResult::later(&errno_text(&error)); delivery.targets.len()],
        }
    }

    /// An `:include:` file is read only where an alias or list that the keeper reads itself names it.
    fn include(&self, path: &[u8], named_by: &NamedBy) -> ListingAnswer {
        match self.service.names_list(path, named_by) {
            Ok(true) => lists::read_include(&self.service.settings, path, &named_by.user),
            Ok(false) => ListingError::Refused(String::from("Permission denied")).into(),
            Err(why) => ListingError::Later(why).into(),
        }
    }
}

/// Whose delivery it is: the controlling user's, else the mailbox's, command's or file's.
fn share_of(delivery: &Delivery) -> Vec<u8> {
    let Some(first) = delivery.targets.first() else { return Vec::new() };
    match &first.named_by {
        Some(named_by) if !named_by.user.is_empty() => named_by.user.clone(),
        _ => first.user.clone(),
    }
}

impl Told for Server {
    fn tell(&self, moved: Vec<(u64, io::Result<()>)>) {
        let answers = moved.into_iter().flat_map(|(id, moved)| {
            let content = Reply::Delivered(vec![deliver::of_maildir(moved)]);
            Frame { id, fds: 0, content }.encode()
        });
        self.send(&answers.collect::<Vec<u8>>(), &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_breaks_is_answered() {
        for (kind, shown) in [
            (AskKind::User, "User(Err("),
            (AskKind::Alias, "Alias(Err("),
            (AskKind::Listing, "Listing("),
            (AskKind::TlsFile, "TlsFile(Refused("),
            (AskKind::Program, "Program(75"),
            (AskKind::Secret, "Secret((No(Unavailable"),
            (AskKind::Filter, "Filter(Err("),
            (AskKind::Dialogue, "Dialogue(Err(MailerResult { exit: 75"),
            (AskKind::Delivery(2), "Delivered([MailerResult { exit: 75"),
        ] {
            let reply = guarded(kind, || std::panic::resume_unwind(Box::new("broken")));
            assert!(format!("{reply:?}").starts_with(shown), "{reply:?}");
        }
    }
}
