//! What an expansion has to say, and the limits at which it ends.

use std::mem::size_of;

use super::call::{Frame, Span};
use super::expand::{Expander, Stop};
use super::host::{Finding, FindingKind};
use super::input::Position;
use super::lexer::Unfinished;

impl Expander<'_> {
    /// Position that a message now is about.
    pub(super) fn place(&mut self) -> Position {
        match self.calling {
            Some(place) => place,
            None => self.input.place(),
        }
    }

    pub(super) fn tell(&mut self, kind: FindingKind, text: &[u8], place: Position) {
        let file = self.files.get(place.file as usize).cloned().unwrap_or_else(|| b"".as_slice().into());
        let site = match (self.settings.provenance, self.calling) {
            (false, _) => None,
            (true, Some(_)) => self.calling_site,
            (true, None) => self.input.site(&self.site_files),
        };
        let site = site.map(|site| (self.files[site.file as usize].clone(), site.line));
        let site = site.as_ref().map(|(name, line)| (&name[..], *line));
        self.host.console.finding(&Finding { file: &file, line: place.line, site, text, kind });
    }

    /// A message that changes nothing, unless `-E` makes it an error.
    pub(super) fn warn(&mut self, text: &[u8]) -> Result<(), Stop> {
        let place = self.place();
        let kind = if text.starts_with(b"Warning:") { FindingKind::Warning } else { FindingKind::Error };
        self.tell(kind, text, place);
        match self.settings.fatal_warnings {
            0 => Ok(()),
            1 => {
                self.status = 1;
                Ok(())
            }
            _ => Err(Stop::Exit(1)),
        }
    }

    /// A message that makes the exit status 1.
    pub(super) fn error(&mut self, kind: FindingKind, text: &[u8]) {
        let place = self.place();
        self.tell(kind, text, place);
        self.status = 1;
    }

    /// The text of an `errprint`.
    pub(super) fn errprint(&mut self, text: &[u8]) {
        let place = self.place();
        self.tell(FindingKind::Errprint, text, place);
    }

    /// A message after which nothing more is read.
    pub(super) fn fatal(&mut self, kind: FindingKind, text: &[u8]) -> Stop {
        self.error(kind, text);
        Stop::Exit(1)
    }

    pub(super) fn unfinished(&mut self, unfinished: Unfinished) -> Stop {
        let (kind, what, place) = match unfinished {
            Unfinished::Quote(place) => (FindingKind::OpenQuote, "string", place),
            Unfinished::Comment(place) => (FindingKind::OpenComment, "comment", place),
        };
        self.debug_input_exhausted();
        self.calling = Some(place);
        self.calling_site = Some(place).filter(|place| self.site_files[place.file as usize]);
        self.fatal(kind, format!("ERROR: end of file in {what}").as_bytes())
    }

    pub(super) fn open_arguments(&mut self) -> Stop {
        self.debug_input_exhausted();
        // For the author of a .mc the call is what counts; GNU m4 names the argument.
        let begins =
            |frame: &Frame| if self.settings.provenance { frame.place } else { frame.argument_place };
        self.calling = self.frames.last().map(begins);
        self.calling_site = self.frames.last().and_then(|frame| frame.site);
        self.fatal(FindingKind::OpenArguments, b"ERROR: end of file in argument list")
    }

    /// The message for an expansion that would not fit.
    pub(super) fn too_large(&mut self) -> Stop {
        let limit = self.settings.memory_limit >> 20;
        self.fatal(FindingKind::Limit, format!("expansion needs more than {limit} MiB").as_bytes())
    }

    /// Counts work that no expansion shows; an error where it is too much.
    pub(super) fn spend(&mut self, work: usize) -> Result<(), Stop> {
        self.work += work as u64;
        if self.work > self.settings.work_limit { self.check_limits() } else { Ok(()) }
    }

    pub(super) fn check_limits(&mut self) -> Result<(), Stop> {
        let limits = &self.settings;
        let wrapped: usize = self.wrapped.iter().map(|(text, ..)| text.len() + 64).sum();
        let used = [
            self.input.waiting,
            self.buffer.len(),
            self.spans.len() * size_of::<Span>(),
            self.input.depth() * 96,
            self.symbols.held,
            wrapped,
            self.diversions.size(),
        ];
        let used = used.into_iter().fold(0, usize::saturating_add);
        if used > limits.memory_limit {
            return Err(self.too_large());
        }
        let text = if self.work.saturating_add(self.diversions.moved) > limits.work_limit {
            let limit = limits.work_limit >> 20;
            format!("expansions make more than {limit} MiB; is a macro calling itself for ever?")
        } else if self.calls > limits.call_limit {
            format!("more than {} macro calls; is one calling itself for ever?", limits.call_limit)
        } else {
            return Ok(());
        };
        Err(self.fatal(FindingKind::Limit, text.as_bytes()))
    }
}
