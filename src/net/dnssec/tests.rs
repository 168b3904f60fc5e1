//! Zones that BIND has signed, in answers as it gave them (`testdata/dnssec/answers`), and answers that are not its own.

use crate::net::{Anchors, DnsError, Record, Resolver, Settings, kind};
use crate::schema::Outcome;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;

const ANSWERS: &str = include_str!("../../../testdata/dnssec/answers");

/// Answers by name and type.
type Answers = HashMap<(String, RecordType), Message>;

fn recorded() -> Answers {
    let rows = ANSWERS.lines().filter(|line| !line.starts_with('#'));
    let row = |line: &str| {
        let [name, kind, text] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let bytes = BASE64_STANDARD.decode(text).expect("base64");
        let message = Message::from_vec(&bytes).expect("a message");
        ((name.to_owned(), kind.parse().expect("a type")), message)
    };
    rows.map(row).collect()
}

fn of<'a>(answers: &'a Answers, name: &str, kind: RecordType) -> &'a Message {
    answers.get(&(name.to_owned(), kind)).unwrap_or_else(|| panic!("{name} {kind}"))
}

/// A name server that gives these answers and knows nothing else.
async fn serve(answers: Answers) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let address = socket.local_addr().expect("an address");
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.expect("a question");
            let question = Message::from_vec(&buffer[..length]).expect("a message");
            let query = question.queries[0].clone();
            let known = answers.get(&(query.name().to_ascii().to_lowercase(), query.query_type())).cloned();
            let mut answer = known.unwrap_or_else(|| {
                let mut unknown = question.clone().into_response();
                unknown.metadata.response_code = ResponseCode::ServFail;
                unknown
            });
            answer.metadata.id = question.metadata.id;
            answer.queries = vec![query];
            socket.send_to(&answer.to_vec().expect("bytes"), from).await.expect("sent");
        }
    });
    address
}

/// A resolver that asks it; the keys are those of the recorded root, or what else a file of keys says.
async fn resolver(answers: Answers, keys: Option<&str>) -> Resolver {
    let root = ANSWERS.lines().find_map(|line| line.strip_prefix("# anchor: ")).expect("a key");
    let anchors = Some(Arc::new(Anchors::parse(keys.unwrap_or(root)).expect("keys")));
    let (servers, timeout) = (vec![serve(answers).await], Duration::from_secs(30));
    Resolver::with(Settings { servers, attempts: 1, timeout, anchors, ..Settings::isolated() })
}

/// `secure 192.0.2.1`, `insecure 192.0.2.1`, or why there is nothing.
async fn asked(resolver: &Resolver, name: &str, kind: u16) -> String {
    let shown = |records: Vec<Record>| {
        let state = if records.iter().all(|record| record.secure) { "secure" } else { "insecure" };
        let texts = records.iter().map(|record| String::from_utf8_lossy(&record.text)).collect::<Vec<_>>();
        format!("{state} {}", texts.join(" "))
    };
    match resolver.validated(name.as_bytes(), kind).await {
        Outcome::Done(records) => shown(records),
        Outcome::Never(error) | Outcome::Later(error) => format!("{error:?}"),
    }
}

#[tokio::test]
async fn what_is_signed_is_known_from_what_is_not_and_from_what_is_forged() {
    let resolver = resolver(recorded(), None).await;
    let tlsa = |answer: String| answer.split_at(answer.find(' ').unwrap_or(answer.len())).0.to_owned();
    let rows = [
        ("good", kind::MX, "secure mx.good"),
        ("mx.good", kind::A, "secure 192.0.2.1"),
        ("MX.Good", kind::A, "secure 192.0.2.1"),
        ("mx.good", kind::AAAA, "NoData"),
        ("nobody.good", kind::A, "HostNotFound"),
        ("alias.good", kind::A, "secure 192.0.2.1"),
        // an alias to what is not signed, to nobody
        ("out.good", kind::A, "insecure 192.0.2.8"),
        ("dangling.good", kind::A, "HostNotFound"),
        // wildcards, before and behind the name that is there
        ("a.wild.good", kind::A, "secure 192.0.2.2"),
        ("x.wild.good", kind::A, "secure 192.0.2.2"),
        ("near.wild.good", kind::A, "secure 192.0.2.11"),
        ("x.wild.hashed", kind::A, "secure 192.0.2.12"),
        // another address than was signed, no signature, one whose time is over
        ("forged.good", kind::A, "Bogus"),
        ("stripped.good", kind::A, "Bogus"),
        ("old.good", kind::A, "Bogus"),
        // denied by hashes; below a delegation that these leave out
        ("mx.hashed", kind::A, "secure 192.0.2.6"),
        ("mx.hashed", kind::MX, "NoData"),
        ("nobody.hashed", kind::A, "HostNotFound"),
        ("mx.sub.hashed", kind::A, "insecure 192.0.2.7"),
        ("mx.sub.hashed", kind::MX, "NoData"),
        // delegations without keys, to other keys, to keys that nobody can use
        ("plain", kind::MX, "insecure mx.plain"),
        ("mx.plain", kind::TLSA, "NoData"),
        ("mx.broken", kind::A, "Bogus"),
        ("mx.odd", kind::A, "insecure 192.0.2.10"),
        // no answer
        ("elsewhere", kind::A, "TryAgain"),
    ];
    for (name, kind, expected) in rows {
        assert_eq!(asked(&resolver, name, kind).await, expected, "{name} {kind}");
    }
    for name in ["_25._tcp.mx.good", "_25._tcp.alias.good", "_25._tcp.mx.hashed"] {
        assert_eq!(tlsa(asked(&resolver, name, kind::TLSA).await), "secure", "{name}");
    }
}

/// What somebody on the way can make of a server's answers.
#[tokio::test]
async fn nobody_on_the_way_takes_records_away() {
    const NAME: &str = "_25._tcp.mx.good.";
    let recorded = recorded();
    let no_data = of(&recorded, "mx.good.", RecordType::AAAA);
    let nobody = of(&recorded, "nobody.good.", RecordType::A);
    let unsigned = of(&recorded, "mx.plain.", RecordType::TLSA);
    let of_hashes = of(&recorded, "mx.hashed.", RecordType::MX);
    let mut empty = no_data.clone();
    empty.authorities.clear();
    let mut renamed = empty.clone();
    renamed.authorities = unsigned.authorities.clone();
    renamed
        .authorities
        .iter_mut()
        .for_each(|record| record.name = Name::from_ascii("good.").expect("a name"));
    let mut answered = unsigned.clone();
    answered.answers = of(&recorded, "mx.plain.", RecordType::A).answers.clone();
    let rows = [
        ("nothing at all", empty),
        ("the denial of another type of another name", no_data.clone()),
        ("the denial of another name", nobody.clone()),
        ("that of a zone that is not signed", unsigned.clone()),
        ("the same, as if it were of this zone", renamed),
        ("the same beside an answer for another name", answered),
        ("that of another zone that is signed", of_hashes.clone()),
    ];
    for (what, answer) in rows {
        let mut answers = recorded.clone();
        answers.insert((NAME.into(), RecordType::TLSA), answer);
        let resolver = resolver(answers, None).await;
        assert_eq!(asked(&resolver, "_25._tcp.mx.good", kind::TLSA).await, "Bogus", "{what}");
    }
}

/// A signed zone does not become one that is not: neither signatures nor the keys of a delegation are taken away.
#[tokio::test]
async fn nobody_on_the_way_takes_signatures_away() {
    let recorded = recorded();
    let mut bare = of(&recorded, "mx.good.", RecordType::A).clone();
    bare.answers.retain(|record| record.record_type() == RecordType::A);
    let unsigned = of(&recorded, "plain.", RecordType::DS).clone();
    let mut empty = unsigned.clone();
    empty.authorities.clear();
    for delegation in [of(&recorded, "good.", RecordType::DS).clone(), unsigned, empty] {
        let mut answers = recorded.clone();
        answers.insert(("mx.good.".into(), RecordType::A), bare.clone());
        answers.insert(("good.".into(), RecordType::DS), delegation);
        assert_eq!(asked(&resolver(answers, None).await, "mx.good", kind::A).await, "Bogus");
    }
}

/// A wildcard's records do not take the place of a name's own.
#[tokio::test]
async fn a_name_is_nearer_than_a_wildcard() {
    let recorded = recorded();
    let near = Name::from_ascii("near.wild.good.").expect("a name");
    for (other, proofs) in [("x.wild.good.", true), ("a.wild.good.", true), ("x.wild.good.", false)] {
        let mut answer = of(&recorded, other, RecordType::A).clone();
        answer.answers.iter_mut().for_each(|record| record.name = near.clone());
        if !proofs {
            answer.authorities.clear();
        }
        let mut answers = recorded.clone();
        answers.insert((near.to_ascii(), RecordType::A), answer);
        let resolver = resolver(answers, None).await;
        assert_eq!(asked(&resolver, "near.wild.good", kind::A).await, "Bogus", "{other} {proofs}");
    }
}

/// Nothing is believed where keys are others', and nothing held up of which no key is known.
#[tokio::test]
async fn what_keys_are_trusted_decides() {
    let line = ANSWERS.lines().find_map(|line| line.strip_prefix("# anchor: ")).expect("a key");
    let (head, key) = line.split_once("13 ").expect("a key");
    let other = format!("{head}13 {}{}", if key.starts_with('A') { 'B' } else { 'A' }, &key[1..]);
    let of_others = resolver(recorded(), Some(&other)).await;
    assert_eq!(asked(&of_others, "mx.good", kind::A).await, "Bogus");
    let elsewhere = resolver(recorded(), Some(&line.replacen(". ", "elsewhere. ", 1))).await;
    assert_eq!(asked(&elsewhere, "mx.good", kind::A).await, "insecure 192.0.2.1");
    assert_eq!(asked(&elsewhere, "forged.good", kind::A).await, "insecure 192.0.2.33");
    let answer = elsewhere.mx(b"good", &|_| false).await.done().expect("an answer");
    assert!(!answer.secure);
    let own = resolver(recorded(), None).await.mx(b"good", &|_| false).await.done().expect("an answer");
    assert!(own.secure);
    let bogus = resolver(recorded(), Some(&other)).await.mx(b"good", &|_| false).await;
    assert_eq!(bogus, Outcome::Later(DnsError::Bogus));
}
