//! `/map`, `/mx`, `/canon`, `/gethostbyname`: what maps and name servers say.

use super::console::Console;
use super::shell::Shell;
use crate::engine::{Answer, Printer};
use crate::logging::Quiet;
use crate::maps::{LookupContext, TextAnswer};
use crate::net::{Exchangers, Family};
use crate::rewrite::Site;
use crate::schema::Outcome;

/// Longest host name in bytes.
const MAX_HOST: usize = 255;

pub(super) fn map(shell: &mut Shell, words: &[u8]) {
    let Some(end) = words.iter().position(crate::addr::is_space) else {
        shell.console.say("No key specified");
        return;
    };
    let (name, key) = (&words[..end], &words[end + 1..]);
    let Shell { site, scope, console, runtime, .. } = shell;
    if !site.maps.has(name) {
        console.say([b"Map named \"", name, b"\" not found"].concat());
        return;
    }
    let config = site.config.clone();
    let head = [b"map_lookup: ", name, b" (", key, b") "].concat();
    if let Some(map) = site.program.pure_map(name) {
        console.put(head);
        let mut observer = Printer::new(&config, console);
        let answer = map.lookup(&config, scope, key, &[], &mut Vec::new(), &mut observer);
        put_answer(console, answer);
        return;
    }
    let mut observer = Printer::new(&config, console);
    let mut context =
        LookupContext { deferred: false, once: true, observer: &mut observer, aliases: Some(&**site) };
    if runtime.block_on(site.maps.open(name, &mut context)) {
        context.observer.tracer().text(&head);
    }
    let answer = runtime.block_on(site.maps.lookup_text(name, key, &mut context));
    match answer {
        TextAnswer::Answer(answer) => put_answer(console, answer),
        TextAnswer::Unknown => console.say([b"Map named \"", name, b"\" not found"].concat()),
        TextAnswer::NotOpen => console.say([b"Map named \"", name, b"\" not open"].concat()),
    }
}

fn put_answer(console: &mut Console, answer: Answer) {
    let status = format!(" ({})", answer.status.0);
    let result = match &answer.value {
        Some(value) => [b"returns ", &value[..]].concat(),
        None => b"no match".to_vec(),
    };
    console.say([&result, status.as_bytes()].concat());
}

pub(super) fn canon(shell: &mut Shell, host: &[u8]) {
    let Shell { site, console, runtime, .. } = shell;
    if host.len() > MAX_HOST {
        console.say("Name too long");
        return;
    }
    let config = site.config.clone();
    let canonical = runtime.block_on(site.resolver.canonical(host, &mut Printer::new(&config, console)));
    let name = match canonical {
        Outcome::Done(name) => name,
        Outcome::Later(_) | Outcome::Never(_) => host.strip_suffix(b".").unwrap_or(host).to_vec(),
    };
    console.say([b"getcanonname(", host, b") returns ", &name].concat());
}

pub(super) fn mx(shell: &mut Shell, host: &[u8]) {
    let Shell { site, console, runtime, .. } = shell;
    let own = site.config.names.get(b"w").and_then(|id| site.config.classes.get(id)).cloned();
    let is_self = |name: &[u8]| own.as_ref().is_some_and(|class| class.contains(name));
    let config = site.config.clone();
    let mut observer = Printer::new(&config, console);
    let exchangers = runtime.block_on(site.resolver.exchangers(host, &is_self, &mut observer));
    let fallback = config.options.fallback_mx_host.as_ref();
    let (nobody, mut hosts) = match exchangers {
        Exchangers::Hosts(hosts) => ("0", hosts),
        Exchangers::Unknown => ("0", Vec::new()),
        Exchangers::Later if fallback.is_some() => ("0", Vec::new()),
        Exchangers::Later => ("-1", Vec::new()),
        Exchangers::NullMx => {
            console.say([b"getmxrr(", host, b") returns null MX (See RFC7505)"].concat());
            return;
        }
    };
    hosts.extend(fallback.map(|name| runtime.block_on(fallback_hosts(site, name))).unwrap_or_default());
    let count = if hosts.is_empty() { nobody.to_owned() } else { hosts.len().to_string() };
    console.say([b"getmxrr(", host, format!(") returns {count} value(s):").as_bytes()].concat());
    for host in hosts {
        console.say([b"\t", &host[..]].concat());
    }
}

/// Where FallbackMXhost stands for: the host in brackets, else its exchangers.
async fn fallback_hosts(site: &Site, name: &[u8]) -> Vec<Vec<u8>> {
    if name.first() == Some(&b'[') {
        return vec![name.to_vec()];
    }
    match site.resolver.exchangers(name, &|_| false, &mut Quiet).await {
        Exchangers::Hosts(hosts) => hosts,
        Exchangers::Unknown | Exchangers::Later | Exchangers::NullMx => Vec::new(),
    }
}

/// Prints nothing itself: traces show what was asked.
pub(super) fn addresses(shell: &mut Shell, words: &[u8]) {
    let mut words = words.split(crate::addr::is_space).filter(|word| !word.is_empty());
    let Some(host) = words.next() else { return };
    let family = if words.next() == Some(b"inet6") { Family::V6 } else { Family::V4 };
    // only traces show the answer
    let _ = shell.runtime.block_on(shell.site.resolver.addresses(host, family));
}
