//! `canonify man` and `canonify completions`: pages and completions, made of the tables that read the command lines.
//!
//! In: the rows of names. Out: roff, and scripts for shells. Never here: what an option means; its own row says that.

mod page;
mod sendmail;

pub(super) use sendmail::{hoststat, mailq, newaliases, purgestat, sendmail, smtpd};

use super::personality::{Personality, find};
use super::process::{self, complain};
use super::show;
use crate::schema::Sysexit;
use crate::sys::errno_text;
use clap::{Arg, Command, Parser};
use clap_complete::Shell;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Print a manual page, or write all of them
///
/// Without a NAME the page is canonify(1). It is roff: `canonify man sendmail | man -l -' shows it.
#[derive(Parser)]
#[command(name = "canonify man", bin_name = "canonify man")]
pub(super) struct Pages {
    /// A name of `canonify --help'
    name: Option<OsString>,
    /// Write every page into the folders man1 and man8 of this directory
    #[arg(long, value_name = "DIR", conflicts_with = "name")]
    dir: Option<PathBuf>,
}

/// Print what a shell needs to complete a command line
///
/// For bash: `canonify completions bash > /usr/share/bash-completion/completions/canonify'.
#[derive(Parser)]
#[command(name = "canonify completions", bin_name = "canonify completions")]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
    /// Complete the command line of this link instead of canonify's
    #[arg(long, value_name = "NAME")]
    name: Option<OsString>,
}

/// Entry of `man`.
pub(super) fn pages_main(args: Vec<OsString>, names: &[Personality]) -> ExitCode {
    process::run(args, |arguments: Pages| {
        if let Some(directory) = &arguments.dir {
            return write_pages(directory, names).map(|()| Sysexit::OK).map_err(|error| {
                complain(&format!("canonify man: {}: {}", directory.display(), errno_text(&error)));
                Sysexit::CANTCREAT
            });
        }
        let command = command_of(names, arguments.name.as_deref())?;
        let page = page::roff(command, names).map_err(|error| cannot("man", &error))?;
        show::print(&String::from_utf8_lossy(&page));
        Ok(Sysexit::OK)
    })
}

/// Entry of `completions`.
pub(super) fn completions_main(args: Vec<OsString>, names: &[Personality]) -> ExitCode {
    process::run(args, |arguments: Completions| {
        let command = command_of(names, arguments.name.as_deref())?;
        show::print(&String::from_utf8_lossy(&script(arguments.shell, command)));
        Ok(Sysexit::OK)
    })
}

fn cannot(what: &str, error: &io::Error) -> Sysexit {
    complain(&format!("canonify {what}: {}", errno_text(error)));
    Sysexit::IOERR
}

fn command_of(names: &[Personality], name: Option<&OsStr>) -> Result<Command, Sysexit> {
    let Some(name) = name.filter(|name| *name != "canonify") else { return Ok(whole(names)) };
    find(names, name).map(|row| (row.command)()).ok_or_else(|| {
        complain(&format!("canonify: unknown name `{}'", name.display()));
        Sysexit::USAGE
    })
}

/// canonify itself, with all of its names behind it.
fn whole(names: &[Personality]) -> Command {
    let about = "a drop-in replacement for sendmail: one program with many names";
    let command = Command::new("canonify")
        .about(about)
        .long_about(
            "Takes the place of sendmail: configuration, maps, queue files, commands and logs stay as they are.\n\n\
             What it does is decided by the name of the link that it is called by, or by its first argument.",
        )
        .disable_help_subcommand(true)
        .arg(Arg::new("version").long("version").action(clap::ArgAction::SetTrue).help("Print the version"));
    names.iter().fold(command, |command, row| {
        let one = (row.command)().name(row.name).about(row.about);
        command.subcommand(one)
    })
}

fn script(shell: Shell, mut command: Command) -> Vec<u8> {
    // canonify's own names are two words; a script completes the command line of one
    let name = command.get_name().replace(' ', "-");
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut text);
    text
}

/// Those that are links, with their pages' section: users call mailq and newaliases, administrators the others.
fn links(names: &[Personality]) -> impl Iterator<Item = &Personality> {
    names.iter().filter(|row| !(row.command)().get_name().contains(' '))
}

/// Every page by its place below the directory of manual pages.
fn pages(names: &[Personality]) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let commands = names.iter().map(|row| (row.command)()).chain([whole(names)]);
    let page = |command: Command| {
        let (name, section) = (page::name(&command), page::section(&command));
        Ok((PathBuf::from(format!("man{section}/{name}.{section}")), page::roff(command, names)?))
    };
    commands.map(page).collect()
}

fn write_pages(directory: &Path, names: &[Personality]) -> io::Result<()> {
    for (path, text) in pages(names)? {
        let path = directory.join(path);
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::fs::write(path, text)?;
    }
    Ok(())
}

/// Where shells look for completions, and what the name of a file has before and behind that of the command.
const COMPLETIONS: &[(Shell, &str, &str, &str)] = &[
    (Shell::Bash, "/usr/share/bash-completion/completions", "", ""),
    (Shell::Zsh, "/usr/share/zsh/site-functions", "_", ""),
    (Shell::Zsh, "/usr/share/zsh/vendor-completions", "_", ""),
    (Shell::Fish, "/usr/share/fish/vendor_completions.d", "", ".fish"),
];

/// What an installation has of it: the directory that must be there, the file below it, its content.
pub(super) fn documents(names: &[Personality]) -> io::Result<Vec<(&'static str, PathBuf, Vec<u8>)>> {
    let mut documents = Vec::new();
    for (path, text) in pages(names)? {
        // without a time in it, so that the same page is the same file
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&text)?;
        let path = PathBuf::from(format!("{}.gz", path.display()));
        documents.push(("/usr/share/man", path, packed.finish()?));
    }
    for (shell, directory, before, behind) in COMPLETIONS {
        for command in links(names).map(|row| (row.command)()).chain([whole(names)]) {
            let path = format!("{before}{}{behind}", command.get_name());
            documents.push((directory, path.into(), script(*shell, command)));
        }
    }
    Ok(documents)
}
