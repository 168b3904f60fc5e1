//! The class `canned`, one file and one row, does all that a map of any class does.

use super::{LookupContext, Store, TextAnswer, environment};
use crate::config::{LoadOptions, load};
use crate::engine::{Answer, ImmediateLookup, MapNames, Maps};
use crate::logging::Quiet;
use crate::net::Resolver;
use crate::schema::Sysexit;
use std::sync::Arc;

const CF: &[u8] = b"V10\n\
Kplain canned joe=mail.example.com ann=%1-%0\n\
Kdressed canned -a. -t joe=mail\n\
Kbroken canned joe\n\
Kboth sequence plain dressed\n";

fn store() -> (Store, Vec<String>) {
    let loaded = load(b"x.cf", CF, &mut environment(), &LoadOptions::default());
    let of_lines = loaded.messages.iter().filter(|message| message.line > 0);
    let messages = of_lines.map(|message| String::from_utf8_lossy(&message.text).into_owned()).collect();
    (Store::new(Arc::new(loaded.config), Arc::new(Resolver::system())), messages)
}

async fn asked(store: &Store, map: &str, key: &str) -> TextAnswer {
    let mut context = LookupContext { deferred: false, once: false, observer: &mut Quiet, aliases: None };
    store.lookup_text(map.as_bytes(), key.as_bytes(), &mut context).await
}

fn found(value: &str) -> TextAnswer {
    TextAnswer::Answer(Answer { value: Some(value.as_bytes().to_vec()), status: Sysexit::OK })
}

fn missing(status: Sysexit) -> TextAnswer {
    TextAnswer::Answer(Answer { value: None, status })
}

#[tokio::test]
async fn a_class_of_one_file_and_one_row_answers_by_every_way() {
    let (store, messages) = store();
    assert_eq!(messages, ["x.cf: line 4: canned map broken: no value in joe"]);
    assert_eq!(asked(&store, "plain", "joe").await, found("mail.example.com"));
    assert_eq!(asked(&store, "dressed", "joe").await, found("mail."));
    assert_eq!(asked(&store, "plain", "eve").await, missing(Sysexit::NOHOST));
    assert_eq!(asked(&store, "plain", "later").await, missing(Sysexit::TEMPFAIL));
    assert_eq!(asked(&store, "broken", "joe").await, TextAnswer::NotOpen);
    assert_eq!(asked(&store, "both", "ann").await, found("-ann"));
    // the engine's way: from memory, once the map is open
    let mut value = Vec::new();
    let plain = store.map_id(b"PLAIN").expect("a K line");
    assert_eq!(store.try_lookup(plain, b"ann", &[b"arg"], &mut value, None), ImmediateLookup::Found);
    assert_eq!(value, b"arg-ann");
    assert_eq!(store.try_lookup(plain, b"eve", &[], &mut value, None), ImmediateLookup::Wait);
    let both = store.map_id(b"both").expect("a K line");
    assert_eq!(store.try_lookup(both, b"\"joe\"", &[], &mut value, None), ImmediateLookup::Found);
    assert_eq!(value, b"mail.example.com");
}
