//! What makemap, editmap and praliases share: short options, the cf's say about map files, opening.

use super::process;
use crate::db::bdb::Kind;
use crate::schema::Sysexit;
use crate::sys::safe::{self, Blame, Refusal};
use clap::{Arg, ArgAction, Command};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// The configuration that is read without `-C`.
pub(super) const DEFAULT_CF: &[u8] = b"/etc/mail/sendmail.cf";

/// A command line, cut into options and words as getopt does.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Options in order: letter and value.
    pub options: Vec<(u8, Vec<u8>)>,
    /// What is no option.
    pub rest: Vec<Vec<u8>>,
}

/// An option of one letter.
pub(super) struct Letter {
    letter: u8,
    /// What its value is called; `None` without one.
    value: Option<&'static str>,
    about: &'static str,
}

/// An option without a value.
pub(super) const fn flag(letter: u8, about: &'static str) -> Letter {
    Letter { letter, value: None, about }
}

/// An option with a value.
pub(super) const fn option(letter: u8, value: &'static str, about: &'static str) -> Letter {
    Letter { letter, value: Some(value), about }
}

/// The same for those who describe a command line.
pub(super) fn command(name: &'static str, about: &'static str, letters: &[Letter]) -> Command {
    letters.iter().fold(bare_command(name, about), |command, Letter { letter, value, about }| {
        let letter = char::from(*letter);
        let arg = Arg::new(letter.to_string()).short(letter).help(*about);
        command.arg(match value {
            Some(value) => arg.value_name(*value),
            None => arg.action(ArgAction::SetTrue),
        })
    })
}

/// One that does not have clap's own options: sendmail's have other meanings.
pub(super) fn bare_command(name: &'static str, about: &'static str) -> Command {
    Command::new(name).about(about).disable_help_flag(true).disable_version_flag(true)
}

/// Says what is wrong with a command line, unless it is empty, and what it must look like; the status to end with.
pub(super) fn usage(problem: &[u8], usage: &str, status: Sysexit) -> Sysexit {
    if !problem.is_empty() {
        process::complain(&String::from_utf8_lossy(problem));
    }
    process::complain(usage);
    status
}

/// Cuts a command line. The error is getopt's message.
pub(super) fn getopt(args: Vec<OsString>, known: &[Letter]) -> Result<Words, Vec<u8>> {
    let mut args = args.into_iter().map(OsString::into_vec);
    let program = args.next().unwrap_or_default();
    let mut words = Words::default();
    while let Some(word) = args.next() {
        if word == b"--" {
            words.rest.extend(args.by_ref());
            break;
        }
        let Some(mut letters) = word.strip_prefix(b"-").filter(|letters| !letters.is_empty()) else {
            words.rest.push(word);
            continue;
        };
        while let Some((letter, after)) = letters.split_first() {
            let Some(row) = known.iter().find(|row| row.letter == *letter) else {
                return Err([program.as_slice(), b": invalid option -- '", &[*letter], b"'"].concat());
            };
            if row.value.is_none() {
                words.options.push((*letter, Vec::new()));
                letters = after;
                continue;
            }
            let value = if after.is_empty() { args.next() } else { Some(after.to_vec()) };
            let Some(value) = value else {
                return Err(
                    [program.as_slice(), b": option requires an argument -- '", &[*letter], b"'"].concat()
                );
            };
            words.options.push((*letter, value));
            break;
        }
    }
    Ok(words)
}

/// What a cf says about map files, and nothing else of it.
#[derive(Debug, Default)]
pub(super) struct CfFacts {
    /// DontBlameSendmail.
    pub blame: Blame,
    /// TrustedUser's uid.
    pub trusted: Option<u32>,
    /// AliasFile, all values.
    pub alias_files: Vec<Vec<u8>>,
}

impl CfFacts {
    /// Reads the `O` lines of a cf.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(file: &[u8]) -> std::io::Result<Self> {
        let text = std::fs::read(path_of(file))?;
        let mut facts = Self::default();
        for line in text.split(|byte| *byte == b'\n') {
            if let Some(files) = line.strip_prefix(b"OA") {
                facts.alias_files.push(files.trim_ascii().to_vec());
            }
            let Some(option) = line.strip_prefix(b"O ") else { continue };
            let Some(equals) = option.iter().position(|byte| *byte == b'=') else { continue };
            let (name, value) = (option[..equals].trim_ascii(), option[equals + 1..].trim_ascii());
            facts.option(&name.to_ascii_lowercase(), value);
        }
        Ok(facts)
    }

    fn option(&mut self, name: &[u8], value: &[u8]) {
        match name {
            // unknown words are sendmail's to complain about
            b"dontblamesendmail" => drop(self.blame.add(value)),
            b"trusteduser" => self.trusted = user_id(value),
            b"aliasfile" => self.alias_files.push(value.to_vec()),
            _ => {}
        }
    }
}

fn user_id(text: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(text).ok()?;
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    nix::unistd::User::from_name(text).ok()?.map(|user| user.uid.as_raw())
}

/// A path of bytes.
pub(super) fn path_of(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// `NAME.db`
pub(super) fn database_path(name: &[u8]) -> PathBuf {
    let name = if name.ends_with(b".db") { name.to_vec() } else { [name, b".db"].concat() };
    PathBuf::from(OsString::from_vec(name))
}

/// The kind of database behind a map type; the error is what comes after `makemap: `.
pub(super) fn kind(word: &[u8], name: &[u8]) -> Result<Kind, Vec<u8>> {
    match word {
        b"hash" | b"implicit" => Ok(Kind::Hash),
        b"btree" => Ok(Kind::Btree),
        b"dbm" => Err(b"Need to recompile with -DNDBM for dbm support".to_vec()),
        b"cdb" => Err(b"Need to recompile with -DCDB for cdb support".to_vec()),
        _ => Err(opening(word, name, b"Unknown database type")),
    }
}

/// `error opening type T map M: WHY`
pub(super) fn opening(word: &[u8], name: &[u8], why: &[u8]) -> Vec<u8> {
    [b"error opening type ", word, b" map ", name, b": ", why].concat()
}

/// The system's text for an error; a file that is no database is "Invalid argument", as with libdb.
pub(super) fn error_text(error: &std::io::Error) -> Vec<u8> {
    use std::io::ErrorKind::{InvalidData, InvalidInput};
    match (error.raw_os_error(), error.kind()) {
        (None, InvalidData | InvalidInput) => b"Invalid argument".to_vec(),
        _ => crate::sys::errno_text(error).into_bytes(),
    }
}

/// May this map file be written (or, without `-s`, even read)? Directories that others may write to
/// are only warned of.
pub(super) fn check(path: &Path, blame: Blame) -> Result<(), Vec<u8>> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    std::fs::metadata(&directory).map_err(|error| error_text(&error))?;
    let rules = safe::Rules {
        group_directory: true,
        world_directory: true,
        group_file: true,
        world_file: true,
        links: false,
        ..safe::Rules::STRICT
    };
    let Ok(about) = std::fs::symlink_metadata(path) else { return Ok(()) };
    use std::os::unix::fs::MetadataExt;
    if about.is_symlink() && !blame.contains(Blame::WRITE_MAP_TO_SYM_LINK) {
        return Err(b"Symbolic links not allowed".to_vec());
    }
    if about.is_file() && about.nlink() > 1 && !blame.contains(Blame::WRITE_MAP_TO_HARD_LINK) {
        return Err(b"Hard links not allowed".to_vec());
    }
    match safe::open(path, &safe::Rules { links: true, ..rules }) {
        Ok(_) => Ok(()),
        Err(Refusal::System(error)) if error.kind() == std::io::ErrorKind::PermissionDenied => Ok(()),
        Err(Refusal::System(error)) => Err(error_text(&error)),
        Err(Refusal::Unsafe(danger)) => Err(danger.to_string().into_bytes()),
    }
}

/// The warnings about directories of a path that anybody may write to.
pub(super) fn warnings(path: &Path) -> Vec<Vec<u8>> {
    use std::os::unix::fs::MetadataExt;
    let above = path.ancestors().skip(1).filter(|dir| !dir.as_os_str().is_empty());
    let open = above.filter(|dir| std::fs::metadata(dir).is_ok_and(|about| about.mode() & 0o002 != 0));
    open.map(|dir| [b"WARNING: World writable directory ", dir.as_os_str().as_bytes()].concat()).collect()
}

/// Prints a line on standard error.
pub(super) fn complain(parts: &[&[u8]]) {
    use std::io::Write;
    let mut line = parts.concat();
    line.push(b'\n');
    // there is nowhere left to say that nothing can be said
    let _ = std::io::stderr().write_all(&line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_and_words() {
        let args = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        let known = [flag(b'v', ""), flag(b'N', ""), option(b'C', "", ""), option(b't', "", "")];
        let words = getopt(args(&["makemap", "-vNC", "file", "hash", "-t:x", "map"]), &known).expect("known");
        let wanted: Vec<(u8, Vec<u8>)> =
            vec![(b'v', vec![]), (b'N', vec![]), (b'C', b"file".to_vec()), (b't', b":x".to_vec())];
        assert_eq!(words.options, wanted);
        assert_eq!(words.rest, [b"hash".to_vec(), b"map".to_vec()]);
        assert_eq!(getopt(args(&["m", "-Q"]), &known).expect_err("unknown"), b"m: invalid option -- 'Q'");
    }
}
