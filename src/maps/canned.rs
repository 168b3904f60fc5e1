//! canned: answers that stand in the K line itself, `key=value key=value`; `later` is a key that fails for now.
//! For tests alone, and the proof that a class is one file and one row.

use super::class::{
    FoundFuture, ImmediateQuery, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, answered,
    as_it_is,
};
use super::flags::{Declaring, Words};
use super::map::{Map, NOT_FOUND, later, missing};
use crate::engine::ImmediateLookup;
use hashbrown::HashMap;
use std::sync::Arc;

struct Canned(HashMap<Vec<u8>, Vec<u8>>);

pub(super) fn read(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
    let mut words = Words::new(args);
    while let Some((letter, beside)) = words.flag() {
        map.plain_flag(letter, beside);
    }
    let mut pairs = HashMap::new();
    for word in std::iter::from_fn(|| Some(words.word()).filter(|word| !word.is_empty())) {
        let Some(sign) = word.iter().position(|byte| *byte == b'=') else {
            declaring.say(&[b"canned map ", &map.name, b": no value in ", word]);
            return None;
        };
        pairs.insert(word[..sign].to_vec(), word[sign + 1..].to_vec());
    }
    Some(Arc::new(Canned(pairs)))
}

impl MapClass for Canned {
    fn open<'a>(self: Arc<Self>, _map: &'a Map, _opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        as_it_is(self)
    }
}

impl OpenMap for Canned {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        answered(match self.0.get(query.key) {
            Some(value) => query.map.found(query.key, value, query.args, context.observer),
            None if query.key == b"later" => later(),
            None => missing(NOT_FOUND),
        })
    }

    fn lookup_now(&self, query: &ImmediateQuery<'_>, value: &mut Vec<u8>) -> ImmediateLookup {
        let Some(found) = self.0.get(query.key) else { return ImmediateLookup::Wait };
        value.extend_from_slice(found);
        query.found(value)
    }
}
