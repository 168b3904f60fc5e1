//! Address test mode: `sendmail -bt`.
//!
//! In: a loaded configuration and command lines. Out: what the rules do, byte for byte as sendmail
//! prints it. Never here: how rules work.

mod commands;
mod console;
mod debugging;
mod headers;
mod hosts;
mod kept;
mod late;
mod mail;
mod names;
mod painter;
mod rulesets;
mod shell;
mod terminal;
mod traces;
mod vocabulary;

use super::debug::Levels;
use super::invocation::Invocation;
use super::{site, start};
use crate::addr::MacroId;
use crate::engine::{Printer, PureMap, call_name};
use crate::logging::Tracer;
use crate::message::arpa_date;
use crate::queue;
use crate::rewrite::Site;
use crate::schema::{DeliveryMode, Sysexit};
use crate::sys::{clock, identity};
use console::Console;
use kept::Debugging;
use late::LateSite;
use shell::Shell;
use std::io::{IsTerminal, Write, stdin, stdout};
use std::sync::{Arc, Mutex};
use terminal::Terminal;
use traces::ShellEvent;
use vocabulary::Vocabulary;

/// Runs the shell until `/quit` or the end of the input.
pub fn run(invocation: &Invocation) -> Sysexit {
    // nothing here needs the queue's group, and what is typed may name any map
    if let Err(error) = identity::drop_borrowed() {
        eprintln!("cannot give up the group: {error}");
        return Sysexit::OSERR;
    }
    let mut levels = Levels::default();
    if !invocation.debug.is_empty() {
        levels.set(&invocation.debug);
    }
    let at_terminal = stdin().is_terminal() && stdout().is_terminal();
    let loaded = match at_terminal {
        true => site::load_site_with_sources(invocation).map(|(loaded, sources)| (loaded, Some(sources))),
        false => site::load_site(invocation).map(|loaded| (loaded, None)),
    };
    let (mut loaded, sources) = match loaded {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    start::warn_of_caller(invocation, &loaded.config);
    loaded.config.options.delivery_mode = DeliveryMode::Interactive;
    if levels.ansi {
        loaded.config.names.emphasize();
    }
    let mut console = Console::new(Box::new(stdin()), Box::new(stdout()), levels);
    console.fail(loaded.exit);
    // a person is always prompted
    let verbose = invocation.verbose || loaded.config.options.verbose;
    let verbosity = if verbose && !stdin().is_terminal() { 1 } else { 2 };
    let (date, caller) = (arpa_date(&loaded.config, clock::now()), mail::caller());
    console.show(&loaded.config.names, &ShellEvent::Caller { name: &caller });
    let colour = at_terminal && sit_down(&mut console);
    for (name, value) in [(b'b', date), (b'_', [&caller[..], b"@localhost"].concat())] {
        loaded.config.macros.set(MacroId(name), Some(&value));
    }
    let quiet = console.level(35) == 0;
    let addr_type = quiet.then(|| loaded.config.names.intern(b"addr_type")).flatten();
    let old_style = loaded.config.options.old_style_headers;
    let mut shell = Shell::new(LateSite::new(loaded.config), old_style, console, verbosity);
    shell.debugging = sources.map(|sources| Debugging::new(sources, colour));
    shell.greet(addr_type);
    shell.scope.set(MacroId(b'i'), queue::lone_id().as_bytes());
    shell.serve();
    end(shell)
}

/// Maps are closed; the status of all that was typed.
fn end(mut shell: Shell) -> Sysexit {
    if let Some(site) = shell.site.made() {
        let run_by_machine = |name: &[u8]| site.program.pure_map(name).is_some_and(PureMap::is_open);
        site.maps.close(&run_by_machine, &mut Printer::new(&site.config, &mut shell.console));
    }
    shell.finis();
    shell.console.flush();
    // failures for now are nobody's fault
    let status = shell.console.status;
    let status = if status.is_temporary() { Sysexit::OK } else { status };
    // the process ends: nobody needs its memory in order
    std::mem::forget(shell);
    status
}

/// Runs the shell on lines that are given, with a site that is given; what it prints. For tests: nothing but
/// the site's own maps and names is asked.
pub fn answers(site: Site, typed: Vec<u8>) -> Vec<u8> {
    let output = Shared::default();
    let console =
        Console::new(Box::new(std::io::Cursor::new(typed)), Box::new(output.clone()), Levels::default());
    let old_style = site.config.options.old_style_headers;
    let mut shell = Shell::new(LateSite::of(site), old_style, console, 2);
    shell.greet(None);
    shell.serve();
    shell.console.flush();
    output.0.lock().map(|mut written| std::mem::take(&mut *written)).unwrap_or_default()
}

/// Output that is kept.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().map_err(|_| std::io::ErrorKind::Other)?.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Where a person types and reads, lines can be edited; may they be in colour?
fn sit_down(console: &mut Console) -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let colour = set("NO_COLOR").is_none() && set("TERM").is_none_or(|terminal| terminal != "dumb");
    if let Some(terminal) = Terminal::open(colour) {
        console.at_terminal(terminal, colour);
    }
    colour
}

impl Shell {
    fn greet(&mut self, addr_type: Option<MacroId>) {
        self.console.say("ADDRESS TEST MODE (ruleset 3 NOT automatically invoked)");
        self.console.say("Enter <ruleset> <address>");
        if let Some(id) = addr_type.or_else(|| self.name(b"{addr_type}").0) {
            self.scope.set(id, b"e r");
        }
    }

    fn serve(&mut self) {
        let prompt = if self.verbosity > 1 { "> " } else { "" };
        loop {
            let Self { console, site, debugging, .. } = self;
            let rows = debugging.iter().flat_map(|_| commands::DEBUGGER);
            let commands = || commands::SLASHES.iter().chain(rows).map(|row| row.typed()).collect();
            console.offer(|| Vocabulary::of(&site.config, commands()));
            let Some(line) = console.read_line(prompt) else { return };
            if self.verbosity == 1 {
                self.console.say([b"> ", &line[..]].concat());
            }
            match &self.debugging {
                Some(debugging) if debugging.is_armed() => debugging::run(self, &line),
                _ => self.command(&line),
            }
            self.rename_calls();
            if self.over {
                return;
            }
        }
    }

    /// A rule that has run lists the rulesets it calls without their quotes.
    fn rename_calls(&mut self) {
        for (ruleset, rule) in self.scope.take_renamed() {
            let config = Arc::make_mut(&mut self.site.config);
            config.rulesets.rename_calls(ruleset, rule, &|name| call_name(name));
        }
    }

    fn finis(&mut self) {
        // where nobody watches, the end is no reason to compile rules that nobody has asked
        if self.console.level(2) == 0 {
            return;
        }
        let config = &self.site.config;
        let flags = match (self.old_style, config.options.me_too) {
            (true, true) => "4001<OLDSTYLE,METOO>",
            (true, false) => "1<OLDSTYLE>",
            (false, true) => "4000<METOO>",
            (false, false) => "0",
        };
        self.console.show(&config.names, &ShellEvent::End { flags });
    }

    /// One line.
    pub(super) fn command(&mut self, line: &[u8]) {
        let start = line.iter().position(|byte| *byte != b' ').unwrap_or(line.len());
        let line = &line[start..];
        match line.first() {
            None | Some(b'#') => {}
            Some(first) => match commands::PREFIXES.iter().find(|row| row.first == *first) {
                Some(row) => (row.run)(self, &line[1..]),
                None => rulesets::call(self, line),
            },
        }
    }
}
