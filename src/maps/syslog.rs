//! syslog: the key becomes a line of the log, the value is empty.

use super::class::{
    FoundFuture, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, answered, as_it_is,
};
use super::flags::{Declaring, Words};
use super::map::{Flags, Found, Map};
use crate::engine::{Answer, Event, MapEvent, Observer};
use crate::schema::Sysexit;
use std::sync::Arc;

const PRIORITIES: &[(&str, u8)] = &[
    ("EMERG", 0),
    ("ALERT", 1),
    ("CRIT", 2),
    ("ERR", 3),
    ("WARNING", 4),
    ("NOTICE", 5),
    ("INFO", 6),
    ("DEBUG", 7),
];

/// Facility "mail", shifted.
const MAIL: u8 = 2 << 3;

/// The class, with the priority of its lines.
struct Syslog(u8);

pub(super) fn read(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
    let mut priority = 6;
    let mut words = Words::new(args);
    while let Some((letter, beside)) = words.flag() {
        match letter {
            b'D' => map.flags.insert(Flags::DEFER),
            b'S' => map.space = words.space(beside),
            b'L' => {
                let word = words.value(beside);
                let name = word.strip_prefix(b"LOG_").unwrap_or(word);
                match PRIORITIES.iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name)) {
                    Some((_, number)) => priority = *number,
                    None if word.is_empty() => {}
                    None => {
                        declaring.say(&[b"syslog_map_parseargs: Unknown priority ", word]);
                        return None;
                    }
                }
            }
            _ => declaring.say(&[b"Illegal option ", &[letter], b" map syslog"]),
        }
    }
    Some(Arc::new(Syslog(priority)))
}

impl MapClass for Syslog {
    fn open<'a>(self: Arc<Self>, _map: &'a Map, _opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        as_it_is(self)
    }
}

impl OpenMap for Syslog {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        answered(lookup(query.map, self.0, query.key, context.observer))
    }
}

fn lookup(map: &Map, priority: u8, key: &[u8], observer: &mut dyn Observer) -> Found {
    observer.event(&Event::Map(&MapEvent::Syslog { map: &map.name, key, priority }));
    let ident = format!("<{}>sendmail[{}]: ", MAIL | priority, std::process::id());
    let line = [ident.as_bytes(), key].concat();
    // a machine without a log daemon has no log: the rule goes on, as with syslog(3)
    if let Ok(socket) = std::os::unix::net::UnixDatagram::unbound()
        && socket.set_nonblocking(true).is_ok()
    {
        let _ = socket.send_to(&line, "/dev/log");
    }
    Answer { value: Some(Vec::new()), status: Sysexit::OK }
}
