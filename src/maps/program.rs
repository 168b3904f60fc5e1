//! program: the first line that a program prints is the value.

use super::class::{FoundFuture, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, opened};
use super::flags::Declaring;
use super::map::{Found, Map, later, missing};
use crate::config::Config;
use crate::engine::{Event, MapEvent, Observer};
use crate::schema::Sysexit;
use crate::sys::identity::{Identity, is_root};
use crate::sys::process::Program;
use crate::sys::{ANSWER_TIMEOUT, first_line};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Exit status and first line of a program, once it has ended.
pub type ProgramAnswer<'a> = Pin<Box<dyn Future<Output = (Sysexit, Vec<u8>)> + Send + 'a>>;

/// Whoever runs the programs of maps.
pub trait ProgramRunner: Send + Sync {
    /// Runs the program of the map of this name, which is `program`, with the key as one more argument.
    fn run<'a>(&'a self, map: &'a [u8], program: &'a Program, key: &'a [u8]) -> ProgramAnswer<'a>;
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

struct Declared;

struct OpenProgram {
    program: Program,
    runner: Arc<dyn ProgramRunner>,
}

pub(super) fn read(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
    map.read_with_file(args, declaring).then(|| Arc::new(Declared) as Arc<dyn MapClass>)
}

impl MapClass for Declared {
    fn open<'a>(self: Arc<Self>, map: &'a Map, opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        let program = opening.settings.programs.program(map);
        opened(Some(OpenProgram { program, runner: Arc::clone(opening.programs) }))
    }
}

impl OpenMap for OpenProgram {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        Box::pin(self.ask(query.map, query.key, query.args, context.observer))
    }
}

impl OpenProgram {
    async fn ask(&self, map: &Map, key: &[u8], args: &[Vec<u8>], observer: &mut dyn Observer) -> Found {
        let (name, file) = (map.name.as_slice(), map.file.as_deref().unwrap_or_default());
        let search = MapEvent::SearchAt { function: "prog_map_lookup", map: name, key, file };
        observer.event(&Event::Map(&search));
        let words: Vec<&[u8]> = self.program.argv.iter().skip(1).map(Vec::as_slice).chain([key]).collect();
        observer.event(&Event::Map(&MapEvent::Program { file, words: &words }));
        match self.runner.run(name, &self.program, key).await {
            (Sysexit::TEMPFAIL, _) => later(),
            (status, line) if !status.is_ok() || line.is_empty() => missing(status),
            (_, line) => map.found(key, &line, args, observer),
        }
    }
}
