use super::resolver::reverse_name;
use super::*;
use crate::logging::Quiet;
use crate::schema::Outcome;
use std::net::IpAddr;

fn zone(rows: &[(&str, &str, &str)]) -> Resolver {
    Resolver::fixed(rows.iter().map(|(a, b, c)| (a.to_string(), b.to_string(), c.to_string())).collect())
}

#[tokio::test]
async fn mail_exchangers_in_order_and_cut_at_ourselves() {
    let resolver = zone(&[
        ("example.org", "MX", "20 second.example."),
        ("example.org", "MX", "10 first.example."),
        ("example.org", "MX", "30 third.example."),
        ("null.example", "MX", "0 ."),
        ("only-a.example", "A", "192.0.2.1"),
        ("broken.example", "TRYAGAIN", ""),
    ]);
    let nobody = |_: &[u8]| false;
    let hosts =
        |answer: Answered<MxAnswer>| answer.done().map(|answer| answer.hosts.join(&b' ')).unwrap_or_default();
    assert_eq!(
        hosts(resolver.mx(b"example.org.", &nobody).await),
        b"first.example second.example third.example"
    );
    let own = |name: &[u8]| name == b"second.example";
    let cut = resolver.mx(b"example.org", &own).await.done().expect("an answer");
    assert_eq!((cut.hosts.join(&b' '), cut.saw_self), (b"first.example".to_vec(), true));
    assert!(resolver.mx(b"null.example", &nobody).await.done().expect("an answer").null_mx);
    assert!(resolver.mx(b"only-a.example", &nobody).await.done().expect("an answer").implicit);
    assert_eq!(resolver.mx(b"broken.example", &nobody).await, Outcome::Later(DnsError::TryAgain));
}

#[tokio::test]
async fn names_are_completed_through_aliases() {
    let resolver = zone(&[
        ("alias.example", "CNAME", "real.example"),
        ("real.example", "A", "192.0.2.7"),
        ("mail-only.example", "MX", "5 real.example"),
    ]);
    assert_eq!(
        resolver.canonical(b"alias.example", &mut Quiet).await,
        Outcome::Done(b"real.example".to_vec())
    );
    assert_eq!(
        resolver.canonical(b"mail-only.example", &mut Quiet).await,
        Outcome::Done(b"mail-only.example".to_vec())
    );
    assert_eq!(
        resolver.canonical(b"nobody.example", &mut Quiet).await,
        Outcome::Never(DnsError::HostNotFound)
    );
    let address = resolver.addresses(b"alias.example", Family::Both).await.done();
    assert_eq!(address, Some(vec![IpAddr::from([192, 0, 2, 7])]));
}

/// HasWildcardMX: whatever is completed with the search domain has an MX record there, and proves nothing.
#[tokio::test]
async fn a_wildcard_proves_no_name_in_the_search_domain() {
    let rows =
        [("mail-only.example", "MX", "5 real.example"), ("short.search.example", "MX", "5 real.example")];
    for (wildcard, expected) in [(false, Some(b"short.search.example".to_vec())), (true, None)] {
        let mut resolver = zone(&rows);
        resolver.settings.wildcard_mx = wildcard;
        resolver.settings.search = vec![b"search.example".to_vec()];
        assert_eq!(resolver.canonical(b"short", &mut Quiet).await.done(), expected);
        let own = resolver.canonical(b"mail-only.example", &mut Quiet).await.done();
        assert_eq!(own, Some(b"mail-only.example".to_vec()));
    }
}

#[test]
fn reverse_names() {
    assert_eq!(reverse_name(IpAddr::from([192, 0, 2, 7])), b"7.2.0.192.in-addr.arpa");
    assert!(reverse_name("2001:db8::1".parse().expect("an address")).ends_with(b".8.b.d.0.1.0.0.2.ip6.arpa"));
}

/// A name server that answers two questions, the second one over TCP only.
async fn serve(socket: tokio::net::UdpSocket, listener: tokio::net::TcpListener) {
    use hickory_proto::op::{Message, ResponseCode};
    use hickory_proto::rr::{Name, RData, Record, rdata};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let answer = |question: &[u8], over_tcp: bool| {
        let mut message = Message::from_vec(question).expect("a question").into_response();
        let name = message.queries[0].name().clone();
        let address = RData::A(rdata::A::new(192, 0, 2, 9));
        match name.to_ascii().as_str() {
            "small.example." => drop(message.add_answer(Record::from_rdata(name, 60, address))),
            "large.example." if over_tcp => {
                let exchange = rdata::MX::new(5, Name::from_ascii("mx.example.").expect("a name"));
                message.add_answer(Record::from_rdata(name, 60, RData::MX(exchange)));
            }
            "large.example." => message.metadata.truncation = true,
            "broken.example." => message.metadata.response_code = ResponseCode::ServFail,
            _ => message.metadata.response_code = ResponseCode::NXDomain,
        }
        message.to_vec().expect("an answer")
    };
    let tcp = async {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a caller");
            let mut question = vec![0; usize::from(stream.read_u16().await.expect("a length"))];
            stream.read_exact(&mut question).await.expect("a question");
            let reply = answer(&question, true);
            stream.write_u16(reply.len() as u16).await.expect("open");
            stream.write_all(&reply).await.expect("open");
        }
    };
    let udp = async {
        let mut buffer = [0; 1500];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.expect("a question");
            socket.send_to(&answer(&buffer[..length], false), from).await.expect("sent");
        }
    };
    tokio::join!(tcp, udp);
}

#[tokio::test]
async fn servers_are_asked_over_udp_and_then_over_tcp() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let server = listener.local_addr().expect("an address");
    let socket = tokio::net::UdpSocket::bind(server).await.expect("the same port");
    tokio::spawn(serve(socket, listener));
    let settings = Settings { servers: vec![server], attempts: 1, ..Settings::isolated() };
    let resolver = Resolver::with(settings);
    let address = resolver.addresses(b"small.example", Family::V4).await;
    assert_eq!(address, Outcome::Done(vec![IpAddr::from([192, 0, 2, 9])]));
    let exchangers = resolver.mx(b"large.example", &|_| false).await.done().expect("an answer");
    assert_eq!(exchangers.hosts, [b"mx.example".to_vec()]);
    let none = resolver.addresses(b"none.example", Family::V4).await;
    assert_eq!(none, Outcome::Never(DnsError::HostNotFound));
    let broken = resolver.addresses(b"broken.example", Family::V4).await;
    assert_eq!(broken, Outcome::Later(DnsError::TryAgain));
}

/// The bytes of an answer: a question for `large.example`, then this answer section of so many records.
fn hostile(question: &[u8], count: u16, records: &[u8]) -> Vec<u8> {
    // the question without its OPT record
    let end = 12 + b"\x05large\x07example\0\0\x10\0\x01".len();
    let counts = [1, count, 0, 0].map(u16::to_be_bytes).concat();
    [&question[..2], b"\x85\x80", &counts, &question[12..end], records].concat()
}

/// A record of this type whose owner is the question's name.
fn raw_record(kind: u16, length: u16, data: &[u8]) -> Vec<u8> {
    [b"\xc0\x0c", &kind.to_be_bytes()[..], b"\0\x01\0\0\0\x3c", &length.to_be_bytes(), data].concat()
}

/// Its name, the type asked for, the answer's records, and the texts that are believed of it.
type Attack = (&'static str, u16, Vec<u8>, Vec<Vec<u8>>);

/// What a name server may send to do harm.
fn attacks() -> Vec<Attack> {
    let long_text = [&[255][..], &[b'x'; 255], &[255], &[b'y'; 255]].concat();
    let labels = [&[63][..], &[b'l'; 63]].concat().repeat(5);
    vec![
        ("a name that points at itself", 1, b"\xc0\x1f\0\x10\0\x01\0\0\0\x3c\0\0".to_vec(), vec![]),
        ("a name that points behind itself", 1, b"\xc0\xff\0\x10\0\x01\0\0\0\x3c\0\0".to_vec(), vec![]),
        ("an alias to a name that points at itself", 1, raw_record(5, 2, b"\xc0\x2b"), vec![]),
        (
            "two names that point at each other",
            2,
            [raw_record(5, 2, b"\xc0\x39"), raw_record(5, 2, b"\xc0\x2b")].concat(),
            vec![],
        ),
        ("a name of 320 bytes", 1, raw_record(5, 321, &[&labels[..], b"\0"].concat()), vec![]),
        ("a text longer than its record", 1, raw_record(16, 3, b"\xffab"), vec![]),
        ("a record longer than the answer", 1, raw_record(16, 400, b"\x02ab"), vec![]),
        ("more records than there are", 65_535, raw_record(16, 3, b"\x02ab"), vec![]),
        (
            "two texts of 255 bytes: the first counts",
            1,
            raw_record(16, 512, &long_text),
            vec![vec![b'x'; 255]],
        ),
        ("bytes that are operators of rules", 1, raw_record(16, 5, b"\x04a\x81jb"), vec![b"aXjb".to_vec()]),
        ("line ends", 1, raw_record(16, 5, b"\x04a\r\nb"), vec![b"aXXb".to_vec()]),
        ("a NUL", 1, raw_record(16, 4, b"\x03a\0b"), vec![b"a".to_vec()]),
        ("no text at all", 1, raw_record(16, 1, b"\0"), vec![Vec::new()]),
    ]
}

/// SEC-053 and SEC-058: nothing that a name server answers is more than an answer that is not believed.
#[tokio::test]
async fn sec_053_sec_058_hostile_answers_do_no_harm() {
    for (what, count, records, believed) in attacks() {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let server = socket.local_addr().expect("an address");
        let serving = tokio::spawn(async move {
            let mut buffer = [0; 1500];
            loop {
                let (_, from) = socket.recv_from(&mut buffer).await.expect("a question");
                socket.send_to(&hostile(&buffer, count, &records), from).await.expect("sent");
            }
        });
        let timeout = std::time::Duration::from_millis(300);
        let settings = Settings { servers: vec![server], attempts: 1, timeout, ..Settings::isolated() };
        let answer = Resolver::with(settings).records(b"large.example.", kind::TXT).await;
        let texts: Vec<Vec<u8>> =
            answer.clone().done().into_iter().flatten().map(|record| record.text).collect();
        assert_eq!(texts, believed, "{what}: {answer:?}");
        serving.abort();
    }
}

#[test]
fn names_look_as_the_c_library_shows_them() {
    let rows: [(&[u8], &[u8]); 7] = [
        (b"a\rb", b"a\\013b"),
        (b"a b", b"a\\032b"),
        (b"a\0b", b"a\\000b"),
        (b"a\xffb", b"a\\255b"),
        (b"a.b", b"a\\.b"),
        (b"a\"b", b"a\\\"b"),
        (b"a<b", b"a<b"),
    ];
    for (label, shown) in rows {
        let name = hickory_proto::rr::Name::from_labels([label, b"odd", b"example"]).expect("a name");
        assert_eq!(record::name_text(&name), [shown, b".odd.example"].concat());
        assert!(!record::is_host_name(&record::name_text(&name)));
    }
    assert!(record::is_host_name(b"a_b.A-B.odd.example") && !record::is_host_name(b"-ab.odd.example"));
}

/// What is no name of a host is none, whoever owns the address.
#[tokio::test]
async fn odd_names_of_addresses_are_not_believed() {
    let rows =
        [("9.2.0.192.in-addr.arpa", "PTR", "a(b.example"), ("8.2.0.192.in-addr.arpa", "PTR", "a_b.example")];
    let resolver = zone(&rows);
    assert_eq!(resolver.ptr(IpAddr::from([192, 0, 2, 9])).await.done(), None);
    assert_eq!(resolver.ptr(IpAddr::from([192, 0, 2, 8])).await.done(), Some(b"a_b.example".to_vec()));
}
