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
