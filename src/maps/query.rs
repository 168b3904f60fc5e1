//! What an open map is asked, by rules and by maps that ask others.

use super::alias_rules::AliasRules;
use super::map::{Flags, Found, Map, interpolate};
use crate::engine::{ImmediateLookup, MapEvent, Observer};
use std::borrow::Cow;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;

/// A look-up under way.
pub(super) type FoundFuture<'a> = Pin<Box<dyn Future<Output = Found> + Send + 'a>>;
/// What an open map is asked.
#[derive(Clone, Copy)]
pub(super) struct Query<'a> {
    /// Its K line.
    pub map: &'a Map,
    /// The key.
    pub key: &'a [u8],
    /// `%0`, which is the key, and the arguments.
    pub args: &'a [Vec<u8>],
    /// The other maps, for those that ask them.
    pub maps: &'a dyn OtherMaps,
    /// How many maps have passed this question on.
    pub depth: usize,
}

/// The same where nothing is allocated: `args` begins with `%1`.
pub(super) struct ImmediateQuery<'a> {
    /// Its K line.
    pub map: &'a Map,
    /// The key.
    pub key: &'a [u8],
    /// The arguments.
    pub args: &'a [&'a [u8]],
    /// The other maps, for those that ask them.
    pub maps: &'a dyn OtherMaps,
    /// How many maps have passed this question on.
    pub depth: usize,
    /// What is shown if the answer is there; `None`: nobody looks.
    pub events: Option<&'a RefCell<Vec<MapEvent<'static>>>>,
}

impl ImmediateQuery<'_> {
    /// Something has happened that is to be shown.
    pub fn keep(&self, event: impl FnOnce() -> MapEvent<'static>) {
        if let Some(events) = self.events {
            events.borrow_mut().push(event());
        }
    }

    /// The same as [`Map::show_search`].
    pub fn show_search(&self, function: &'static str) {
        self.keep(|| {
            let (map, key) = (self.map.name.clone().into(), self.key.to_vec().into());
            MapEvent::Search { function, map, key }
        });
    }

    /// The same as [`Map::found`], in place.
    pub fn found(&self, value: &mut Vec<u8>) -> ImmediateLookup {
        let text = self.events.map(|_| value.clone());
        self.fill(value);
        self.keep(|| {
            let every = || std::iter::once(self.key).chain(self.args.iter().copied()).map(<[u8]>::to_vec);
            let result = Cow::Owned(value.clone());
            match self.map.flags.contains(Flags::MATCH_ONLY) {
                true => MapEvent::Filled { text: self.key.to_vec().into(), args: None, result },
                false => {
                    let (text, args) = (text.unwrap_or_default().into(), Cow::Owned(every().collect()));
                    MapEvent::Filled { text, args: Some(args), result }
                }
            }
        });
        ImmediateLookup::Found
    }

    fn fill(&self, value: &mut Vec<u8>) {
        let Self { map, key, args, .. } = *self;
        if map.flags.contains(Flags::MATCH_ONLY) {
            value.clear();
            value.extend_from_slice(key);
        } else if memchr::memchr(b'%', value).is_some() {
            let argument = |number: usize| match number.checked_sub(1) {
                None => Some(key),
                Some(index) => args.get(index).copied(),
            };
            *value = interpolate(value, &argument);
        }
        value.extend_from_slice(map.append.as_deref().unwrap_or_default());
    }
}

/// All maps of a configuration, as one that asks others sees them.
pub(super) trait OtherMaps: Send + Sync {
    /// The number of a map.
    fn number(&self, name: &[u8]) -> Option<usize>;

    /// Asks a map, which is opened first if need be; `None`: it is not open (unusable, or optional and absent).
    fn lookup_member<'a>(
        &'a self,
        number: usize,
        query: Query<'a>,
        context: &'a mut LookupContext<'_>,
    ) -> Pin<Box<dyn Future<Output = Option<Found>> + Send + 'a>>;

    /// The same from memory.
    fn lookup_member_now(
        &self,
        number: usize,
        query: &ImmediateQuery<'_>,
        value: &mut Vec<u8>,
    ) -> ImmediateLookup;
}

/// What a look-up must know besides map and key.
pub struct LookupContext<'a> {
    /// Delivery mode `d`: maps with `-D` are not asked, they fail temporarily.
    pub deferred: bool,
    /// A map that cannot be opened now is not tried again: so test mode has it, as every process of sendmail. A
    /// daemon that serves all sessions tries again.
    pub once: bool,
    /// Is shown what happens; messages go to its tracer.
    pub observer: &'a mut dyn Observer,
    /// What makes names of the left sides of alias files.
    pub aliases: Option<&'a dyn AliasRules>,
}
