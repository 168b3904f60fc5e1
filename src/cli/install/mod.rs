//! `canonify install`: takes the place of a system's sendmail, and gives it back.
//!
//! In: a system (the running one, or one below a directory), this program. Out: the program, its names, accounts, directories
//! and units, and a manifest of what was there before. Never here: a site's .mc, .cf or map is never written.

mod accounts;
mod diversions;
mod layout;
mod manifest;
mod remove;
mod step;
mod work;

use super::personality::{Personality, find};
use super::process::{self, complain};
use super::{manual, show};
use crate::schema::Sysexit;
use crate::sys::root::Root;
use crate::sys::{errno_text, identity};
use clap::Parser;
use layout::{ACCOUNTS, Family, Layout, PROGRAM};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use step::{Piece, Thing, way_to};
use work::Work;

/// Take the place of the system's sendmail, or give it back
///
/// Copies this program, links the names that users, other programs and the system's scripts call, and makes accounts,
/// directories and units that are missing. What was there before is kept beside it, and --remove puts it back. A configuration,
/// its maps and a unit or script that starts the system's sendmail stay as they are. Doing it again does only what is missing.
#[derive(Parser)]
#[command(name = "canonify install", bin_name = "canonify install")]
pub(super) struct Arguments {
    /// The system is below this directory; its accounts are lines of its files, and no program of it is run
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
    /// Print every step and do none
    #[arg(long)]
    dry_run: bool,
    /// Put everything back
    #[arg(long)]
    remove: bool,
    /// The kind of system, where it does not say so itself
    #[arg(long, value_enum)]
    layout: Option<Family>,
}

/// Entry of the personality.
pub(super) fn main(args: Vec<OsString>, names: &[Personality]) -> ExitCode {
    process::run(args, |arguments| run(arguments, names))
}

fn run(arguments: Arguments, names: &[Personality]) -> Result<Sysexit, Sysexit> {
    let root = std::fs::canonicalize(&arguments.root).map_err(|error| {
        complain(&format!("canonify install: {}: {}", arguments.root.display(), errno_text(&error)));
        Sysexit::NOINPUT
    })?;
    let root = Root::new(root);
    if root.is_own() && !arguments.dry_run && !identity::is_root() {
        complain("canonify install: only root can change the system; --dry-run shows what would be done");
        return Err(Sysexit::NOPERM);
    }
    let (remove, family) = (arguments.remove, arguments.layout);
    let done = Work::new(root, arguments.dry_run).and_then(|mut work| {
        match remove {
            true => work.remove()?,
            false => install(&mut work, family, names)?,
        }
        Ok(work)
    });
    let work = done.map_err(|error| {
        complain(&format!("canonify install: {}", errno_text(&error)));
        Sysexit::CANTCREAT
    })?;
    conclude(&work);
    Ok(Sysexit::OK)
}

fn conclude(work: &Work) {
    for what in &work.left_out {
        show::print(&format!("left out, for it takes root: {what}\n"));
    }
    match (work.changes, work.dry) {
        (0, _) => show::print("nothing to do\n"),
        (_, true) => show::print("nothing was done (--dry-run)\n"),
        _ => {}
    }
}

fn install(work: &mut Work, family: Option<Family>, names: &[Personality]) -> io::Result<()> {
    let family = family.map_or_else(|| Family::of(&work.root), Ok)?;
    let layout = family.layout();
    for account in ACCOUNTS {
        work.account(accounts::Kind::Group, account)?;
        work.account(accounts::Kind::User, account)?;
    }
    for (path, owner, group, mode) in layout.directories {
        work.put(&Piece { path: path.into(), thing: Thing::Directory, owner, group, mode: *mode })?;
    }
    let program =
        Piece { path: PROGRAM.into(), thing: Thing::Program, owner: "root", group: "smmsp", mode: 0o2755 };
    work.put(&program)?;
    link_names(work, layout, names)?;
    document(work, names)?;
    start_it(work, layout)?;
    if !work.dry && work.root.about_end(Path::new("/etc/mail/sendmail.cf"))?.is_none() {
        show::print(
            "there is no /etc/mail/sendmail.cf: `canonify mc SITE.mc -o /etc/mail/sendmail.cf' makes one\n",
        );
    }
    Ok(())
}

fn link_names(work: &mut Work, layout: &Layout, names: &[Personality]) -> io::Result<()> {
    let is_ours = |name: &str| find(names, OsStr::new(name)).is_some();
    let programs: Vec<&str> =
        layout.programs.iter().filter(|(_, name)| is_ours(name)).map(|(path, _)| *path).collect();
    for path in &programs {
        if work.root.about(Path::new(path))?.is_some() {
            work.put(&Piece::link(path, way_to(PROGRAM, path)))?;
        }
    }
    // links, alternatives and scripts of the system's sendmail lead to its programs, and those are ours by now
    let ends: Vec<&str> =
        programs.into_iter().chain([PROGRAM]).chain(layout.scripts.iter().copied()).collect();
    for (path, _) in layout.names.iter().filter(|(_, name)| is_ours(name)) {
        if work.manifest.of(Path::new(path)).is_some() || !leads_to(&work.root, Path::new(path), &ends)? {
            work.put(&Piece::link(path, way_to(PROGRAM, path)))?;
        }
    }
    Ok(())
}

fn leads_to(root: &Root, path: &Path, ends: &[&str]) -> io::Result<bool> {
    let is_end = |path: &PathBuf| ends.iter().any(|end| path.starts_with(end));
    Ok(root.about_end(path)?.is_some() && root.chain(path)?.iter().any(is_end))
}

/// Manual pages and completions, where the system has a place for them.
fn document(work: &mut Work, names: &[Personality]) -> io::Result<()> {
    for (place, path, text) in manual::documents(names)? {
        if work.root.about_end(Path::new(place))?.is_some() {
            let thing = Thing::File(text);
            work.put(&Piece {
                path: Path::new(place).join(path),
                thing,
                owner: "root",
                group: "root",
                mode: 0o644,
            })?;
        }
    }
    Ok(())
}

/// What systemd is told; a unit or script of the system's own that starts sendmail stays.
fn start_it(work: &mut Work, layout: &Layout) -> io::Result<()> {
    let known = |path: &Path| work.manifest.of(path).is_some();
    let starter = layout.starter(&work.root, known)?;
    if let Some(starter) = starter {
        show::print(&format!("{} stays: it starts what is sendmail now\n", starter.display()));
    }
    for piece in layout.systemd(&work.root)? {
        let is_unit = piece.path.extension().is_some_and(|extension| extension == "service");
        if !is_unit || starter.is_none() {
            work.put(&piece)?;
        }
    }
    Ok(())
}
