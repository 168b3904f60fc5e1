//! What a configuration needs to know from outside: this host, accounts, class files, programs.

use super::host::HostFacts;
use super::rulesets::MapDecl;
use crate::schema::UserIds;
use crate::sys::accounts;
use crate::sys::process::Program;
use crate::sys::safe::{self, Blame, Refusal, Rules};
use crate::sys::startup;
use std::ffi::{OsStr, OsString};
use std::io;
use std::net::IpAddr;
use std::process::Stdio;

/// Why a class file was not read.
#[derive(Debug)]
pub enum FileProblem {
    /// Not to be trusted; sendmail's words.
    Unsafe(String),
    /// The system said no.
    System(io::Error),
    /// The program could not be run.
    Exec(io::Error),
}

/// Why a map gave no words for a class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapFailure {
    /// No map class of that name.
    NoClass,
    /// Its arguments were refused.
    Arguments,
    /// It could not be opened.
    Open,
    /// It was asked in vain.
    Lookup,
}

/// What a map says to a class that wants its words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MapWords {
    /// What the map itself complains of, without `file: line N: `.
    pub messages: Vec<Vec<u8>>,
    /// The words; `None` when the key is not there.
    pub words: Result<Option<Vec<u8>>, MapFailure>,
}

/// What reading a K line says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeclaredMap {
    /// Complaints, without `file: line N: `.
    pub messages: Vec<Vec<u8>>,
    /// Does the map exist afterwards?
    pub keep: bool,
    /// It exists, but its arguments are such that it can never be asked.
    pub unusable: bool,
    /// What `-d37.5` prints, where that was asked for.
    pub trace: Vec<u8>,
}

/// The outside world while a configuration is read.
pub trait ConfigEnv: Send {
    /// This host.
    fn host(&mut self) -> HostFacts;
    /// Names and bracketed addresses of the interfaces, for class w.
    fn interfaces(&mut self, skip_loopback: bool) -> Vec<Vec<u8>>;
    /// A class file's content.
    fn class_file(&mut self, path: &[u8], blame: Blame) -> Result<Vec<u8>, FileProblem>;
    /// A program's output, for `F|`.
    fn program(&mut self, argv: &[Vec<u8>], blame: Blame) -> Result<Vec<u8>, FileProblem>;
    /// Reads a K line; `known` tells whether a map was declared before, `traced` whether the trace is wanted.
    fn declare_map(&mut self, decl: &MapDecl, known: &dyn Fn(&[u8]) -> bool, traced: bool) -> DeclaredMap;
    /// A map's value for a key, for `Fkey@class:spec`. The map has the class's name.
    fn map_words(&mut self, map: &MapDecl, key: &[u8], blame: &[Vec<u8>]) -> MapWords;
    /// User and group ids of an account.
    fn user(&mut self, name: &[u8]) -> Option<UserIds>;
    /// A group's id.
    fn group(&mut self, name: &[u8]) -> Option<u32>;
    /// A TCP service's port.
    fn service(&mut self, name: &[u8]) -> Option<u16>;
    /// A host's address, of IPv6 if asked for.
    fn address(&mut self, name: &[u8], inet6: bool) -> Option<IpAddr>;
    /// A variable of the caller's environment.
    fn variable(&mut self, name: &[u8]) -> Option<Vec<u8>>;
    /// Processors of this machine.
    fn processors(&mut self) -> i64;
}

/// mailnull, sendmail or daemon, if that is not root; else 1:1.
pub(super) fn usual_default_user(env: &mut dyn ConfigEnv) -> (&'static str, UserIds) {
    ["mailnull", "sendmail", "daemon"]
        .into_iter()
        .find_map(|name| env.user(name.as_bytes()).map(|ids| (name, ids)))
        .filter(|(_, ids)| ids.uid != 0)
        .unwrap_or(("1:1", UserIds { uid: 1, gid: 1 }))
}

/// The real world.
///
/// Maps live further down, so what is asked of them is a pair of functions: without them every K line
/// is accepted and no map has words (`maps::environment` has them).
#[derive(Clone, Copy, Default)]
pub struct SystemEnv {
    /// Answers [`ConfigEnv::declare_map`].
    pub declare: Option<DeclareFn>,
    /// Answers [`ConfigEnv::map_words`].
    pub words: Option<WordsFn>,
}

/// Reads a K line.
pub type DeclareFn = fn(&MapDecl, &dyn Fn(&[u8]) -> bool, bool) -> DeclaredMap;
/// Opens a map for one question.
pub type WordsFn = fn(&MapDecl, &[u8], &[Vec<u8>]) -> MapWords;

impl ConfigEnv for SystemEnv {
    fn host(&mut self) -> HostFacts {
        let node = nix::unistd::gethostname().map(|name| name.into_encoded_bytes()).unwrap_or_default();
        let table = std::fs::read("/etc/hosts").unwrap_or_default();
        let mut facts = super::host::from_hosts_file(&table, &node);
        if facts.addresses.is_empty() {
            facts.addresses = resolve(&facts.name);
        }
        facts
    }

    fn interfaces(&mut self, skip_loopback: bool) -> Vec<Vec<u8>> {
        let Ok(all) = nix::ifaddrs::getifaddrs() else { return Vec::new() };
        let table = std::fs::read("/etc/hosts").unwrap_or_default();
        super::host::interface_names(all, &table, skip_loopback)
    }

    fn class_file(&mut self, path: &[u8], blame: Blame) -> Result<Vec<u8>, FileProblem> {
        let (mut file, _) = safe::open(&accounts::path(path), &Rules::class(blame)).map_err(problem)?;
        let mut text = Vec::new();
        io::Read::read_to_end(&mut file, &mut text).map_err(FileProblem::System)?;
        Ok(text)
    }

    fn program(&mut self, argv: &[Vec<u8>], blame: Blame) -> Result<Vec<u8>, FileProblem> {
        let Some(path) = argv.first() else { return Ok(Vec::new()) };
        if !path.starts_with(b"/") {
            return Err(FileProblem::Exec(io::ErrorKind::NotFound.into()));
        }
        let rules = Rules {
            world_directory: blame.contains(Blame::RUN_PROGRAM_IN_UNSAFE_DIR_PATH),
            group_directory: blame
                .intersects(Blame::RUN_PROGRAM_IN_UNSAFE_DIR_PATH | Blame::GROUP_WRITABLE_DIR_PATH_SAFE),
            sticky: blame.contains(Blame::TRUST_STICKY_BIT),
            links: true,
            group_file: blame.contains(Blame::RUN_WRITABLE_PROGRAM),
            world_file: blame.contains(Blame::RUN_WRITABLE_PROGRAM),
            ..Rules::STRICT
        };
        safe::open(&accounts::path(path), &rules).map_err(problem)?;
        let environment = vec![(b"PATH".to_vec(), b"/usr/bin:/bin".to_vec())];
        let program = Program { path: path.clone(), argv: argv.to_vec(), environment, ..Program::default() };
        let child = program.spawn(Stdio::piped()).map_err(FileProblem::Exec)?;
        let output = child.wait_with_output().map_err(FileProblem::System)?;
        Ok(output.stdout)
    }

    fn declare_map(&mut self, decl: &MapDecl, known: &dyn Fn(&[u8]) -> bool, traced: bool) -> DeclaredMap {
        match self.declare {
            Some(declare) => declare(decl, known, traced),
            None => DeclaredMap { keep: true, ..DeclaredMap::default() },
        }
    }

    fn map_words(&mut self, map: &MapDecl, key: &[u8], blame: &[Vec<u8>]) -> MapWords {
        match self.words {
            Some(words) => words(map, key, blame),
            None => MapWords { messages: Vec::new(), words: Err(MapFailure::Open) },
        }
    }

    fn user(&mut self, name: &[u8]) -> Option<UserIds> {
        accounts::user(name).ok().flatten().map(|user| user.ids())
    }

    fn group(&mut self, name: &[u8]) -> Option<u32> {
        accounts::group(name).ok().flatten()
    }

    fn service(&mut self, name: &[u8]) -> Option<u16> {
        super::host::service_port(&std::fs::read("/etc/services").unwrap_or_default(), name)
    }

    fn address(&mut self, name: &[u8], inet6: bool) -> Option<IpAddr> {
        resolve(name).into_iter().find(|address| address.is_ipv6() == inet6)
    }

    fn variable(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        let name =
            std::str::from_utf8(name).ok().filter(|name| !name.is_empty() && !name.contains(['=', '\0']))?;
        startup::callers_variable(OsStr::new(name)).map(OsString::into_encoded_bytes)
    }

    fn processors(&mut self) -> i64 {
        crate::sys::load::processors()
    }
}

fn problem(refusal: Refusal) -> FileProblem {
    match refusal {
        Refusal::Unsafe(danger) => FileProblem::Unsafe(danger.to_string()),
        Refusal::System(error) => FileProblem::System(error),
    }
}

/// All addresses of a name by the system's resolver.
fn resolve(name: &[u8]) -> Vec<IpAddr> {
    use std::net::ToSocketAddrs;
    let Ok(name) = std::str::from_utf8(name) else { return Vec::new() };
    let mut addresses: Vec<IpAddr> = Vec::new();
    for found in (name, 0).to_socket_addrs().into_iter().flatten() {
        if !addresses.contains(&found.ip()) {
            addresses.push(found.ip());
        }
    }
    addresses
}
