//! One hand-over: from mailer, user and host to an identity and a place, found out here.

use super::lists::{assume, identity_of};
use super::mailbox;
use super::program;
use super::protocol::{Delivery, MailerResult, Target};
use super::server::KeeperService;
use crate::addr::MacroId;
use crate::config::{Config, Mailer};
use crate::schema::{EnhancedStatus, Sysexit};
use crate::sys::accounts::{self, User};
use crate::sys::identity::{Identity, is_root};
use crate::sys::process::Program;
use crate::sys::safe::Refusal;
use std::fs::File;
use std::io;

/// A mailer of the configuration by its name.
pub(super) fn mailer<'a>(config: &'a Config, name: &[u8]) -> Option<&'a Mailer> {
    config.mailers.iter().find(|mailer| mailer.name.eq_ignore_ascii_case(name))
}

/// Delivers to every target and reports in the same order.
pub(super) fn run(service: &KeeperService, delivery: &Delivery, body: &File) -> Vec<MailerResult> {
    let Some(mailer) = mailer(&service.config, &delivery.mailer) else {
        let unknown =
            MailerResult::never(Sysexit::CONFIG, EnhancedStatus(5, 3, 5), "Local configuration error");
        return vec![unknown; delivery.targets.len()];
    };
    let job = Job { service, delivery, mailer, body };
    match mailer.path.as_slice() {
        b"[MAILDIR]" | b"[FILE]" => delivery.targets.iter().map(|target| job.file(target)).collect(),
        path if path.starts_with(b"[") => {
            vec![
                MailerResult::never(Sysexit::CONFIG, EnhancedStatus(5, 3, 5), "Local configuration error");
                delivery.targets.len()
            ]
        }
        _ => job.program(),
    }
}

struct Job<'a> {
    service: &'a KeeperService,
    delivery: &'a Delivery,
    mailer: &'a Mailer,
    body: &'a File,
}

/// Why a target gets nothing: a finished report.
type Denied = MailerResult;

fn user_unknown() -> MailerResult {
    MailerResult { exit: Sysexit::NOUSER.0, status: Some(EnhancedStatus(5, 1, 1)), ..MailerResult::default() }
}

fn failed(error: &io::Error) -> MailerResult {
    // ENOENT and the like may be a home that is not mounted: only what cannot heal is final
    use nix::libc::{EISDIR, ELOOP, ENAMETOOLONG, ENOTDIR};
    match error.raw_os_error() {
        Some(EISDIR | ELOOP | ENAMETOOLONG | ENOTDIR) => MailerResult {
            exit: Sysexit::CANTCREAT.0,
            status: Some(EnhancedStatus(5, 2, 0)),
            ..MailerResult::default()
        },
        _ => MailerResult::later(&error.to_string()),
    }
}

impl Job<'_> {
    /// Who the user is that the rules named; only mailers with flag w insist on an account.
    fn account(&self, target: &Target) -> Result<Option<User>, Denied> {
        let user = accounts::user(&target.user).map_err(|error| MailerResult::later(&error.to_string()))?;
        match user {
            None if self.mailer.has(b'w') => Err(user_unknown()),
            other => Ok(other),
        }
    }

    /// Does the recipient name a file or command itself (and no mailbox)?
    fn is_file_or_program(&self) -> bool {
        [&b"prog"[..], b"*file*"].iter().any(|name| self.mailer.name.eq_ignore_ascii_case(name))
    }

    /// Files and programs must have been named by somebody, and run as that one.
    fn granted(&self, target: &Target) -> Result<Identity, Denied> {
        let (named_by, named) = (target.named_by.as_deref(), &self.service.named);
        match named.is_named(self.service, &target.user, named_by, &target.host) {
            Ok(true) => {}
            Ok(false) => {
                return Err(MailerResult::never(
                    Sysexit::NOPERM,
                    EnhancedStatus(5, 7, 1),
                    "not named by any alias, list or .forward",
                ));
            }
            Err(why) => return Err(MailerResult::later(&why)),
        }
        let identity = identity_of(&self.service.policy, named_by);
        identity.map(|(identity, _)| identity).map_err(|error| MailerResult::later(&error.to_string()))
    }

    /// Expands a word of A=, D= or M=: what the front says is filled in as it is, once.
    fn expand(&self, word: &[u8], target: &Target, home: &[u8]) -> Vec<u8> {
        let value = |id: MacroId| match id.0 {
            b'u' => Some(target.user.clone()),
            b'h' => Some(target.host.clone()),
            b'z' => Some(home.to_vec()),
            name => self.delivery.macros.iter().find(|(id, _)| *id == name).map(|(_, value)| value.clone()),
        };
        self.service.config.expand_with(word, &value)
    }

    /// `[MAILDIR]` and `[FILE]`: the second word of A= is the place.
    fn file(&self, target: &Target) -> MailerResult {
        self.try_file(target).unwrap_or_else(|denied| denied)
    }

    fn try_file(&self, target: &Target) -> Result<MailerResult, Denied> {
        let (identity, home) = if self.is_file_or_program() {
            (self.granted(target)?, Vec::new())
        } else {
            // a mailbox belongs to an account: without one there is nobody to be
            let user = self.account(target)?.ok_or_else(user_unknown)?;
            let home = user.home_bytes();
            (Identity::of(&user).map_err(|error| MailerResult::later(&error.to_string()))?, home)
        };
        let word = self.mailer.argv.get(1).map_or(&b"\x81u"[..], Vec::as_slice);
        let place = self.expand(word, target, &home);
        if !place.starts_with(b"/") {
            return Err(MailerResult::never(
                Sysexit::CONFIG,
                EnhancedStatus(5, 3, 5),
                "Local configuration error",
            ));
        }
        let maildir = self.mailer.path == b"[MAILDIR]" || place.ends_with(b"/");
        let identity = if maildir { identity } else { self.mailbox_identity(&place, identity) };
        let guard = assume(&identity).map_err(|error| MailerResult::later(&error.to_string()))?;
        let done = match maildir {
            true => self.maildir(&place),
            false => self.mailbox(&place),
        };
        drop(guard);
        Ok(done)
    }

    /// Set-id bits of an existing mailbox (without the execute bits) say who writes to it.
    fn mailbox_identity(&self, place: &[u8], identity: Identity) -> Identity {
        use std::os::unix::fs::MetadataExt;
        let Ok(about) = std::fs::symlink_metadata(accounts::path(place)) else { return identity };
        if !about.is_file() || about.mode() & 0o111 != 0 {
            return identity;
        }
        let mut owner = identity;
        if about.mode() & 0o4000 != 0 && about.uid() != 0 {
            owner.uid = about.uid();
        }
        if about.mode() & 0o2000 != 0 && about.gid() != 0 {
            owner.gid = about.gid();
        }
        owner
    }

    fn maildir(&self, place: &[u8]) -> MailerResult {
        let path = accounts::path(place.strip_suffix(b"/").unwrap_or(place));
        let delivery = self.delivery;
        let host = &self.service.policy.host;
        let done = self.service.maildirs.deliver(&path, host, &delivery.header, self.body, &delivery.form);
        match done {
            Ok(_) => MailerResult::default(),
            Err(error) => failed(&error),
        }
    }

    fn mailbox(&self, place: &[u8]) -> MailerResult {
        let (path, delivery) = (accounts::path(place), self.delivery);
        let blame = self.service.policy.blame;
        match mailbox::append(&path, blame, &delivery.header, self.body, &delivery.form) {
            Ok(()) => MailerResult::default(),
            Err(Refusal::System(error)) => failed(&error),
            Err(refusal) => MailerResult {
                exit: Sysexit::CANTCREAT.0,
                status: Some(EnhancedStatus(5, 2, 0)),
                text: Some(format!("{}: {refusal}", path.display()).into()),
                ..MailerResult::default()
            },
        }
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
        let first = self.delivery.targets.first().ok_or_else(user_unknown)?;
        let mut home = Vec::new();
        if !self.is_file_or_program() {
            for target in &self.delivery.targets {
                let user = self.account(target)?;
                if std::ptr::eq(target, first) {
                    home = user.map(|user| user.home_bytes()).unwrap_or_default();
                }
            }
        }
        let identity = self.program_identity(first)?;
        let root = Some(self.expand(&self.mailer.root, first, &home)).filter(|root| !root.is_empty());
        let directories = self.expand(&self.mailer.directory, first, &home);
        let directories = directories.split(|byte| *byte == b':').filter(|dir| !dir.is_empty());
        Ok(Program {
            path: self.mailer.path.clone(),
            argv: self.arguments(&home),
            environment: self.environment(),
            identity: Some(identity).filter(|_| is_root()),
            nice: self.mailer.nice,
            root,
            directories: directories.map(<[u8]>::to_vec).collect(),
        })
    }

    /// A= expanded: words with `$u` once per target, `-f sender` behind the name.
    fn arguments(&self, home: &[u8]) -> Vec<Vec<u8>> {
        let mut words = Vec::new();
        let holds_user =
            |word: &[u8]| word.windows(2).any(|two| two == [crate::addr::op::MACRO_EXPAND, b'u']);
        for (index, word) in self.mailer.argv.iter().enumerate() {
            let targets = match holds_user(word) {
                true => &self.delivery.targets[..],
                false => &self.delivery.targets[..1],
            };
            words.extend(targets.iter().map(|target| self.expand(word, target, home)));
            if index == 0 {
                words.extend(sender_words(self.mailer, &self.delivery.sender));
            }
        }
        words
    }

    /// Flag S: the daemon's own ids, or U=; flag o: the recipient's or controlling user's; else U=,
    /// else DefaultUser.
    fn program_identity(&self, target: &Target) -> Result<Identity, Denied> {
        let later = |error: io::Error| MailerResult::later(&error.to_string());
        let fixed = self.mailer.user.map(Identity::bare);
        if self.is_file_or_program() {
            let granted = self.granted(target)?;
            return Ok(if self.mailer.has(b'o') { granted } else { fixed.unwrap_or(granted) });
        }
        if self.mailer.has(b'S') {
            return Ok(fixed.unwrap_or_else(Identity::current));
        }
        if self.mailer.has(b'o')
            && let Some(user) = accounts::user(&target.user).map_err(later)?
            && user.uid != 0
        {
            return Identity::of(&user).map_err(later);
        }
        Ok(fixed.unwrap_or_else(|| self.service.policy.default_user.clone()))
    }

    fn environment(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        // nothing of the daemon's own environment: only what E lines say
        let mut environment = vec![(b"AGENT".to_vec(), b"sendmail".to_vec())];
        for (name, value) in &self.service.config.environment {
            let dangerous = name.starts_with(b"LD_") || name == b"IFS";
            if !dangerous && name != b"AGENT" {
                environment.push((name.clone(), value.clone()));
            }
        }
        environment
    }
}

/// `-f sender` or `-r sender` for the mailers that want it (flags of the same letters). A sender that
/// looks like an option goes in angle brackets: it must not become one.
fn sender_words(mailer: &Mailer, sender: &[u8]) -> Vec<Vec<u8>> {
    let option = match (mailer.has(b'f'), mailer.has(b'r')) {
        (true, _) => b"-f",
        (false, true) => b"-r",
        _ => return Vec::new(),
    };
    let sender = if sender.starts_with(b"-") { [b"<", sender, b">"].concat() } else { sender.to_vec() };
    vec![option.to_vec(), sender]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_no_option() {
        let words = |flags: &[u8], sender: &[u8]| -> Vec<String> {
            let flags = flags.iter().fold(0, |all, flag| all | 1 << flag);
            let mailer = Mailer { flags, ..Mailer::default() };
            let words = sender_words(&mailer, sender);
            words.into_iter().map(|word| String::from_utf8(word).expect("ASCII")).collect()
        };
        assert_eq!(words(b"f", b"a@b.example"), ["-f", "a@b.example"]);
        assert_eq!(words(b"r", b"-c@b.example"), ["-r", "<-c@b.example>"]);
        assert!(words(b"m", b"a@b.example").is_empty());
    }
}
