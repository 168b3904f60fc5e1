//! The keeper's side: requests are read by one thread and worked on by as many as are busy.

use super::policy::Policy;
use super::pool::Pool;
use super::protocol::{Ask, Delivery, Frame, Inbox, MailerResult, Reply};
use super::{deliver, lists};
use crate::config::Config;
use crate::sys::{accounts, passing};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};

/// Threads for files, accounts and lists: mostly waiting for the disk.
const FILE_THREADS: usize = 64;
/// Threads for programs, which may run for hours.
const PROGRAM_THREADS: usize = 200;

/// What all workers share.
pub(super) struct KeeperService {
    pub(super) config: Arc<Config>,
    pub(super) policy: Policy,
    pub(super) aliases: super::aliases::Aliases,
    pub(super) named: super::named::Named,
    pub(super) maildirs: super::maildir::Maildirs,
    answers: Mutex<UnixStream>,
}

/// Serves until the front is gone, then finishes what was begun.
pub(super) fn serve(socket: UnixStream, config: &Arc<Config>) {
    let Ok(answers) = socket.try_clone() else { return };
    let policy = Policy::of(config);
    let aliases = super::aliases::Aliases::new(&policy.alias_files, policy.blame);
    let (named, maildirs) = Default::default();
    let answers = Mutex::new(answers);
    let config = config.clone();
    let service = Arc::new(KeeperService { config, policy, aliases, named, maildirs, answers });
    let (files, programs) = (Pool::new("files", FILE_THREADS), Pool::new("programs", PROGRAM_THREADS));
    let mut inbox = Inbox::default();
    'front: while inbox.fill(&socket) {
        loop {
            match inbox.next::<Ask>() {
                Ok(None) => break,
                Err(()) => break 'front, // a front that speaks nonsense is no front
                Ok(Some((frame, fds))) => {
                    let pool = if runs_program(&service, &frame.content) { &programs } else { &files };
                    let service = service.clone();
                    pool.run(Box::new(move || service.work(frame, fds)));
                }
            }
        }
    }
    files.finish();
    programs.finish();
}

fn runs_program(service: &KeeperService, ask: &Ask) -> bool {
    let Ask::Deliver(delivery) = ask else { return false };
    deliver::mailer(&service.config, &delivery.mailer).is_some_and(|mailer| !mailer.path.starts_with(b"["))
}

impl KeeperService {
    fn work(&self, frame: Frame<Ask>, fds: Vec<OwnedFd>) {
        let content = match frame.content {
            Ask::User(name) => Reply::User(accounts::user(&name).map_err(|error| error.to_string())),
            Ask::Alias(name) => Reply::Alias(self.aliases.get(&name)),
            Ask::Forward(user, detail) => {
                Reply::Listing(lists::forward(&self.config, &self.policy, &user, &detail))
            }
            Ask::Include(path, named_by) => {
                Reply::Listing(lists::include(&self.policy, &path, named_by.as_deref()))
            }
            Ask::Deliver(delivery) => Reply::Delivered(self.deliver(&delivery, fds)),
        };
        let frame = Frame { id: frame.id, fds: 0, content };
        let socket = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        // a front that is gone needs no answer
        let _ = passing::send(&socket, &frame.encode(), &[]);
    }

    fn deliver(&self, delivery: &Delivery, fds: Vec<OwnedFd>) -> Vec<MailerResult> {
        match fds.into_iter().next() {
            Some(body) => deliver::run(self, delivery, &File::from(body)),
            None => vec![MailerResult::later("no body came along"); delivery.targets.len()],
        }
    }
}
