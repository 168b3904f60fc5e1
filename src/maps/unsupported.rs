//! nis, nisplus: classes whose libraries are not here. Their K lines are read, their maps fail.

use super::class::{MapClass, NotOpen, OpenFuture, Opening};
use super::flags::Declaring;
use super::map::{Flags, Map};
use std::future::ready;
use std::sync::Arc;

struct Unsupported;

pub(super) fn read(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
    map.read_with_file(args, declaring).then(|| Arc::new(Unsupported) as Arc<dyn MapClass>)
}

impl MapClass for Unsupported {
    /// NIS fails as a host without a domain sees it; the other classes fail silently.
    fn open<'a>(self: Arc<Self>, map: &'a Map, opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        if map.class == "nis" && !map.flags.contains(Flags::OPTIONAL) {
            let file = map.file.as_deref().unwrap_or_default();
            match file.iter().position(|byte| *byte == b'@') {
                None => opening.say(&[b"NIS map ", file, b" specified, but NIS not running"]),
                Some(at) => {
                    let (name, domain) = (&file[..at], &file[at + 1..]);
                    let tail = b": Internal NIS error";
                    opening.say(&[b"Cannot bind to map ", name, b" in domain ", domain, tail]);
                }
            }
        }
        Box::pin(ready(Err(NotOpen::Failed)))
    }
}
