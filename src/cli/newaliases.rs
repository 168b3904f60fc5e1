//! `newaliases` (`sendmail -bi`): alias files become databases.
//!
//! In: option AliasFile. Out: one `.db` per file of a class that is built, complaints and a summary on
//! stdout. Lines with faults are left out; the others are stored.

use super::invocation::Invocation;
use super::site;
use crate::engine::Scope;
use crate::keeper::alias_file::{self, AliasSpec};
use crate::keeper::database_of;
use crate::logging::Quiet;
use crate::maps::bdb::{Kind, Writer};
use crate::net::Resolver;
use crate::rewrite::{AddressKind, Site, parseaddr, parseaddr_until};
use crate::schema::Sysexit;
use crate::sys::safe::{self, Rules};
use std::io::{Read, Write};
use std::sync::Arc;

/// Rebuilds every database of option AliasFile.
pub fn run(invocation: &Invocation) -> Sysexit {
    let loaded = match site::load_sound_site(invocation) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    let config = Arc::new(loaded.config);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(_) => return Sysexit::OSERR,
    };
    let resolver = Arc::new(Resolver::for_config(&config));
    let specs: Vec<AliasSpec> =
        config.options.alias_file.iter().flat_map(|value| alias_file::specs(value)).collect();
    let site = Site::new(config, resolver);
    let mut status = Sysexit::OK;
    for spec in specs {
        if let Some(kind) = kind(&spec) {
            let built = runtime.block_on(rebuild(&site, &spec, kind));
            status = if built.is_ok() { status } else { built };
        }
    }
    status
}

/// What is built for a class; `None`: nothing.
fn kind(spec: &AliasSpec) -> Option<Kind> {
    match spec.class.as_slice() {
        b"hash" | b"implicit" => Some(Kind::Hash),
        b"btree" => Some(Kind::Btree),
        _ => None,
    }
}

/// A closed stdout leaves nobody to tell.
fn say(text: &[u8]) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
}

async fn rebuild(site: &Site, spec: &AliasSpec, kind: Kind) -> Sysexit {
    let mut text = Vec::new();
    let opened = safe::open(&spec.file, &Rules::alias(site.config.blame()));
    let read = opened.and_then(|(mut file, _)| Ok(file.read_to_end(&mut text)?));
    if let Err(why) = read {
        let why = why.to_string();
        let why = why.split(" (os error").next().unwrap_or(&why);
        say(format!("newaliases: cannot open {}: {why}", spec.file.display()).as_bytes());
        return Sysexit::OK; // as sendmail: the other files still count
    }
    let mut build = Build::new(site, spec, kind);
    for line in alias_file::lines(&text) {
        match line {
            Ok(line) => build.add(&line).await,
            Err((number, problem)) => build.complain(number, problem.to_string().as_bytes()),
        }
    }
    build.finish()
}

struct Build<'a> {
    site: &'a Site,
    spec: &'a AliasSpec,
    writer: Writer,
    status: Sysexit,
    count: u64,
    longest: usize,
    bytes: usize,
}

impl<'a> Build<'a> {
    fn new(site: &'a Site, spec: &'a AliasSpec, kind: Kind) -> Self {
        let writer = Writer::new(kind, false);
        Self { site, spec, writer, status: Sysexit::OK, count: 0, longest: 0, bytes: 0 }
    }

    fn tell(&self, line: u32, text: &[u8]) {
        let place = format!("{}: line {line}: ", self.spec.file.display());
        say(&[place.as_bytes(), text].concat());
    }

    fn complain(&mut self, line: u32, text: &[u8]) {
        self.tell(line, text);
        self.status = Sysexit::SOFTWARE;
    }

    async fn add(&mut self, line: &alias_file::AliasLine) {
        let whole = [&line.name[..], b": ", &line.value].concat();
        let mut scope = Scope::default();
        let kind = AddressKind::RECIPIENT;
        let parsed = parseaddr_until(self.site, &mut scope, &mut Quiet, &whole, b':', kind).await;
        for problem in &parsed.problems {
            let shown = if parsed.bad { &line.name } else { &whole };
            self.tell(line.line, &[&shown[..], b"... ", &problem.text].concat());
        }
        let Some(address) = parsed.address else {
            let text: &[u8] = match parsed.bad {
                true => b"... cannot alias non-local names",
                false => b"... illegal alias name",
            };
            return self.complain(line.line, &[&line.name[..], text].concat());
        };
        let mailer = self.site.config.mailers.get(usize::from(address.mailer.0));
        if !mailer.is_some_and(|mailer| mailer.has(b'A')) {
            return self.complain(line.line, &[&line.name[..], b"... cannot alias non-local names"].concat());
        }
        if self.site.config.options.check_aliases {
            self.check(line).await;
        }
        let exact = mailer.is_some_and(|mailer| mailer.has(b'u'));
        let key = if exact { address.user } else { address.user.to_ascii_lowercase() };
        self.store(line, key);
    }

    /// Option CheckAliases: every address of the value.
    async fn check(&mut self, line: &alias_file::AliasLine) {
        for part in alias_file::split_list(&line.value) {
            let mut scope = Scope::default();
            let kind = AddressKind::RECIPIENT;
            let parsed = parseaddr(self.site, &mut scope, &mut Quiet, &part, kind).await;
            for problem in &parsed.problems {
                self.tell(line.line, &[&part[..], b"... ", &problem.text].concat());
            }
            if parsed.address.is_none() && !parsed.temporary {
                self.complain(line.line, &[&part[..], b"... bad address"].concat());
            }
        }
    }

    fn store(&mut self, line: &alias_file::AliasLine, key: Vec<u8>) {
        self.count += 1;
        self.longest = self.longest.max(line.value.len());
        self.bytes += key.len() + line.value.len();
        // databases of sendmail keep the NUL at the end of keys and values
        let (mut stored, mut value) = (key.clone(), line.value.clone());
        stored.push(0);
        value.push(0);
        if !self.writer.insert(&stored, &value) {
            let text = [&line.name[..], b"... Warning: duplicate alias name ", &key].concat();
            self.tell(line.line, &text);
            self.writer.replace(&stored, &value);
        }
    }

    fn finish(mut self) -> Sysexit {
        // the mark of a complete database
        self.writer.replace(b"@\0", b"@\0");
        let path = database_of(&self.spec.file);
        if let Err(error) = self.writer.commit(&path) {
            say(format!("newaliases: cannot create {}: {error}", path.display()).as_bytes());
            return Sysexit::CANTCREAT;
        }
        let (file, count) = (self.spec.file.display(), self.count);
        say(format!("{file}: {count} aliases, longest {} bytes, {} bytes total", self.longest, self.bytes)
            .as_bytes());
        self.status
    }
}
