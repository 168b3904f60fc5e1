//! A certificate of any bytes: its names are read or it has none, never a panic, and what rules are given of it holds nothing that they would
//! take for something else. Input that is no certificate is put into one as its subject's common name, so that names are reached.
#![no_main]

use canonify::tls::CertificateNames;
use libfuzzer_sys::fuzz_target;

/// A value of DER with its tag and length.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&[tag, 0x82, length[0], length[1]], &content[..]].concat()
}

/// A certificate without a good signature, whose subject has this common name as text of this kind, and whose alternative names are these.
fn certificate(kind: u8, name: &[u8], alternatives: &[u8]) -> Vec<u8> {
    let algorithm = der(0x30, &[&[0x06, 0x03, 0x2b, 0x65, 0x70]]);
    let common = der(0x30, &[&[0x06, 0x03, 0x55, 0x04, 0x03], &der(kind, &[name])]);
    let names = der(0x30, &[&der(0x31, &[&common])]);
    let moment = der(0x17, &[b"260101000000Z"]);
    let key = der(0x30, &[&algorithm, &der(0x03, &[&[0], &[7; 32]])]);
    let others = der(0x30, &[&der(0x82, &[alternatives])]);
    let extension = der(0x30, &[&[0x06, 0x03, 0x55, 0x1d, 0x11], &der(0x04, &[&others])]);
    let extensions = der(0xa3, &[&der(0x30, &[&extension])]);
    let version = der(0xa0, &[&[0x02, 0x01, 0x02]]);
    let period = der(0x30, &[&moment, &moment]);
    let signed = der(0x30, &[&version, &[0x02, 0x01, 0x05], &algorithm, &names, &period, &names, &key, &extensions]);
    der(0x30, &[&signed, &algorithm, &der(0x03, &[&[0], &[9; 64]])])
}

fn look(names: &CertificateNames) {
    for name in [&names.subject, &names.issuer, &names.cn_subject, &names.cn_issuer] {
        assert!(name.iter().all(|byte| byte.is_ascii_graphic() && !b"<>()\"\\".contains(byte)));
    }
    assert!(names.alternatives.iter().all(|name| !name.contains(&0)));
}

fuzz_target!(|input: &[u8]| {
    if let Some(names) = CertificateNames::of(input) {
        look(&names);
    }
    let Some((kind, text)) = input.split_first() else { return };
    let half = text.len().min(8192) / 2;
    if let Some(names) = CertificateNames::of(&certificate(*kind, &text[..half], &text[half..2 * half])) {
        look(&names);
        // the first byte of a tag of several takes the next ones of the text with it
        let is_tag = *kind & 0x1f != 0x1f;
        assert!(!names.cn_subject.is_empty() || half == 0 || !is_tag);
    }
});
