//! The `m4` personality: GNU m4's command line.
//!
//! Hand-read rather than by clap: `-D`, `-U`, `-s`, `-t` and files keep their order among each other,
//! short options cluster, and long ones may be cut short.

use super::maptool;
use clap::{Arg, ArgAction, Command, ValueHint};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

use nix::errno::Errno;

use crate::m4::{self, Console, DebugFlags, DiskFiles, Finding, FindingKind, Host, Settings, Shell, Step};
use crate::sys::{errno_text, process};

/// Does an option take an argument?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Value,
    MaybeValue,
}

/// A row: letter (0 for none), long name, argument, what to do.
struct Row(u8, &'static str, Takes, fn(&mut Line, Option<Vec<u8>>) -> Result<(), String>);

use Takes::{MaybeValue, Nothing, Value};

// In GNU m4's order, which the list of possibilities of an ambiguous name shows.
const OPTIONS: &[Row] = &[
    Row(b'l', "arglength", Value, |line, value| {
        line.settings.argument_length = number(&value.unwrap_or_default());
        Ok(())
    }),
    Row(b'd', "debug", MaybeValue, |line, value| {
        let letters = value.unwrap_or_default();
        match DebugFlags::parse(&letters) {
            Some(flags) => line.settings.debug = flags,
            None => {
                line.settings.debug = DebugFlags::empty();
                line.note(format!("bad debug flags: `{}'", String::from_utf8_lossy(&letters)));
            }
        }
        Ok(())
    }),
    Row(b'D', "define", Value, |line, value| {
        let text = value.unwrap_or_default();
        let (name, body) = match text.iter().position(|byte| *byte == b'=') {
            Some(at) => (text[..at].to_vec(), text[at + 1..].to_vec()),
            None => (text, Vec::new()),
        };
        line.push(Step::Define(name, body))
    }),
    Row(b'o', "error-output", Value, |line, value| line.push(Step::DebugFile(value))),
    Row(b'E', "fatal-warnings", Nothing, |line, _| {
        line.settings.fatal_warnings = line.settings.fatal_warnings.saturating_add(1);
        Ok(())
    }),
    Row(b'F', "freeze-state", Value, |line, value| {
        line.settings.freeze = value;
        Ok(())
    }),
    Row(b'g', "gnu", Nothing, |line, _| {
        line.settings.traditional = false;
        Ok(())
    }),
    Row(b'H', "hashsize", Value, |line, value| {
        let buckets = number(&value.unwrap_or_default()) as u64;
        line.settings.buckets = if buckets == 0 { Settings::default().buckets } else { buckets };
        Ok(())
    }),
    Row(b'I', "include", Value, |line, value| {
        line.search.push(value.unwrap_or_default());
        Ok(())
    }),
    Row(b'i', "interactive", Nothing, |_, _| Ok(())),
    Row(b'L', "nesting-limit", Value, |line, value| {
        let limit = number(&value.unwrap_or_default());
        line.settings.nesting_limit = if limit == 0 { Settings::default().nesting_limit } else { limit };
        Ok(())
    }),
    Row(b'P', "prefix-builtins", Nothing, |line, _| {
        line.settings.prefix = true;
        Ok(())
    }),
    Row(b'Q', "quiet", Nothing, |line, _| {
        line.settings.quiet = true;
        Ok(())
    }),
    Row(b'R', "reload-state", Value, |line, value| {
        line.settings.reload = value;
        Ok(())
    }),
    Row(0, "silent", Nothing, |line, _| {
        line.settings.quiet = true;
        Ok(())
    }),
    Row(b's', "synclines", Nothing, |line, _| line.push(Step::Synclines)),
    Row(b't', "trace", Value, |line, value| line.push(Step::Trace(value.unwrap_or_default()))),
    Row(b'G', "traditional", Nothing, |line, _| {
        line.settings.traditional = true;
        Ok(())
    }),
    Row(b'U', "undefine", Value, |line, value| line.push(Step::Undefine(value.unwrap_or_default()))),
    Row(0, "debugfile", MaybeValue, |line, value| line.push(Step::DebugFile(value))),
    Row(0, "diversions", Value, |line, _| line.obsolete("--diversions", "is deprecated")),
    Row(0, "warn-macro-sequence", MaybeValue, |line, value| {
        let pattern = value.unwrap_or_else(|| MACRO_SEQUENCE.to_vec());
        line.settings.macro_sequence = Some(pattern).filter(|pattern| !pattern.is_empty());
        Ok(())
    }),
    Row(0, "help", Nothing, |line, _| {
        line.only = Some(|program| format!("Usage: {program} {HELP}"));
        Ok(())
    }),
    Row(0, "version", Nothing, |line, _| {
        line.only = Some(|_| concat!("m4 (canonify) ", env!("CARGO_PKG_VERSION"), "\n").to_owned());
        Ok(())
    }),
    Row(b'N', NO_NAME, Value, |line, _| line.obsolete("-N", "is deprecated")),
    Row(b'B', NO_NAME, Value, |line, _| line.obsolete("-B", "may be removed in a future release")),
    Row(b'S', NO_NAME, Value, |line, _| line.obsolete("-S", "may be removed in a future release")),
    Row(b'T', NO_NAME, Value, |line, _| line.obsolete("-T", "may be removed in a future release")),
    Row(b'e', NO_NAME, Nothing, |line, _| line.obsolete("-e", "is deprecated, use `-i' instead")),
];

/// For letters that have no long name.
const NO_NAME: &str = " ";

/// What `--warn-macro-sequence` looks for unless told otherwise: `${…}` and `$10`.
const MACRO_SEQUENCE: &[u8] = br"\$\({[^}]*}\|[0-9][0-9]+\)";

/// What `--help` says after the program's name.
const HELP: &str = "\
[OPTION]... [FILE]...
Process macros in FILEs.  If no FILE or if FILE is `-', standard input is read.

  -D, --define=NAME[=VALUE]    define NAME as having VALUE, or empty
  -U, --undefine=NAME          undefine NAME
  -I, --include=DIRECTORY      append DIRECTORY to include path
  -s, --synclines              generate `#line NUM \"FILE\"' lines
  -P, --prefix-builtins        force a `m4_' prefix to all builtins
  -E, --fatal-warnings         once: warnings become errors, twice: stop
                                 execution at first error
  -Q, --quiet, --silent        suppress some warnings for builtins
  -G, --traditional            suppress all GNU extensions
  -g, --gnu                    override -G to re-enable GNU extensions
  -L, --nesting-limit=NUMBER   change nesting limit
  -F, --freeze-state=FILE      produce a frozen state on FILE at end
  -R, --reload-state=FILE      reload a frozen state from FILE at start
  -H, --hashsize=NUM           order of names in a frozen state [65537]
  -d, --debug[=FLAGS]          set debug level (no FLAGS implies `aeq')
      --debugfile[=FILE]       redirect debug and trace output to FILE
      --warn-macro-sequence[=REGEXP]
                               warn if macro definition matches REGEXP
  -l, --arglength=NUM          restrict macro tracing size
  -t, --trace=NAME             trace NAME when it is defined
";

/// Its command line: the rows of its options, with what `--help` says as it stands.
pub(super) fn command() -> Command {
    let command = maptool::bare_command("canonify m4", "GNU m4's command line, as far as .mc work needs it")
        .bin_name("canonify m4")
        .arg(Arg::new("FILE").num_args(0..).value_hint(ValueHint::FilePath))
        .after_help(HELP);
    OPTIONS.iter().fold(command, |command, Row(letter, name, takes, _)| {
        let arg =
            Arg::new(if *name == NO_NAME { char::from(*letter).to_string() } else { (*name).to_owned() });
        let arg = if *letter == 0 { arg } else { arg.short(char::from(*letter)) };
        let arg = if *name == NO_NAME { arg.hide(true) } else { arg.long(*name) };
        command.arg(match takes {
            Nothing => arg.action(ArgAction::SetTrue),
            Value => arg.value_name("VALUE"),
            MaybeValue => arg.num_args(0..=1).require_equals(true).value_name("VALUE"),
        })
    })
}

#[derive(Default)]
struct Line {
    steps: Vec<Step>,
    search: Vec<Vec<u8>>,
    settings: Settings,
    /// This text of a program of this name, and nothing else.
    only: Option<fn(&str) -> String>,
    /// Messages that change nothing, without the program's name.
    notes: Vec<String>,
}

impl Line {
    fn push(&mut self, step: Step) -> Result<(), String> {
        self.steps.push(step);
        Ok(())
    }

    fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    fn obsolete(&mut self, option: &str, what: &str) -> Result<(), String> {
        self.note(format!("warning: `m4 {option}' {what}"));
        Ok(())
    }

    fn parse(&mut self, args: Vec<Vec<u8>>) -> Result<(), String> {
        let line = self;
        let mut args = args.into_iter();
        let mut only_files = false;
        let mut files = false;
        while let Some(arg) = args.next() {
            if only_files || arg == b"-" || !arg.starts_with(b"-") {
                line.steps.push(Step::File(arg));
                files = true;
            } else if arg == b"--" {
                only_files = true;
            } else if let Some(long) = arg.strip_prefix(b"--") {
                line.long(long, &mut args)?;
            } else {
                line.cluster(&arg[1..], &mut args)?;
            }
        }
        if !files {
            line.steps.push(Step::File(b"-".to_vec()));
        }
        Ok(())
    }

    fn long(&mut self, text: &[u8], args: &mut impl Iterator<Item = Vec<u8>>) -> Result<(), String> {
        let (name, value) = match text.iter().position(|byte| *byte == b'=') {
            Some(at) => (&text[..at], Some(text[at + 1..].to_vec())),
            None => (text, None),
        };
        let shown = String::from_utf8_lossy(name).into_owned();
        let exact = OPTIONS.iter().find(|row| row.1.as_bytes() == name);
        let matching: Vec<&Row> = OPTIONS.iter().filter(|row| row.1.as_bytes().starts_with(name)).collect();
        let written = String::from_utf8_lossy(text);
        let row = match (exact, &matching[..]) {
            (Some(row), _) => row,
            (None, [row]) => *row,
            (None, []) => return Err(format!("unrecognized option '--{shown}'")),
            (None, several) => {
                let names: String = several
                    .iter()
                    .filter(|row| row.1 != NO_NAME)
                    .map(|row| format!(" '--{}'", row.1))
                    .collect();
                return Err(format!("option '--{written}' is ambiguous; possibilities:{names}"));
            }
        };
        let value = match (row.2, value) {
            (Nothing, Some(_)) => return Err(format!("option '--{}' doesn't allow an argument", row.1)),
            (Value, None) => {
                Some(args.next().ok_or_else(|| format!("option '--{}' requires an argument", row.1))?)
            }
            (_, value) => value,
        };
        row.3(self, value)
    }

    fn cluster(&mut self, letters: &[u8], args: &mut impl Iterator<Item = Vec<u8>>) -> Result<(), String> {
        let mut rest = letters;
        while let Some((letter, tail)) = rest.split_first() {
            let row = OPTIONS.iter().find(|row| row.0 == *letter && row.0 != 0);
            let row = row.ok_or_else(|| format!("invalid option -- '{}'", char::from(*letter)))?;
            if row.2 == Nothing {
                row.3(self, None)?;
                rest = tail;
                continue;
            }
            let value = match (tail, row.2) {
                ([], Value) => {
                    let missing = || format!("option requires an argument -- '{}'", char::from(*letter));
                    Some(args.next().ok_or_else(missing)?)
                }
                ([], _) => None,
                (tail, _) => Some(tail.to_vec()),
            };
            return row.3(self, value);
        }
        Ok(())
    }
}

fn number(text: &[u8]) -> usize {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Standard output and standard error, with m4's "m4:file:line: " before each message.
struct Terminal {
    program: Vec<u8>,
    /// The first write that failed: as in GNU m4 the run goes on, and tells of it at its end.
    failure: Option<io::Error>,
}

impl Terminal {
    /// Remembers a failure. Only a reader that has gone ends the run, as its signal would end GNU m4.
    fn written(&mut self, result: io::Result<()>) -> io::Result<()> {
        match result {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                self.failure.get_or_insert(error);
                Ok(())
            }
            other => other,
        }
    }

    /// All output is out, or why it is not.
    fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.failure.map_or(Ok(()), Err)
    }

    /// A line on standard error, after the program's name.
    fn complain(&self, text: &str) {
        self.error(&[&self.program, b": ".as_slice(), text.as_bytes(), b"\n"].concat());
    }

    fn error(&self, text: &[u8]) {
        // Nobody is left to be told when standard error is gone.
        drop(io::stderr().write_all(text));
    }
}

impl Console for Terminal {
    fn output(&mut self, text: &[u8]) -> io::Result<()> {
        let result = match !text.is_empty() && process::began_without_stdout() {
            true => Err(Errno::EBADF.into()),
            false => io::stdout().write_all(text),
        };
        self.written(result)
    }

    fn finding(&mut self, finding: &Finding<'_>) {
        if finding.kind == FindingKind::Errprint {
            return self.error(finding.text);
        }
        let mut line = self.program.clone();
        line.push(b':');
        if finding.line > 0 {
            line.extend_from_slice(finding.file);
            line.extend_from_slice(format!(":{}:", finding.line).as_bytes());
        }
        line.push(b' ');
        line.extend_from_slice(finding.text);
        line.push(b'\n');
        self.error(&line);
    }

    fn debug(&mut self, text: &[u8]) {
        self.error(text);
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = io::stdout().flush();
        self.written(result)
    }
}

/// Runs it with argv; gives the exit status.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let mut args = args.into_iter().map(OsString::into_vec);
    let program = args.next().unwrap_or_else(|| b"m4".to_vec());
    let mut terminal = Terminal { program: program.clone(), failure: None };
    let mut line = Line::default();
    let parsed = line.parse(args.collect());
    line.notes.iter().for_each(|note| terminal.complain(note));
    let name = String::from_utf8_lossy(&program).into_owned();
    if let Err(message) = parsed {
        terminal.complain(&message);
        terminal.error(format!("Try `{name} --help' for more information.\n").as_bytes());
        return ExitCode::from(1);
    }
    let outcome = match line.only {
        Some(text) => terminal.output(text(&name).as_bytes()).map(|()| 0),
        None => run(line, &mut terminal),
    };
    match outcome.and_then(|status| terminal.finish().map(|()| status)) {
        Ok(status) => ExitCode::from(status),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(1),
        Err(error) => {
            let text = format!("{name}: write error: {}\n", errno_text(&error));
            // nobody is left to be told when standard error is gone
            drop(io::stderr().write_all(text.as_bytes()));
            ExitCode::from(1)
        }
    }
}

/// Expands what the command line names.
fn run(mut line: Line, terminal: &mut Terminal) -> io::Result<u8> {
    line.settings.program = terminal.program.clone();
    line.settings.process_id = std::process::id();
    if let Some(path) = std::env::var_os("M4PATH") {
        line.search.extend(path.into_vec().split(|byte| *byte == b':').map(<[u8]>::to_vec));
    }
    if read_standard_input(&mut line.steps).is_err() {
        let finding =
            Finding { file: b"stdin", line: 1, site: None, text: b"read error", kind: FindingKind::Error };
        terminal.finding(&finding);
        return Ok(1);
    }
    let mut files = DiskFiles { search: line.search };
    let host = Host { files: &mut files, commands: &mut Shell, console: terminal };
    m4::run(host, line.settings, line.steps)
}

/// `-` becomes the text of standard input, as often as it stands there.
fn read_standard_input(steps: &mut [Step]) -> io::Result<()> {
    for step in steps {
        if matches!(step, Step::File(name) if name == b"-") {
            let mut text = Vec::new();
            io::stdin().read_to_end(&mut text)?;
            *step = Step::Text(b"stdin".to_vec(), text);
        }
    }
    Ok(())
}
