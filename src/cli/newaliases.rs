//! `newaliases` (`sendmail -bi`): alias files become databases.
//!
//! In: option AliasFile. Out: one `.db` per file of a class that is built, complaints and a summary on
//! stdout. Lines with faults are left out; the others are stored.

use super::caller::Caller;
use super::invocation::Invocation;
use super::maptool;
use super::messages;
use super::rights::{self, Privileged};
use super::site;
use crate::db::bdb::{Kind, Writer};
use crate::db::{AliasSpec, database_of};
use crate::logging::{Logger, Priority, Tracer};
use crate::net::Resolver;
use crate::rewrite::{Alias, Site, read_aliases};
use crate::schema::{Reply, Sysexit};
use crate::sys::identity;
use crate::sys::safe::{self, Blame, Rules};
use std::io::Write;
use std::sync::Arc;

/// Rebuilds every database of option AliasFile.
pub fn run(invocation: &Invocation) -> Sysexit {
    let loaded = match site::load_sound_site(invocation) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    let config = Arc::new(loaded.config);
    if let Err(status) = rights::require_trust(invocation, &config, Privileged::AliasMap) {
        return status;
    }
    let uid = identity::real_uid();
    if config.options.use_msp && uid != 0 {
        let refusal = format!("User {uid} cannot rebuild aliases in mail submission program");
        return messages::tell(refusal.as_bytes(), Sysexit::USAGE);
    }
    if uid != 0
        && let Err(status) = rights::enter_queue(invocation, &config)
    {
        return status;
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(_) => return Sysexit::OSERR,
    };
    let resolver = Arc::new(Resolver::for_config(&config));
    let specs: Vec<AliasSpec> = config.options.alias_file.iter().map(|part| AliasSpec::parse(part)).collect();
    let logger = messages::open_log_as(Logger::open_without_thread, invocation, &config);
    let site = Site::new(config, resolver);
    let mut status = Sysexit::OK;
    for spec in specs {
        if let Some(kind) = kind(&spec) {
            let built = runtime.block_on(rebuild(&site, &spec, kind, &logger));
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

/// Tells standard output what is wrong with a file, and the log what is an error.
struct Teller {
    faulty: bool,
    logger: Logger,
}

impl Tracer for Teller {
    fn level(&self, _category: u8) -> u8 {
        0
    }
    fn line(&mut self, text: &[u8]) {
        say(text);
    }
    fn reply(&mut self, reply: &Reply) {
        if reply.code == 554 {
            self.faulty = true;
            self.logger.syserr(Priority::Critical, Some(b"NOQUEUE"), &reply.text);
        }
        say(&reply.text);
    }
}

/// A closed stdout leaves nobody to tell.
fn say(text: &[u8]) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
}

async fn rebuild(site: &Site, spec: &AliasSpec, kind: Kind, logger: &Logger) -> Sysexit {
    let file = spec.file.as_os_str().as_encoded_bytes();
    let (blame, trusted_user) = (site.config.blame(), site.config.options.trusted_user);
    let rules = Rules::alias(blame);
    if let Some((danger, directory)) = safe::unsafe_directory(&spec.file, &rules) {
        say(format!("WARNING: {danger} {}", directory.display()).as_bytes());
    }
    let text = match safe::read(&spec.file, &rules) {
        Ok(text) => text,
        Err(why) => {
            say(format!("newaliases: cannot open {}: {why}", spec.file.display()).as_bytes());
            return Sysexit::OK; // as sendmail: the other files still count
        }
    };
    if let Err(status) = may_write(spec, blame, trusted_user) {
        return status;
    }
    let said = [b"alias database ", file, b" rebuilt by ", &Caller::of_process().name].concat();
    logger.log(1, Priority::Notice, None, &said);
    let mut writer = Writer::new(kind, false);
    let mut teller = Teller { faulty: false, logger: logger.clone() };
    let mut take = |alias: Alias, tracer: &mut dyn Tracer| store(&mut writer, &alias, tracer);
    let count = read_aliases(site, file, &text, &mut teller, &mut take).await;
    let owner = Some(trusted_user).filter(|uid| *uid != 0);
    let summary = count.summary(file);
    logger.log(8, Priority::Info, None, &summary);
    finish(writer, spec, owner, &summary, teller.faulty)
}

/// May a database lie where this one is to lie?
fn may_write(spec: &AliasSpec, blame: Blame, trusted_user: u32) -> Result<(), Sysexit> {
    let rules = Rules::map(blame);
    let database = database_of(&spec.file);
    let replaceable = maptool::check(&database, blame).is_ok() && safe::may_write(&database, trusted_user);
    let mut allowed = safe::may_create(&database, trusted_user) && replaceable;
    if let Some((danger, directory)) = safe::unsafe_directory(&spec.file, &rules) {
        match safe::check_directories(&spec.file, &rules) {
            Ok(()) => say(format!("WARNING: {danger} {}", directory.display()).as_bytes()),
            Err(_) => allowed = false,
        }
    }
    if allowed {
        return Ok(());
    }
    say(format!("WARNING: cannot open alias database {}", spec.file.display()).as_bytes());
    say(format!("Cannot create database for alias file {}", spec.file.display()).as_bytes());
    Err(Sysexit::SOFTWARE)
}

fn store(writer: &mut Writer, alias: &Alias, tracer: &mut dyn Tracer) {
    if let Some(comment) = comment_behind(&alias.value) {
        let head = [&alias.given[..], b"... Warning: `", comment].concat();
        let tail = b"' is no comment here but a part of the address; comments stand on lines of their own";
        tracer.notice(&[&head[..], tail].concat());
    }
    // databases of sendmail keep the NUL at the end of keys and values
    let key = [&alias.name[..], b"\0"].concat();
    let value = [&alias.value[..], b"\0"].concat();
    if !writer.insert(&key, &value) {
        tracer.notice(&[&alias.given[..], b"... Warning: duplicate alias name ", &alias.name].concat());
        writer.replace(&key, &value);
    }
}

/// What its author meant to be a comment: from a `#` behind a blank on, outside of quotes.
fn comment_behind(value: &[u8]) -> Option<&[u8]> {
    let mut quoted = false;
    for (at, byte) in value.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'#' if !quoted && at > 0 && matches!(value[at - 1], b' ' | b'\t') => return Some(&value[at..]),
            _ => {}
        }
    }
    None
}

fn finish(mut writer: Writer, spec: &AliasSpec, owner: Option<u32>, summary: &[u8], faulty: bool) -> Sysexit {
    // the mark of a complete database
    writer.replace(b"@\0", b"@\0");
    let path = database_of(&spec.file);
    if let Err(error) = writer.commit_as(&path, owner) {
        say(format!("newaliases: cannot create {}: {error}", path.display()).as_bytes());
        return Sysexit::CANTCREAT;
    }
    say(summary);
    if faulty { Sysexit::SOFTWARE } else { Sysexit::OK }
}
