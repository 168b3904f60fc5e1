//! From `-C` and its fellows to a loaded configuration.

use super::invocation::{Invocation, Setting};
use super::messages::{self, log_early, log_syserr, syserr};
use super::modes::{self, Mode};
use super::{debug, version};
use crate::analysis::Sources;
use crate::cf;
use crate::config::{Config, LoadOptions, Loaded, Message, Override, load, load_from, load_nothing};
use crate::diag::{Diagnostic, Severity};
use crate::envelope::BodyType;
use crate::logging::Priority;
use crate::m4::{CfText, McOptions, expand_mc};
use crate::maps;
use crate::schema::Sysexit;
use crate::sys::{accounts, errno_text, identity};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Where the configuration is when the command line says nothing.
const SENDMAIL_CF: &str = "/etc/mail/sendmail.cf";
/// The same for programs that hand mail in.
const SUBMIT_CF: &str = "/etc/mail/submit.cf";

/// The configuration file this command line asks for.
pub fn file(invocation: &Invocation) -> Vec<u8> {
    if let Some(file) = &invocation.cf {
        return file.clone();
    }
    let submits = matches!(invocation.mode, Mode::Deliver | Mode::Arpanet | Mode::Smtp);
    let submit = match invocation.submission {
        Some(submit) => submit,
        None => submits && Path::new(SUBMIT_CF).exists(),
    };
    if submit { SUBMIT_CF.into() } else { SENDMAIL_CF.into() }
}

/// Reads the configuration (a .mc is expanded first) with the command line's options. What is to be
/// said about it has been printed.
///
/// # Errors
/// The exit status, when nothing can be done with it.
pub fn load_site(invocation: &Invocation) -> Result<Loaded, Sysexit> {
    print_banner(invocation);
    let mut loaded = read_site(invocation).map_err(|unread| unread.report(invocation, &mut io::stdout()))?;
    warn_of_writers(invocation, &loaded.config);
    invocation.warn_of_ignored();
    print_messages(invocation, &loaded, &mut io::stdout());
    loaded.misused |= has_odd_body_type(invocation, &mut io::stdout());
    match loaded.stop {
        true => Err(loaded.exit),
        false => Ok(loaded),
    }
}

/// [`load_site`], for those who show where rules are written.
///
/// # Errors
/// The exit status.
pub fn load_site_with_sources(invocation: &Invocation) -> Result<(Loaded, Sources), Sysexit> {
    print_banner(invocation);
    with_sources(invocation, &mut io::stdout())
}

fn print_banner(invocation: &Invocation) {
    if asks_for_version(invocation) {
        // a closed stdout leaves nobody to tell
        let _ = io::stdout().write_all(&version::banner());
    }
}

/// Could a daemon start with the configuration as it is now? Says nothing by itself.
///
/// # Errors
/// The exit status, and the first thing that is wrong, with file and line.
pub fn check(invocation: &Invocation) -> Result<(Loaded, Sources), (Sysexit, Vec<u8>)> {
    let first_line = |text: &[u8]| text.split(|byte| *byte == b'\n').next().unwrap_or_default().to_vec();
    let read = read_with_sources(invocation);
    let (loaded, sources) = read.map_err(|unread| (unread.status, first_line(&unread.text)))?;
    if loaded.exit.is_ok() {
        let unfit = unfit_for_submission(invocation, &loaded.config);
        return unfit.map_or(Ok((loaded, sources)), |(why, status)| Err((status, why.into())));
    }
    let error = loaded.messages.iter().find(|message| message.severity == Severity::Error);
    let message = error.or(loaded.messages.first());
    Err((loaded.exit, message.map(|message| first_line(&message.text)).unwrap_or_default()))
}

/// A configuration that could not be read: what is to be said, and the exit status.
struct Unread {
    text: Vec<u8>,
    status: Sysexit,
}

/// [`load_site`], with the text of the cf and what made it, for those whose answer is all that standard output gets:
/// what is to be said goes to standard error.
///
/// # Errors
/// The exit status.
pub fn load_with_sources(invocation: &Invocation) -> Result<(Loaded, Sources), Sysexit> {
    with_sources(invocation, &mut io::stderr())
}

fn with_sources(invocation: &Invocation, out: &mut dyn Write) -> Result<(Loaded, Sources), Sysexit> {
    let (mut loaded, sources) =
        read_with_sources(invocation).map_err(|unread| unread.report(invocation, out))?;
    print_messages(invocation, &loaded, out);
    loaded.misused |= has_odd_body_type(invocation, out);
    if loaded.stop {
        return Err(loaded.exit);
    }
    Ok((loaded, sources))
}

/// -B: what is no body type is complained of in every mode, and does not count.
fn has_odd_body_type(invocation: &Invocation, out: &mut dyn Write) -> bool {
    let odd = invocation.body_type.as_ref().filter(|kind| BodyType::parse(kind).is_none());
    if let Some(kind) = odd {
        let said = invocation.spoken(&[b"Illegal body type ", &kind[..]].concat());
        // a closed stdout leaves nobody to tell
        let _ = out.write_all(&[&said[..], b"\n"].concat());
    }
    odd.is_some()
}

fn read_with_sources(invocation: &Invocation) -> Result<(Loaded, Sources), Unread> {
    let file = file(invocation);
    let mut text = Vec::new();
    open_configuration(&file)?.read_to_end(&mut text).map_err(|error| cannot_open(&file, &error))?;
    Ok(match file.ends_with(b".mc") {
        true => {
            let (loaded, cf) = load_mc(invocation, &file, &text)?;
            let text = cf.text.clone();
            (loaded, Sources::new(&file, &text, Some(cf)))
        }
        false => {
            let loaded = load(&file, &text, &mut maps::environment(), &load_options(invocation));
            (loaded, Sources::new(&file, &text, None))
        }
    })
}

impl Unread {
    /// A configuration that cannot be opened is a system error as any other, under the default options; what is wrong
    /// inside a .mc goes to standard error, as from m4.
    fn report(self, invocation: &Invocation, out: &mut dyn Write) -> Sysexit {
        if self.status == Sysexit::OSFILE {
            if let Err(status) = command_line(invocation, out) {
                return status;
            }
            let text = String::from_utf8_lossy(&self.text);
            return syserr(invocation, &Config::default(), text.trim_end(), self.status);
        }
        // a closed stderr leaves nobody to tell
        let _ = io::stderr().write_all(&self.text);
        self.status
    }
}

/// As with sendmail, what is wrong with options of the command line is said before the cf is opened, and is the end of all but
/// -bt.
fn command_line(invocation: &Invocation, out: &mut dyn Write) -> Result<(), Sysexit> {
    let said = load_nothing(&file(invocation), &mut maps::environment(), &load_options(invocation));
    if said.exit.is_ok() {
        return Ok(());
    }
    print_messages(invocation, &said, out);
    match invocation.mode {
        Mode::Test => Ok(()),
        _ => Err(said.exit),
    }
}

fn read_site(invocation: &Invocation) -> Result<Loaded, Unread> {
    let file = file(invocation);
    let mut opened = open_configuration(&file)?;
    if !file.ends_with(b".mc") {
        return load_from(&file, opened, &mut maps::environment(), &load_options(invocation))
            .map_err(|error| cannot_open(&file, &error));
    }
    let mut text = Vec::new();
    opened.read_to_end(&mut text).map_err(|error| cannot_open(&file, &error))?;
    load_mc(invocation, &file, &text).map(|(loaded, _)| loaded)
}

/// Expands a .mc and loads the cf that it makes; messages name the lines of the .mc.
fn load_mc(invocation: &Invocation, file: &[u8], text: &[u8]) -> Result<(Loaded, CfText), Unread> {
    let cf = expanded(file, text)?;
    let mut loaded = load(file, &cf.text, &mut maps::environment(), &load_options(invocation));
    loaded.messages.iter_mut().for_each(|message| message.text = at_mc_line(&cf, file, message));
    Ok((loaded, cf))
}

fn print_messages(invocation: &Invocation, loaded: &Loaded, out: &mut dyn Write) {
    // a closed output leaves nobody to tell
    if asks_for_version(invocation) {
        let _ = out.write_all(&version::identity(&loaded.config));
    }
    for message in &loaded.messages {
        let error = message.severity == Severity::Error;
        // whoever speaks SMTP says it as a reply
        let text = match message.severity {
            Severity::Error if modes::speaks_smtp(invocation.mode) => {
                [b"554 5.0.0 ", &message.text[..], b"\r"].concat()
            }
            Severity::Warning => modes::usage_error(invocation.mode, &message.text),
            _ => message.text.clone(),
        };
        let _ = out.write_all(&[&text[..], b"\n"].concat());
        if error && invocation.mode != Mode::Test {
            log_syserr(invocation, &loaded.config, &message.text);
        }
    }
    let _ = out.flush();
    if !loaded.exit.is_ok() {
        hint_at_m4(&file(invocation));
    }
}

/// -d0.1 and more.
fn asks_for_version(invocation: &Invocation) -> bool {
    trace_levels(&invocation.debug)[0] > 0
}

/// A .mc that was installed as a cf, or expanded without the cf library, makes hundreds of errors of which none
/// says so.
fn hint_at_m4(file: &[u8]) {
    let text = std::fs::read(accounts::path(file)).unwrap_or_default();
    if let Some(hint) = cf::m4_hint(&text).filter(|_| !file.ends_with(b".mc")) {
        // a closed stderr leaves nobody to tell
        let _ = io::stderr().write_all(&[file, b": ", hint.as_bytes(), b"\n"].concat());
    }
}

/// As `load_site`; a configuration with errors is refused.
///
/// # Errors
/// The exit status.
pub fn load_sound_site(invocation: &Invocation) -> Result<Loaded, Sysexit> {
    let loaded = load_site(invocation)?;
    if !loaded.exit.is_ok() {
        return Err(loaded.exit);
    }
    match unfit_for_submission(invocation, &loaded.config) {
        Some((why, status)) => {
            Err(messages::tell(&modes::usage_error(invocation.mode, why.as_bytes()), status))
        }
        None => Ok(loaded),
    }
}

/// What a submission program (UseMSP) may not be, with the exit status: a daemon, or root with nobody to become.
fn unfit_for_submission(invocation: &Invocation, config: &Config) -> Option<(&'static str, Sysexit)> {
    if !config.options.use_msp {
        return None;
    }
    if matches!(invocation.mode, Mode::Daemon | Mode::DaemonForeground) {
        return Some(("Mail submission program cannot be used as daemon", Sysexit::USAGE));
    }
    let stays_root = identity::real_uid() == 0 && config.options.run_as_user.is_none_or(|ids| ids.uid == 0);
    let why = "Mail submission program must have RunAsUser set to non root user";
    stays_root.then_some((why, Sysexit::CONFIG))
}

/// What the loader is told of the command line.
pub fn load_options(invocation: &Invocation) -> LoadOptions {
    LoadOptions {
        test_mode: invocation.mode == Mode::Test,
        verbose: invocation.verbose,
        unprivileged: identity::real_uid() != 0,
        mode: modes::letter(invocation.mode),
        version: concat!("canonify-", env!("CARGO_PKG_VERSION")).into(),
        overrides: invocation.settings.iter().map(as_override).collect(),
        trace: trace_levels(&invocation.debug),
    }
}

fn trace_levels(flags: &[u8]) -> Vec<u8> {
    let mut levels = debug::Levels::default();
    if !flags.is_empty() {
        levels.set(flags);
    }
    levels.all().to_vec()
}

fn as_override(setting: &Setting) -> Override {
    match setting {
        Setting::Named(text) => Override::Long(text.clone()),
        Setting::Letter(text) => Override::Short(text.clone()),
        Setting::Macro(text) => Override::Macro(text.clone()),
    }
}

/// Opens the configuration: a plain file, and no waiting for what is none.
fn open_configuration(file: &[u8]) -> Result<File, Unread> {
    let mut options = File::options();
    let opened = options.read(true).custom_flags(nix::libc::O_NONBLOCK).open(accounts::path(file));
    let opened = opened.and_then(|opened| Ok((opened.metadata()?.is_file(), opened)));
    match opened.map_err(|error| cannot_open(file, &error))? {
        (true, opened) => Ok(opened),
        (false, _) => Err(unusable(file, "not a plain file")),
    }
}

/// As sendmail: a configuration that others than its owner may write is read, and the log says so; who starts
/// a service or checks it sees it as well.
fn warn_of_writers(invocation: &Invocation, config: &Config) {
    let file = file(invocation);
    let about = std::fs::metadata(accounts::path(&file));
    if about.is_ok_and(|about| about.mode() & 0o022 == 0) || invocation.mode == Mode::Test {
        return;
    }
    let text = [&file[..], b": WARNING: dangerous write permissions"].concat();
    let said = [Mode::Daemon, Mode::DaemonForeground, Mode::InitAliases, Mode::CheckConfig];
    if said.contains(&invocation.mode) {
        // a closed stdout leaves nobody to tell
        let _ = io::stdout().write_all(&[&text[..], b"\n"].concat());
    }
    log_early(invocation, config, Priority::Critical, &text);
}

fn cannot_open(file: &[u8], error: &io::Error) -> Unread {
    unusable(file, &format!("cannot open: {}", errno_text(error)))
}

fn unusable(file: &[u8], why: &str) -> Unread {
    let text = [file, b": line 0: ", why.as_bytes(), b"\n"].concat();
    Unread { text, status: Sysexit::OSFILE }
}

/// A message about a line of the cf that a .mc made, with the line of the .mc in its place.
fn at_mc_line(cf: &CfText, file: &[u8], message: &Message) -> Vec<u8> {
    let prefix = [file, format!(": line {}: ", message.line).as_bytes()].concat();
    let Some(rest) = message.text.strip_prefix(prefix.as_slice()).filter(|_| message.line > 0) else {
        return message.text.clone();
    };
    let place = match cf.origin(message.line) {
        Some((name, line)) => format!("{name}: line {line}: "),
        None => format!("{}: line {} of its cf: ", String::from_utf8_lossy(file), message.line),
    };
    [place.as_bytes(), rest].concat()
}

fn expanded(file: &[u8], text: &[u8]) -> Result<CfText, Unread> {
    // -C has given up what was borrowed: its commands run with the caller's own rights
    let options = McOptions { commands: true, ..McOptions::default() };
    let name = String::from_utf8_lossy(file);
    let shown = |findings: &[Diagnostic]| findings.iter().map(shown).collect::<String>().into_bytes();
    match expand_mc(&name, text, &options) {
        Ok((cf, warnings)) => {
            // a closed stderr leaves nobody to tell
            let _ = io::stderr().write_all(&shown(&warnings));
            Ok(cf)
        }
        Err(findings) => Err(Unread { text: shown(&findings), status: Sysexit::CONFIG }),
    }
}

/// `site.mc:3: …`, as compilers write it.
fn shown(finding: &Diagnostic) -> String {
    let place = &finding.place;
    let column = if place.column > 0 { format!(":{}", place.column) } else { String::new() };
    let help = finding.help.as_ref().map(|help| format!("  {help}\n")).unwrap_or_default();
    format!("{}:{}{column}: {}\n{help}", place.file, place.line, finding.message)
}
