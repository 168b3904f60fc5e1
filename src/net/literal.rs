//! Addresses in brackets.

use std::net::{IpAddr, Ipv4Addr};

/// `[1.2.3.4]` or `[IPv6:…]`, whatever follows the bracket. IPv4 addresses may be written as the C library
/// reads them: fewer numbers, octal, hexadecimal.
pub fn address_literal(text: &[u8]) -> Option<IpAddr> {
    let inside = text.strip_prefix(b"[")?;
    let text = std::str::from_utf8(&inside[..memchr::memchr(b']', inside)?]).ok()?;
    match text.get(..5).filter(|prefix| prefix.eq_ignore_ascii_case("IPv6:")) {
        Some(_) => text[5..].parse().ok().map(IpAddr::V6),
        None => four(text).map(IpAddr::V4).or_else(|| text.parse().ok()),
    }
}

fn four(text: &str) -> Option<Ipv4Addr> {
    let number = |text: &str| match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => u32::from_str_radix(&text[2..], 16).ok(),
        [b'0', _, ..] => u32::from_str_radix(&text[1..], 8).ok(),
        [first, ..] if first.is_ascii_digit() => text.parse().ok(),
        _ => None,
    };
    let parts: Vec<u32> = text.split('.').map(number).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    if first.len() > 3 || first.iter().any(|part| *part > 255) {
        return None;
    }
    let rest = 32 - 8 * first.len() as u32;
    let fits = u64::from(*last) < 1u64 << rest;
    let head = first.iter().fold(0u64, |sum, part| sum << 8 | u64::from(*part)) << rest;
    fits.then(|| Ipv4Addr::from((head | u64::from(*last)) as u32))
}
