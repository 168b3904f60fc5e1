//! `mc --check`: the cf that a .mc makes, read as the daemon would read it, and what is wrong with its lines
//! told at the lines of the .mc that made them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::{
    ConfigEnv, DeclaredMap, FileProblem, HostFacts, LoadOptions, MapDecl, MapWords, SystemEnv, load,
};
use crate::diag::{Diagnostic, Place, Severity};
use crate::m4::{CfText, Expanded};
use crate::maps;
use crate::sys::safe::Blame;

/// Adds what is wrong with the cf to what is wrong with the .mc. A line of the .mc with a finding already
/// gets no second one, but counts as an error if the cf line is one.
pub fn check_cf(name: &str, text: &[u8], expanded: &mut Expanded) {
    let cf = expanded.intended.as_ref().unwrap_or(&expanded.cf);
    if cf.text.is_empty() {
        return;
    }
    let mut env = Anywhere { system: maps::environment() };
    let options = LoadOptions { version: b"canonify".to_vec(), mode: b'd', ..LoadOptions::default() };
    let loaded = load(b"cf", &cf.text, &mut env, &options);
    let mut added: Vec<Diagnostic> = Vec::new();
    for message in loaded.messages.iter().filter(|message| message.severity >= Severity::Warning) {
        let mut found = message.diagnostic(b"cf", &cf.text);
        point_into_mc(name, text, cf, &mut found);
        let place = &found.place;
        let same = |other: &&mut Diagnostic| {
            other.place.line > 0 && (&other.place.file, other.place.line) == (&place.file, place.line)
        };
        match expanded.diagnostics.iter_mut().find(same) {
            Some(other) if other.severity == Severity::Notice => added.push(found),
            Some(other) => other.severity = other.severity.max(found.severity),
            None => added.push(found),
        }
    }
    expanded.diagnostics.append(&mut added);
    expanded
        .diagnostics
        .sort_by_key(|found| (found.place.file != name, found.place.line, found.place.column));
}

/// From a line of the cf to the line of the .mc that made it. The cf line itself goes into the help.
pub fn point_into_mc(name: &str, text: &[u8], cf: &CfText, found: &mut Diagnostic) {
    let Some((file, line)) = cf.origin(found.place.line) else { return };
    let other = if file == name { None } else { std::fs::read(file).ok() };
    let source = if file == name { Some(text) } else { other.as_deref() };
    let Some(source) = source else { return };
    let made = found.excerpt.take().map(|cf_line| cf_line.replace('\t', " "));
    found.place = Place { file: file.to_owned(), line, column: 0 };
    let excerpt = source.split(|byte| *byte == b'\n').nth(line.saturating_sub(1) as usize);
    let excerpt = excerpt.map(|line| String::from_utf8_lossy(line).trim_end().replace('\t', " "));
    if found.help.is_none() && made != excerpt {
        found.help = made.filter(|made| !made.is_empty()).map(|made| format!("it makes the cf line: {made}"));
    }
    found.excerpt = excerpt.filter(|line| !line.is_empty());
}

/// A host on which every file, account and address exists: a .mc is checked for what it says, not for
/// where it is checked. Map types are those of this program.
struct Anywhere {
    system: SystemEnv,
}

impl ConfigEnv for Anywhere {
    fn host(&mut self) -> HostFacts {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        HostFacts {
            name: b"mail.example.com".to_vec(),
            node: b"mail.example.com".to_vec(),
            aliases: Vec::new(),
            addresses: vec![address],
        }
    }

    fn interfaces(&mut self, _: bool) -> Vec<Vec<u8>> {
        Vec::new()
    }

    fn class_file(&mut self, _: &[u8], _: Blame) -> Result<Vec<u8>, FileProblem> {
        Ok(Vec::new())
    }

    fn program(&mut self, _: &[Vec<u8>], _: Blame) -> Result<Vec<u8>, FileProblem> {
        Ok(Vec::new())
    }

    fn declare_map(&mut self, decl: &MapDecl, known: &dyn Fn(&[u8]) -> bool, traced: bool) -> DeclaredMap {
        self.system.declare_map(decl, known, traced)
    }

    fn map_words(&mut self, _: &MapDecl, _: &[u8], _: &[Vec<u8>]) -> MapWords {
        MapWords { messages: Vec::new(), words: Ok(None) }
    }

    fn user(&mut self, _: &[u8]) -> Option<(u32, u32)> {
        Some((1, 1))
    }

    fn group(&mut self, _: &[u8]) -> Option<u32> {
        Some(1)
    }

    fn service(&mut self, name: &[u8]) -> Option<u16> {
        match name {
            b"smtp" => Some(25),
            b"smtps" | b"submissions" => Some(465),
            b"submission" => Some(587),
            _ => self.system.service(name),
        }
    }

    fn address(&mut self, _: &[u8], inet6: bool) -> Option<IpAddr> {
        Some(if inet6 { IpAddr::V6(Ipv6Addr::LOCALHOST) } else { IpAddr::V4(Ipv4Addr::LOCALHOST) })
    }

    fn variable(&mut self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn processors(&mut self) -> i64 {
        1
    }
}
