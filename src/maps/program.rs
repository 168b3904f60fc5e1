//! program: the first line that a program prints is the value.

use super::class::{FoundFuture, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, opened};
use super::flags::Declaring;
use super::map::{Found, Map, later, missing};
use super::program_runner::ProgramRunner;
use crate::engine::{Event, MapEvent, Observer};
use crate::schema::Sysexit;
use crate::sys::process::Program;
use std::sync::Arc;

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
        opened(Some(OpenProgram { program, runner: Arc::clone(&opening.helpers.programs) }))
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
