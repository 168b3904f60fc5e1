//! sequence and switch: several maps in turn.

use super::class::Class;
use super::declare::Declaring;
use super::map::Map;
use super::open::Opening;

/// More members than sendmail takes are left out.
const MOST_MEMBERS: usize = 12;

pub(super) fn parse(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> bool {
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
        if members.len() < MOST_MEMBERS {
            members.push(word.to_vec());
        }
    }
    map.own = Class::Sequence(members);
    true
}

pub(super) fn parse_switch(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> bool {
    map.own = Class::Switch;
    map.read_with_file(args, declaring)
}

/// The members of a switch map: `NAME.SERVICE` for each service of the switch.
pub(super) fn open_switch(
    map: &Map,
    services: Option<Vec<Vec<u8>>>,
    known: &dyn Fn(&[u8]) -> bool,
    opening: &mut Opening<'_>,
) -> Option<Vec<Vec<u8>>> {
    let mut members = Vec::new();
    for service in services? {
        let member = [map.name.as_slice(), b".", &service].concat();
        if known(&member) {
            members.push(member);
        } else {
            opening.say(&[b"Switch map ", &map.name, b": unknown member map ", &member]);
        }
    }
    Some(members)
}
