//! Maps and host names: the lines of -d9, -d38, -d39 and -d60.

use super::super::event::{HostAnswer, HostEvent, MapEvent};
use crate::config::{Names, put_printable};
use crate::logging::Tracer;

/// The levels of -d38 from which on each thing is shown.
const ARITH: u8 = 2;
const OPENING: u8 = 2;
const OPENED: u8 = 4;
const CLOSING: u8 = 9;
const SERVICES: u8 = 19;
const SEARCH: u8 = 20;

fn say(tracer: &mut dyn Tracer, parts: &[&[u8]]) {
    tracer.line(&parts.concat());
}

/// What is shown of a map.
pub(super) fn map(names: &Names, event: &MapEvent<'_>, tracer: &mut dyn Tracer) {
    match event {
        MapEvent::Lookup { .. }
        | MapEvent::Answer { .. }
        | MapEvent::Deferred { .. }
        | MapEvent::Failed { .. }
        | MapEvent::FailureAnswer { .. } => lookup(names, event, tracer),
        MapEvent::Host { key } if tracer.level(9) >= 1 => {
            tracer.text(&[b"host_map_lookup(", &key[..], b") => "].concat());
        }
        MapEvent::Host { .. } => {}
        MapEvent::HostAnswer(answer) if tracer.level(9) >= 1 => host_answer(answer, tracer),
        MapEvent::HostAnswer(_) => {}
        MapEvent::Filled { text, args, result } if tracer.level(39) >= 1 => {
            filled(text, args.as_deref(), result, tracer);
        }
        MapEvent::Filled { .. } => {}
        MapEvent::Opening { .. }
        | MapEvent::Delimiter { .. }
        | MapEvent::Connecting
        | MapEvent::Services { .. }
        | MapEvent::Opened { .. }
        | MapEvent::Closing { .. }
        | MapEvent::DatabaseClosed { .. } => state(event, tracer),
        MapEvent::Search { .. }
        | MapEvent::SearchAt { .. }
        | MapEvent::Program { .. }
        | MapEvent::Regex { .. }
        | MapEvent::Arpa { .. }
        | MapEvent::Arith { .. }
        | MapEvent::Syslog { .. } => search(event, tracer),
    }
}

/// -d60: what a rule asks, and what it gets.
fn lookup(names: &Names, event: &MapEvent<'_>, tracer: &mut dyn Tracer) {
    let level = tracer.level(60);
    if level == 0 {
        return;
    }
    match event {
        // what the map itself shows, and messages, follow on the same line
        MapEvent::Lookup { map, key, args } => {
            let mut line = [b"map_lookup(", *map, b", "].concat();
            put_printable(key, names, &mut line);
            for (number, argument) in args.iter().enumerate().filter(|_| level >= 5) {
                line.extend_from_slice(format!(", %{number}=").as_bytes());
                line.extend_from_slice(argument);
            }
            line.extend_from_slice(b") => ");
            tracer.text(&line);
        }
        MapEvent::Answer { value, status } => {
            let tail = format!(" ({}), ad=0", status.0);
            say(tracer, &[value.unwrap_or(b"NOT FOUND"), tail.as_bytes()]);
        }
        MapEvent::Deferred { map, key } => {
            say(tracer, &[b"map_lookup(", map, b", ", key, b") => DEFERRED"]);
        }
        MapEvent::Failed { map, key } => {
            say(tracer, &[b"map_lookup(", map, b", ", key, b") tempfail: errno=0"]);
        }
        MapEvent::FailureAnswer { value } if level >= 4 => {
            say(tracer, &[b"map_lookup tempfail: returning \"", value, b"\""]);
        }
        _ => {}
    }
}

/// -d9
fn host_answer(answer: &HostAnswer<'_>, tracer: &mut dyn Tracer) {
    match answer {
        HostAnswer::Cached(name) => {
            say(tracer, &[b"CACHE ", name.as_deref().unwrap_or(b"NULL")]);
        }
        HostAnswer::Found(name) => say(tracer, &[b"FOUND ", name]),
        HostAnswer::Missing(number) => tracer.line(format!("FAIL ({number})").as_bytes()),
        HostAnswer::Failed => tracer.line(b"FAILED"),
    }
}

/// -d39
fn filled(text: &[u8], args: Option<&[Vec<u8>]>, result: &[u8], tracer: &mut dyn Tracer) {
    let mut line = [b"map_rewrite(", text, b"), av ="].concat();
    match args {
        None => line.extend_from_slice(b" (nullv)"),
        Some(args) => {
            for argument in args {
                line.extend_from_slice(b"\n\t");
                line.extend_from_slice(argument);
            }
        }
    }
    tracer.line(&line);
    say(tracer, &[b"map_rewrite => ", result]);
}

/// -d38: maps that are opened and closed.
fn state(event: &MapEvent<'_>, tracer: &mut dyn Tracer) {
    let level = tracer.level(38);
    let or_null = |file: &Option<&[u8]>| file.unwrap_or(b"NULL").to_vec();
    match event {
        MapEvent::Opening { class, map, file } if level >= OPENING => {
            let file = file.map_or_else(Vec::new, |file| [b", ", file].concat());
            say(tracer, &[class.as_bytes(), b"_map_open(", map, &file, b", 0)"]);
        }
        MapEvent::Delimiter { map, file, delimiter } if level >= OPENING => {
            let delimiter = delimiter.map_or_else(|| b"(white space)".to_vec(), |byte| vec![byte]);
            say(tracer, &[b"text_map_open(", map, b", ", file, b"): delimiter = ", &delimiter]);
        }
        MapEvent::Connecting if level >= OPENING => tracer.line(b"opening new connection"),
        MapEvent::Services { services } if level >= SERVICES => {
            let count = services.map_or(0, <[_]>::len);
            tracer.line(format!("\tswitch_map_find => {count}").as_bytes());
            for service in services.unwrap_or_default() {
                say(tracer, &[b"\t\t", &service[..]]);
            }
        }
        MapEvent::Opened { class, map, file, opened } if level >= OPENED => {
            let valid = match opened {
                Ok(()) => b"valid".to_vec(),
                Err(b"") => b"invalid".to_vec(),
                Err(why) => [b"invalid: ", *why].concat(),
            };
            say(tracer, &[b"openmap()\t", class, b":", map, b" ", &or_null(file), b": ", &valid]);
        }
        MapEvent::Closing { map, file } if level >= CLOSING => {
            say(tracer, &[b"closemaps: closing ", map, b" (", &or_null(file), b")"]);
        }
        MapEvent::DatabaseClosed { implicit, map, file, flags } if level >= CLOSING => {
            let flags = format!(", {flags:x})");
            let tail = [*map, b", ", &or_null(file), flags.as_bytes()].concat();
            let heads: &[&[u8]] = &[b"impl_map_close(", b"db_map_close("];
            for head in &heads[usize::from(!implicit)..] {
                say(tracer, &[head, &tail[..]]);
            }
        }
        _ => {}
    }
}

/// -d38: the class of a map at work.
fn search(event: &MapEvent<'_>, tracer: &mut dyn Tracer) {
    let level = tracer.level(38);
    match event {
        MapEvent::Arith { key, args } if level >= ARITH => {
            say(tracer, &[b"arith_map_lookup: key '", *key, b"'"]);
            for argument in std::iter::once(*key).chain(args.iter().map(Vec::as_slice)) {
                say(tracer, &[b"arith_map_lookup: arg '", argument, b"'"]);
            }
        }
        _ if level < SEARCH => {}
        MapEvent::Search { function, map, key } => {
            say(tracer, &[function.as_bytes(), b"(", map, b", ", key, b")"]);
        }
        MapEvent::SearchAt { function, map, key, file } => {
            say(tracer, &[function.as_bytes(), b"(", map, b", ", key, b") ", file]);
        }
        MapEvent::Program { file, words } => {
            let words: Vec<_> = std::iter::once(file).chain(*words).copied().collect();
            say(tracer, &[b"prog_open: ", &words.join(&b' ')[..]]);
        }
        MapEvent::Regex { map, key, args } => {
            say(tracer, &[b"regex_map_lookup: name=", *map, b", key='", key, b"'"]);
            for argument in *args {
                say(tracer, &[b"regex_map_lookup: arg '", &argument[..], b"'"]);
            }
        }
        MapEvent::Arpa { key, name } => {
            say(tracer, &[b"arpa_map_lookup: key '", *key, b"'"]);
            let (found, text) = (u8::from(name.is_some()), name.unwrap_or_default());
            tracer.line(format!("arpa_map_lookup: r={found}, result='{text}'").as_bytes());
        }
        MapEvent::Syslog { map, key, priority } => {
            let priority = format!(" (priority {priority}): ");
            say(tracer, &[b"syslog_map_lookup(", *map, priority.as_bytes(), key]);
        }
        _ => {}
    }
}

/// -d38.20: a host's name is completed.
pub(super) fn host(event: &HostEvent<'_>, tracer: &mut dyn Tracer) {
    if tracer.level(38) < SEARCH {
        return;
    }
    let head = b"getcanonname(";
    match *event {
        HostEvent::Tried { host, service } => say(tracer, &[head, host, b"), trying ", service]),
        HostEvent::File { host } => say(tracer, &[b"text_getcanonname(", host, b")"]),
        HostEvent::Found { name, secure: true } => say(tracer, &[head, name, b"), found, ad=1"]),
        HostEvent::Found { name, secure: false } => say(tracer, &[head, name, b"), found, ad=0"]),
        HostEvent::Missing { host, status } => {
            say(tracer, &[head, host, b"), failed, status=", status.0.to_string().as_bytes()]);
        }
    }
}
