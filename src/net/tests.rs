use super::*;

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
    assert_eq!(resolver.canonical(b"alias.example").await, Outcome::Done(b"real.example".to_vec()));
    assert_eq!(resolver.canonical(b"mail-only.example").await, Outcome::Done(b"mail-only.example".to_vec()));
    assert_eq!(resolver.canonical(b"nobody.example").await, Outcome::Never(DnsError::HostNotFound));
    let address = resolver.addresses(b"alias.example", Family::Both).await.done();
    assert_eq!(address, Some(vec![IpAddr::from([192, 0, 2, 7])]));
}

#[test]
fn reverse_names() {
    assert_eq!(reverse_name(IpAddr::from([192, 0, 2, 7])), b"7.2.0.192.in-addr.arpa");
    assert!(reverse_name("2001:db8::1".parse().expect("an address")).ends_with(b".8.b.d.0.1.0.0.2.ip6.arpa"));
}
