//! Who runs the programs of maps and opens their files, and how. Never here: what a program's answer means to a rule.

use super::files;
use super::map::Map;
use crate::config::Config;
use crate::db::bdb::{Kind, Reader};
use crate::schema::Sysexit;
use crate::sys::identity::{Identity, is_root};
use crate::sys::opener::{FileOpener, OwnRights};
use crate::sys::process::Program;
use crate::sys::{ANSWER_TIMEOUT, first_line};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

/// Exit status and first line of a program, once it has ended.
pub type ProgramAnswer<'a> = Pin<Box<dyn Future<Output = (Sysexit, Vec<u8>)> + Send + 'a>>;

/// Whoever runs the programs of maps.
pub trait ProgramRunner: Send + Sync {
    /// Runs the program of the map of this name, which is `program`, with the key as one more argument.
    fn run<'a>(&'a self, map: &'a [u8], program: &'a Program, key: &'a [u8]) -> ProgramAnswer<'a>;
}

/// Who does for maps what this process may not.
#[derive(Clone)]
pub struct Helpers {
    /// Runs their programs.
    pub programs: Arc<dyn ProgramRunner>,
    /// Opens their files.
    pub files: Arc<dyn FileOpener>,
}

impl Helpers {
    /// Nobody: this process opens files itself, and somebody runs the programs.
    pub fn with_programs(programs: impl ProgramRunner + 'static) -> Self {
        Self { programs: Arc::new(programs), files: Arc::new(OwnRights) }
    }

    /// Opens a database, now and whenever it is rewritten.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub(super) fn open_database(&self, file: &[u8], kind: Kind) -> io::Result<Reader> {
        Reader::open_by(self.files.clone(), files::path(file), Some(kind))
    }
}

/// Runs them in children of this process.
pub struct Directly;

impl ProgramRunner for Directly {
    fn run<'a>(&'a self, _map: &'a [u8], program: &'a Program, key: &'a [u8]) -> ProgramAnswer<'a> {
        let mut program = program.clone();
        program.argv.push(key.to_vec());
        let ended = tokio::task::spawn_blocking(move || first_line(&program, ANSWER_TIMEOUT));
        Box::pin(async move { ended.await.unwrap_or((Sysexit::TEMPFAIL, Vec::new())) })
    }
}

/// Runs none: who asks is to try again.
pub struct NotRun;

impl ProgramRunner for NotRun {
    fn run<'a>(&'a self, _map: &'a [u8], _program: &'a Program, _key: &'a [u8]) -> ProgramAnswer<'a> {
        Box::pin(std::future::ready((Sysexit::TEMPFAIL, Vec::new())))
    }
}

/// What all programs of a configuration have in common: as sendmail runs them, who is root becomes DefaultUser,
/// and they begin where mailer prog begins.
#[derive(Debug, Default)]
pub(super) struct ProgramSettings {
    identity: Option<Identity>,
    directories: Vec<Vec<u8>>,
}

impl ProgramSettings {
    pub(super) fn of(config: &Config) -> Self {
        let any = config.maps.iter().any(|map| map.class.eq_ignore_ascii_case(b"program"));
        let named = |name: &[u8]| name.eq_ignore_ascii_case(b"prog");
        let prog = config.mailers.iter().find(|mailer| named(&mailer.name));
        let directories = config.expand(prog.map_or(b"/", |prog| &prog.directory));
        let directories = directories.split(|byte| *byte == b':').filter(|one| one.starts_with(b"/"));
        Self {
            identity: (any && is_root()).then(|| Identity::bare(config.default_user())),
            directories: directories.map(<[u8]>::to_vec).collect(),
        }
    }

    /// The program of a K line, with the words that stand there.
    pub(super) fn program(&self, map: &Map) -> Program {
        let path = map.file.clone().unwrap_or_default();
        let words = map.rest.as_deref().unwrap_or_default().split(u8::is_ascii_whitespace);
        let words = words.filter(|word| !word.is_empty()).map(<[u8]>::to_vec);
        Program {
            argv: std::iter::once(path.clone()).chain(words).collect(),
            path,
            environment: ENVIRONMENT.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect(),
            identity: self.identity.clone(),
            directories: self.directories.clone(),
            ..Program::default()
        }
    }
}

const ENVIRONMENT: [(&[u8], &[u8]); 2] = [(b"AGENT", b"sendmail"), (b"PATH", b"/usr/bin:/bin")];
