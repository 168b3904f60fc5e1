//! sequence and switch: several maps in turn.

use super::class::{
    FoundFuture, ImmediateQuery, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, opened,
};
use super::flags::Declaring;
use super::map::{Found, Map, NOT_FOUND, missing};
use crate::engine::{ImmediateLookup, MapEvent};
use crate::schema::Sysexit;
use std::sync::Arc;

/// More members than sendmail takes are left out.
const MAX_MEMBERS: usize = 12;
/// Sequences within sequences.
const MAX_DEPTH: usize = 8;

/// The names of the members.
struct Sequence(Vec<Vec<u8>>);

pub(super) fn read(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
    let mut members = Vec::new();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    // everything else separates, flags' dashes included
    let words = args.split(|byte| !is_name(byte));
    for word in words.filter(|word| !word.is_empty()) {
        // a map is known to itself, but looking into it would have no end
        if word == map.name.as_slice() {
            continue;
        }
        if !(declaring.known)(word) {
            declaring.say(&[b"Sequence map ", &map.name, b": unknown member map ", word]);
            continue;
        }
        if members.len() < MAX_MEMBERS {
            members.push(word.to_vec());
        }
    }
    Some(Arc::new(Sequence(members)))
}

impl MapClass for Sequence {
    fn open<'a>(self: Arc<Self>, _map: &'a Map, opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        opened(Some(Members::of(&self.0, opening)))
    }
}

struct Switch;

pub(super) fn read_switch(
    map: &mut Map,
    args: &[u8],
    declaring: &mut Declaring<'_>,
) -> Option<Arc<dyn MapClass>> {
    map.read_with_file(args, declaring).then(|| Arc::new(Switch) as Arc<dyn MapClass>)
}

impl MapClass for Switch {
    fn open<'a>(self: Arc<Self>, map: &'a Map, opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        let members = switch_members(map, opening);
        opened(members.map(|names| Members::of(&names, opening)))
    }
}

/// The members of a switch map: `NAME.SERVICE` for each service that the service switch file has for what the
/// map names; `None` where there is no such file.
fn switch_members(map: &Map, opening: &mut Opening<'_>) -> Option<Vec<Vec<u8>>> {
    let wanted = map.file.as_deref().unwrap_or_default();
    let services = opening.settings.services(wanted);
    opening.begins("switch", map);
    opening.show(MapEvent::Services { services: services.as_deref() });
    let mut members = Vec::new();
    for service in services? {
        let member = [map.name.as_slice(), b".", &service].concat();
        if opening.maps.number(&member).is_some() {
            members.push(member);
        } else {
            opening.say(&[b"Switch map ", &map.name, b": unknown member map ", &member]);
        }
    }
    Some(members)
}

/// The members' numbers.
struct Members(Vec<usize>);

impl Members {
    fn of(names: &[Vec<u8>], opening: &Opening<'_>) -> Self {
        Self(names.iter().filter_map(|name| opening.maps.number(name)).collect())
    }

    async fn find(&self, query: Query<'_>, context: &mut LookupContext<'_>) -> Found {
        query.map.show_search("seq_map_lookup", query.key, context.observer);
        let mut status = NOT_FOUND;
        let deeper = Query { depth: query.depth + 1, ..query };
        for member in self.0.iter().filter(|_| query.depth < MAX_DEPTH) {
            let Some(found) = query.maps.lookup_member(*member, deeper, context).await else { continue };
            if found.value.is_some() {
                return found;
            }
            if found.status.is_temporary() {
                status = Sysexit::TEMPFAIL;
            }
        }
        missing(status)
    }
}

impl OpenMap for Members {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        Box::pin(self.find(query, context))
    }

    fn lookup_now(&self, query: &ImmediateQuery<'_>, value: &mut Vec<u8>) -> ImmediateLookup {
        query.show_search("seq_map_lookup");
        let mut status = NOT_FOUND;
        let deeper = ImmediateQuery { depth: query.depth + 1, ..*query };
        for member in self.0.iter().filter(|_| query.depth < MAX_DEPTH) {
            match query.maps.lookup_member_now(*member, &deeper, value) {
                ImmediateLookup::Missing(one) if one.is_temporary() => status = one,
                ImmediateLookup::Missing(_) => {}
                answer => return answer,
            }
        }
        ImmediateLookup::Missing(status)
    }
}
