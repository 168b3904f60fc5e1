//! `canonify status`: what the daemon is doing.
//!
//! In: the socket of its front, /proc, the names in the queue directories. Out: a few lines, or JSON. Ends with 69 (unavailable)
//! where no daemon answers.

use super::invocation::Invocation;
use super::process::{complain, exit};
use super::site;
use crate::config::Config;
use crate::daemon::{Status, status_sockets};
use crate::diag::json_string;
use crate::queue::{QueueDirectories, QueueOptions};
use crate::schema::Sysexit;
use clap::Parser;
use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Say what the daemon is doing, and what it has given up
///
/// Asks through a socket in the queue directory, so root and its owner may. Ends with 69 where no daemon answers.
#[derive(Parser)]
#[command(name = "canonify status", bin_name = "canonify status")]
pub(super) struct Arguments {
    /// The daemon's configuration
    #[arg(short = 'C', value_name = "FILE", default_value = "/etc/mail/sendmail.cf")]
    cf: OsString,
    /// Print one JSON object a daemon
    #[arg(long)]
    json: bool,
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let Arguments { cf, json } = Arguments::parse_from(args);
    let status = run(cf, json).unwrap_or_else(|status| status);
    exit(status)
}

fn run(cf: OsString, json: bool) -> Result<Sysexit, Sysexit> {
    let invocation = Invocation { cf: Some(cf.into_vec()), ..Invocation::default() };
    let config = site::load_sound_site(&invocation)?.config;
    let (answers, paths) = ask_fronts(&config, Status::ask).map_err(|why| {
        complain(&format!("canonify status: {why}"));
        Sysexit::UNAVAILABLE
    })?;
    let queue = Waiting::count(&paths);
    for status in &answers {
        let text = if json { as_json(status, &queue) } else { as_text(status, &queue) };
        // a closed stdout leaves nobody to tell
        let _ = std::io::stdout().write_all(text.as_bytes());
    }
    Ok(Sysexit::OK)
}

/// What the fronts of this configuration's daemon say, and its queue directories. Another version's answers are none.
///
/// # Errors
/// Why nobody can be asked.
pub(super) fn ask_fronts<T>(
    config: &Config,
    ask: fn(&Path) -> io::Result<T>,
) -> Result<(Vec<T>, Vec<PathBuf>), String> {
    let directories = QueueDirectories::find(&QueueOptions::from_config(config));
    let paths = directories.map_err(|error| error.to_string())?.paths();
    let Some(first) = paths.first() else { return Err(String::from("there is no queue")) };
    let sockets = status_sockets(first).map_err(|error| format!("{}: {error}", first.display()))?;
    let answers: Vec<T> = sockets.iter().filter_map(|socket| ask(socket).ok()).collect();
    match answers.is_empty() {
        true => Err(format!("no daemon works on {}", first.display())),
        false => Ok((answers, paths)),
    }
}

/// Messages in the queue.
#[derive(Default)]
struct Waiting {
    messages: u64,
    /// The last change of the control file that was changed first, seconds since the epoch.
    oldest: Option<i64>,
}

impl Waiting {
    fn count(paths: &[PathBuf]) -> Self {
        let mut queue = Self::default();
        for entry in paths.iter().filter_map(|path| std::fs::read_dir(path).ok()).flatten().flatten() {
            let name = entry.file_name();
            let is_control =
                [&b"qf"[..], b"hf"].iter().any(|prefix| name.as_encoded_bytes().starts_with(prefix));
            if let (true, Ok(about)) = (is_control && name.len() > 2, entry.metadata()) {
                queue.messages += 1;
                queue.oldest = Some(queue.oldest.map_or(about.mtime(), |oldest| oldest.min(about.mtime())));
            }
        }
        queue
    }
}

/// A process of a daemon, as the kernel has it.
struct Process {
    pid: u32,
    role: &'static str,
    uid: Option<u32>,
    walls: Vec<String>,
}

/// A daemon's processes, in the order in which they were made.
fn processes(status: &Status) -> [Process; 3] {
    let of = |pid: u32, role| Process { pid, role, uid: uid_of(pid), walls: Vec::new() };
    let front = Process { walls: status.protections.clone(), ..of(status.pid, "front") };
    [of(status.supervisor, "supervisor"), of(status.keeper, "keeper"), front]
}

fn uid_of(pid: u32) -> Option<u32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

fn as_text(status: &Status, queue: &Waiting) -> String {
    let mut lines = vec![
        format!("canonify {}, {}", status.version, String::from_utf8_lossy(&status.file)),
        format!(
            "listening to {}",
            if status.listeners.is_empty() { "nothing".into() } else { status.listeners.join(", ") }
        ),
    ];
    lines.extend(status.refused.iter().map(|refusal| {
        let at = jiff::Timestamp::from_second(refusal.at).map(|at| at.to_string()).unwrap_or_default();
        format!("a newer configuration was refused at {at}: {}", refusal.why)
    }));
    if !status.filters.is_empty() {
        lines.push(format!("mail filters: {}", status.filters.join(", ")));
    }
    for Process { pid, role, uid, walls } in processes(status) {
        let uid = uid.map_or_else(|| String::from("?"), |uid| uid.to_string());
        let walls = if walls.is_empty() { String::new() } else { format!(": {}", walls.join(", ")) };
        lines.push(format!("{role} {pid}, uid {uid}{walls}"));
    }
    lines.extend(status.missing.iter().map(|why| format!("not confined: {why}")));
    lines.push(format!(
        "{} sessions, {} deliveries, {} messages in the queue",
        status.sessions, status.deliveries, queue.messages
    ));
    lines.join("\n") + "\n"
}

fn strings<'a>(texts: impl IntoIterator<Item = &'a String>) -> String {
    texts.into_iter().map(|text| json_string(text)).collect::<Vec<_>>().join(",")
}

fn as_json(status: &Status, queue: &Waiting) -> String {
    let number =
        |number: Option<i64>| number.map_or_else(|| String::from("null"), |number| number.to_string());
    let processes = processes(status).map(|Process { pid, role, uid, walls }| {
        let (uid, walls) = (number(uid.map(i64::from)), strings(&walls));
        format!("{{\"pid\":{pid},\"role\":\"{role}\",\"uid\":{uid},\"walls\":[{walls}]}}")
    });
    format!(
        "{{\"version\":{},\"configuration\":{{\"path\":{},\"loaded\":{},\"refused\":{},\"refused_at\":{}}},\"processes\":[{}],\"missing\":[{}],\
         \"listeners\":[{}],\"filters\":[{}],\"sessions\":{},\"deliveries\":{},\"queue\":{{\"messages\":{},\"oldest\":{}}}}}\n",
        json_string(&status.version),
        json_string(&String::from_utf8_lossy(&status.file)),
        status.loaded,
        status.refused.as_ref().map_or_else(|| String::from("null"), |refusal| json_string(&refusal.why)),
        number(status.refused.as_ref().map(|refusal| refusal.at)),
        processes.join(","),
        strings(&status.missing),
        strings(&status.listeners),
        strings(&status.filters),
        status.sessions,
        status.deliveries,
        queue.messages,
        number(queue.oldest),
    )
}
