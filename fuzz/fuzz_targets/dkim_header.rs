//! A message of any bytes, its first line a record of the DNS: signatures, chain, policy and SPF are read and checked, never a panic. A field
//! that tells the results is one field, and nobody else's name is ours.
#![no_main]

use canonify::mail_auth::{Arriving, Envelope, check_message, check_sender, is_forged};
use canonify::net::Resolver;
use libfuzzer_sys::fuzz_target;
use std::net::{IpAddr, Ipv4Addr};

fuzz_target!(|input: &[u8]| {
    let split = |text: &[u8], end: &[u8]| {
        let at = text.windows(end.len()).position(|window| window == end).unwrap_or(text.len());
        (text[..at].to_vec(), text.get(at + end.len()..).unwrap_or_default().to_vec())
    };
    let (record, message) = split(input, b"\n");
    let (header, body) = split(&message, b"\r\n\r\n");
    let record = String::from_utf8_lossy(&record).into_owned();
    let names = ["s._domainkey.d.example", "_dmarc.d.example", "d.example"];
    let resolver = Resolver::fixed(names.map(|name| (name.into(), "TXT".into(), record.clone())).to_vec());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let from = Envelope { helo: b"d.example".to_vec(), sender: b"a@d.example".to_vec() };
        let of_sender = check_sender(&resolver, IpAddr::V4(Ipv4Addr::LOCALHOST), &from).await;
        let mut arriving = Arriving::new([&header[..], b"\r\n"].concat());
        arriving.write(&body);
        let results = check_message(&resolver, arriving, of_sender, 0).await;
        let field = results.field(b"m.example");
        assert!(is_forged(&field, b"m.example"));
        assert!(!field.contains(&b'\r') && field.split(|byte| *byte == b'\n').skip(1).all(|line| line.starts_with(b"\t")));
    });
});
