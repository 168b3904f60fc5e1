//! One hand-over: from mailer, user and host to an identity and a place, found out here.

use super::arguments::Arguments;
use super::body::Body;
use super::lists::{controlling_user, has_no_forward};
use super::mailbox::{self, FileId, MAILBOX_MODE, Place};
use super::maildir_batch::Unsynced;
use super::program;
use super::protocol::{DEAD_LETTERS, Delivery, MailerResult, Target};
use super::rights;
use super::service::KeeperService;
use super::settings::LocalMailer;
use crate::schema::{EnhancedStatus, Sysexit};
use crate::sys::accounts::{self, User};
use crate::sys::errno_text;
use crate::sys::identity::{Guard, Identity, is_root};
use crate::sys::process::Program;
use crate::sys::safe::{Blame, Danger, Refusal};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Delivers to every target and reports in the same order. An unhurried message for a Maildir is only written: it is `left`, and its
/// report says nothing.
pub(super) fn run(
    service: &KeeperService,
    delivery: &Delivery,
    body: &Body,
    left: &mut Option<Unsynced>,
) -> Vec<MailerResult> {
    let count = delivery.targets.len();
    if delivery.mailer == DEAD_LETTERS {
        return vec![dead_letter(service, delivery, body); count];
    }
    let Some(mailer) = service.settings.mailer(&delivery.mailer) else {
        return vec![not_configured(); count];
    };
    let words = Arguments { settings: &service.settings, mailer, delivery };
    let job = Job { service, delivery, mailer, body, words };
    // a body in another encoding may be three times as long; the front knows what it was
    if mailer.longest > 0 && body.size / 4 > mailer.longest {
        let too_big = MailerResult::never(Sysexit::DATAERR, EnhancedStatus(5, 2, 3), "Message is too large");
        return vec![too_big; count];
    }
    match mailer.path.as_slice() {
        b"[MAILDIR]" | b"[FILE]" => delivery.targets.iter().map(|target| job.file(target, left)).collect(),
        _ if mailer.is_program() => job.program(),
        _ => vec![not_configured(); count],
    }
}

/// The program of a dialogue, ready to be started, and how long it may take in seconds (0: for ever).
///
/// # Errors
/// There is no such mailer, or it may not run so.
pub(super) fn of_dialogue(service: &KeeperService, delivery: &Delivery) -> Result<(Program, u32), Denied> {
    let mailer = service.settings.mailer(&delivery.mailer).filter(|mailer| mailer.is_pipe());
    let mailer = mailer.ok_or_else(not_configured)?;
    let [target] = delivery.targets.as_slice() else { return Err(not_configured()) };
    let body = Body::from(Vec::new());
    let words = Arguments { settings: &service.settings, mailer, delivery };
    let job = Job { service, delivery, mailer, body: &body, words };
    // who the recipients are comes later: nobody's account counts
    Ok((job.prepare_for(target, None, b"")?, mailer.wait))
}

/// Option DeadLetterDrop: a file of one's own, to which nobody else can have made a link.
fn dead_letter(service: &KeeperService, delivery: &Delivery, body: &Body) -> MailerResult {
    let Some(path) = &service.settings.dead_letters else { return not_configured() };
    let place = Place::within(None, path);
    if place.about(false).is_ok_and(|about| about.uid() != Identity::current().uid) {
        return cannot_create(Some(format!("{}: {}", path.display(), Danger::AnothersFile)));
    }
    appended(&place, Blame::default(), None, delivery, body)
}

/// What became of a message for a mailbox.
fn appended(
    place: &Place<'_>,
    blame: Blame,
    of: Option<FileId>,
    delivery: &Delivery,
    body: &Body,
) -> MailerResult {
    match mailbox::append(place, blame, of, &delivery.header, body, &delivery.form) {
        Ok(()) => MailerResult::default(),
        Err(Refusal::System(error)) => failed(&error),
        Err(refusal) => cannot_create(Some(format!("{}: {refusal}", place.path.display()))),
    }
}

struct Job<'a> {
    service: &'a KeeperService,
    delivery: &'a Delivery,
    mailer: &'a LocalMailer,
    body: &'a Body,
    words: Arguments<'a>,
}

/// Whose a mailbox is, its home, and the rights of whoever has read a `.forward`.
type Owner = (Option<Identity>, Vec<u8>, Option<Guard>);

/// Why a target gets nothing: a finished report.
type Denied = MailerResult;

fn not_configured() -> MailerResult {
    MailerResult::never(Sysexit::CONFIG, EnhancedStatus(5, 3, 5), "Local configuration error")
}

fn user_unknown() -> MailerResult {
    MailerResult { exit: Sysexit::NOUSER.0, status: Some(EnhancedStatus(5, 1, 1)), ..MailerResult::default() }
}

fn not_permitted(why: &str) -> MailerResult {
    MailerResult::never(Sysexit::NOPERM, EnhancedStatus(5, 7, 1), why)
}

fn cannot_create(text: Option<String>) -> MailerResult {
    MailerResult {
        exit: Sysexit::CANTCREAT.0,
        status: Some(EnhancedStatus(5, 2, 0)),
        text: text.map(String::into_bytes),
        ..MailerResult::default()
    }
}

fn failed(error: &io::Error) -> MailerResult {
    // ENOENT and the like may be a home that is not mounted: only what cannot heal is final
    use nix::libc::{EISDIR, ELOOP, ENAMETOOLONG, ENOTDIR};
    match error.raw_os_error() {
        Some(EISDIR | ELOOP | ENAMETOOLONG | ENOTDIR) => cannot_create(None),
        _ => later(error),
    }
}

/// What became of a message for a Maildir.
pub(super) fn of_maildir(done: io::Result<()>) -> MailerResult {
    done.map_or_else(|error| failed(&error), |()| MailerResult::default())
}

fn later(error: &io::Error) -> MailerResult {
    MailerResult::later(&errno_text(error))
}

impl Job<'_> {
    /// Who the user is that the rules named; only mailers with flag w insist on an account.
    fn account(&self, target: &Target) -> Result<Option<User>, Denied> {
        match self.service.accounts.user(&target.user).map_err(|error| later(&error))? {
            None if self.mailer.has(b'w') => Err(user_unknown()),
            other => Ok(other),
        }
    }

    /// Files and programs must have been named by somebody: whose rights they have, if any user's.
    fn namer(&self, target: &Target) -> Result<Option<Identity>, Denied> {
        let named_by = target.named_by.clone().unwrap_or_default();
        match self.service.names_target(&target.user, &named_by) {
            Ok(true) => {}
            Ok(false) => return Err(not_permitted("not named by any alias, list or .forward")),
            Err(why) => return Err(MailerResult::later(&why)),
        }
        let user = controlling_user(&self.service.settings, &named_by.user).map_err(|error| later(&error))?;
        user.map(|user| Identity::of(&user)).transpose().map_err(|error| later(&error))
    }

    /// `[MAILDIR]` and `[FILE]`: the second word of A= is the place.
    fn file(&self, target: &Target, left: &mut Option<Unsynced>) -> MailerResult {
        self.try_file(target, left).unwrap_or_else(|denied| denied)
    }

    fn try_file(&self, target: &Target, left: &mut Option<Unsynced>) -> Result<MailerResult, Denied> {
        let (person, home, reader) = match self.mailer.is_named() {
            true => (self.namer(target)?, Vec::new(), None),
            false => self.owner(target)?,
        };
        let identity = rights::of_file(self.mailer, person.clone(), &self.service.settings.default_user);
        let word = self.mailer.argv.get(1).map_or(&b"\x81u"[..], Vec::as_slice);
        let place = self.words.place(word, target, &home).map_err(|_| cannot_create(None))?;
        if !place.starts_with(b"/") {
            return Err(not_configured());
        }
        let maildir = self.mailer.path == b"[MAILDIR]" || place.ends_with(b"/");
        let path = accounts::path(&place);
        let mode = if self.mailer.is_named() { self.service.settings.file_mode } else { MAILBOX_MODE };
        let mailbox = Place::within(self.file_root(), &path).made_with(mode);
        if maildir && mailbox.root.is_some() {
            let why = format!("{}: no Maildir below SafeFileEnvironment", path.display());
            return Err(cannot_create(Some(why)));
        }
        let reader = reader.filter(|_| maildir && person.as_ref() == Some(&identity));
        let (identity, of) = if maildir { (identity, None) } else { mailbox_identity(&mailbox, identity) };
        let rights = reader.map_or_else(|| identity.assume_if_root(), |guard| Ok(Some(guard)));
        let _guard = rights.map_err(|error| later(&error))?;
        Ok(match maildir {
            true => self.maildir(&place, identity, left),
            false => appended(&mailbox, self.service.settings.blame, of, self.delivery, self.body),
        })
    }

    /// A mailbox belongs to an account: without one there is nobody to be. Whoever has read the user's `.forward` still has his rights.
    fn owner(&self, target: &Target) -> Result<Owner, Denied> {
        let user = self.account(target)?.ok_or_else(user_unknown)?;
        let identity = self.service.identity(&user).map_err(|error| later(&error))?;
        let mut reader = None;
        if target.unread_forward {
            reader = identity.assume_if_root().map_err(|error| later(&error))?;
            if !has_no_forward(&self.service.settings, &user, &target.host) {
                return Err(MailerResult { has_forward: true, ..MailerResult::later("there is a .forward") });
            }
        }
        Ok((Some(identity), user.home_bytes(), reader))
    }

    fn maildir(&self, place: &[u8], identity: Identity, left: &mut Option<Unsynced>) -> MailerResult {
        let path = accounts::path(place.strip_suffix(b"/").unwrap_or(place));
        let (service, delivery) = (self.service, self.delivery);
        let host = &service.settings.host;
        let written = service.maildirs.write(&path, host, &delivery.header, self.body, &delivery.form);
        match written {
            Ok(written) if delivery.unhurried && delivery.targets.len() == 1 => {
                *left = Some(Unsynced { written, identity });
                MailerResult::default()
            }
            written => of_maildir(written.and_then(|written| service.maildirs.finish(&written))),
        }
    }

    /// Below which directory files that somebody names must be.
    fn file_root(&self) -> Option<&Path> {
        self.service.settings.file_root.as_deref().filter(|_| self.mailer.is_named())
    }

    fn program(&self) -> Vec<MailerResult> {
        let count = self.delivery.targets.len();
        match self.prepare() {
            Ok(program) => {
                let delivery = self.delivery;
                let limit = self.mailer.wait;
                let report = program::run(&program, &delivery.header, self.body, &delivery.form, limit);
                vec![report; count]
            }
            Err(denied) => vec![denied; count],
        }
    }

    /// Arguments, environment and identity, all before the fork.
    fn prepare(&self) -> Result<Program, Denied> {
        let targets = &self.delivery.targets;
        let first = targets.first().ok_or_else(user_unknown)?;
        if targets.len() > 1 && (self.mailer.is_named() || !self.mailer.has(b'm')) {
            return Err(not_permitted("one recipient at a time"));
        }
        let (person, home) = self.person(first)?;
        for other in &targets[1..] {
            self.account(other)?;
        }
        self.prepare_for(first, person, &home)
    }

    fn prepare_for(&self, first: &Target, person: Option<Identity>, home: &[u8]) -> Result<Program, Denied> {
        let identity = rights::of_program(self.mailer, person, &self.service.settings.default_user);
        let has_account = self.mailer.has(b'w') && !self.mailer.is_pipe();
        let by_rules = is_root() && !self.mailer.is_named() && !has_account;
        let as_root = by_rules && identity.as_ref().is_none_or(|identity| identity.uid == 0);
        let words = self.words.words(home, as_root);
        let argv = words.map_err(|_| not_permitted("not an argument for a program that runs as root"))?;
        let place = |word: &[u8]| self.words.place(word, first, home).map_err(|_| cannot_create(None));
        let directories = place(&self.mailer.directory)?;
        let directories = directories.split(|byte| *byte == b':').filter(|dir| !dir.is_empty());
        let mut directories: Vec<Vec<u8>> = directories.map(<[u8]>::to_vec).collect();
        if as_root && directories.is_empty() {
            // the queue, where a program would find itself, is the front's
            directories.push(b"/".to_vec());
        }
        Ok(Program {
            path: self.mailer.path.clone(),
            argv,
            environment: self.environment(),
            identity: identity.or_else(|| Some(Identity::current())).filter(|_| is_root()),
            nice: self.mailer.nice,
            root: Some(place(&self.mailer.root)?).filter(|root| !root.is_empty()),
            directories,
        })
    }

    /// Whose rights may count for a program, and the home directory of a mailbox.
    fn person(&self, target: &Target) -> Result<(Option<Identity>, Vec<u8>), Denied> {
        if self.mailer.is_named() {
            return Ok((self.namer(target)?, Vec::new()));
        }
        let Some(user) = self.account(target)? else { return Ok((None, Vec::new())) };
        let home = user.home_bytes();
        let person = match self.mailer.has(b'w') {
            true => Some(self.service.identity(&user).map_err(|error| later(&error))?),
            false => None,
        };
        Ok((person, home))
    }

    fn environment(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        // nothing of the daemon's own environment: only what E lines say
        let mut environment = vec![(b"AGENT".to_vec(), b"sendmail".to_vec())];
        for (name, value) in &self.service.settings.environment {
            let dangerous = name.starts_with(b"LD_") || name == b"IFS";
            if !dangerous && name != b"AGENT" {
                environment.push((name.clone(), value.clone()));
            }
        }
        environment
    }
}

/// Set-id bits of an existing mailbox (without the execute bits) say who writes to it, and to no other file.
fn mailbox_identity(place: &Place<'_>, identity: Identity) -> (Identity, Option<FileId>) {
    let Ok(about) = place.about(false) else { return (identity, None) };
    if !about.is_file() || about.mode() & 0o111 != 0 || about.mode() & 0o6000 == 0 {
        return (identity, None);
    }
    let mut owner = identity;
    if about.mode() & 0o4000 != 0 && about.uid() != 0 {
        owner.uid = about.uid();
    }
    if about.mode() & 0o2000 != 0 && about.gid() != 0 {
        owner.gid = about.gid();
    }
    (owner, Some(mailbox::file_id(&about)))
}
