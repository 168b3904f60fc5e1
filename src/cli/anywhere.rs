//! Where a configuration is read that is looked at for what it says.
//!
//! In: what the loader asks of a host. Out: answers that leave nothing to complain of. Never here: a complaint about
//! the machine that the configuration happens to be looked at on.

use crate::config::{ConfigEnv, DeclaredMap, FileProblem, HostFacts, MapDecl, MapWords, SystemEnv};
use crate::maps;
use crate::schema::UserIds;
use crate::sys::safe::Blame;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A host on which every file, account and address exists. Map types are those of this program.
pub struct Anywhere {
    system: SystemEnv,
    /// This host is asked first.
    here: bool,
}

impl Anywhere {
    /// No host: a .mc is checked for what it says, not for where it is checked.
    pub fn nowhere() -> Self {
        Self { system: maps::environment(), here: false }
    }

    /// This host, with all that it lacks.
    pub fn here() -> Self {
        Self { system: maps::environment(), here: true }
    }

    /// What this host knows, if it counts.
    fn known<T>(&mut self, ask: impl FnOnce(&mut SystemEnv) -> Option<T>) -> Option<T> {
        if self.here { ask(&mut self.system) } else { None }
    }
}

impl ConfigEnv for Anywhere {
    fn host(&mut self) -> HostFacts {
        self.known(|system| Some(system.host())).unwrap_or_else(|| HostFacts {
            name: b"mail.example.com".to_vec(),
            node: b"mail.example.com".to_vec(),
            aliases: Vec::new(),
            addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
        })
    }

    fn interfaces(&mut self, skip_loopback: bool) -> Vec<Vec<u8>> {
        self.known(|system| Some(system.interfaces(skip_loopback))).unwrap_or_default()
    }

    fn class_file(&mut self, path: &[u8], blame: Blame) -> Result<Vec<u8>, FileProblem> {
        Ok(self.known(|system| system.class_file(path, blame).ok()).unwrap_or_default())
    }

    fn program(&mut self, argv: &[Vec<u8>], blame: Blame) -> Result<Vec<u8>, FileProblem> {
        Ok(self.known(|system| system.program(argv, blame).ok()).unwrap_or_default())
    }

    fn declare_map(&mut self, decl: &MapDecl, known: &dyn Fn(&[u8]) -> bool, traced: bool) -> DeclaredMap {
        self.system.declare_map(decl, known, traced)
    }

    fn map_words(&mut self, map: &MapDecl, key: &[u8], blame: &[Vec<u8>]) -> MapWords {
        let words = self.known(|system| system.map_words(map, key, blame).words.ok()).flatten();
        MapWords { messages: Vec::new(), words: Ok(words) }
    }

    fn user(&mut self, name: &[u8]) -> Option<UserIds> {
        self.known(|system| system.user(name)).or(Some(UserIds { uid: 1, gid: 1 }))
    }

    fn group(&mut self, name: &[u8]) -> Option<u32> {
        self.known(|system| system.group(name)).or(Some(1))
    }

    fn service(&mut self, name: &[u8]) -> Option<u16> {
        match name {
            b"smtp" => Some(25),
            b"smtps" | b"submissions" => Some(465),
            b"submission" => Some(587),
            _ => self.system.service(name),
        }
    }

    fn address(&mut self, name: &[u8], inet6: bool) -> Option<IpAddr> {
        let local = if inet6 { IpAddr::V6(Ipv6Addr::LOCALHOST) } else { IpAddr::V4(Ipv4Addr::LOCALHOST) };
        self.known(|system| system.address(name, inet6)).or(Some(local))
    }

    fn variable(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        self.known(|system| system.variable(name))
    }

    fn processors(&mut self) -> i64 {
        self.known(|system| Some(system.processors())).unwrap_or(1)
    }
}
