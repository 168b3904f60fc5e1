//! How hosts are written: with brackets, with a dot at the end, several in a list, or as an address.

use std::net::IpAddr;

/// `name.`
pub(super) fn dotted(name: &[u8]) -> Vec<u8> {
    let name = name.strip_suffix(b".").unwrap_or(name);
    [name, b"."].concat()
}

/// Cuts a list at its colons, but not inside brackets.
pub(super) fn split_hosts(list: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0u32);
    for (index, byte) in list.iter().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b':' | b',' if depth == 0 => {
                parts.push(&list[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[start..]);
    parts.retain(|part| !part.is_empty());
    parts
}

/// What stands between brackets, where a host is written so.
pub(super) fn in_brackets(host: &[u8]) -> Option<&[u8]> {
    host.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"))
}

/// A host without brackets and trailing dot.
pub(super) fn bare(host: &[u8]) -> &[u8] {
    let name = in_brackets(host).unwrap_or(host);
    name.strip_suffix(b".").unwrap_or(name)
}

/// An address as it stands between brackets.
pub(super) fn literal(inner: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(inner).ok()?;
    let text = match text.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("ipv6:") => &text[5..],
        _ => text,
    };
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_lists() {
        let shown = |list: &[u8]| -> Vec<String> {
            split_hosts(list).into_iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect()
        };
        assert_eq!(shown(b"a.example.:b.example:[c.example]"), ["a.example.", "b.example", "[c.example]"]);
        assert_eq!(shown(b"[IPv6:::1]:[127.0.0.1]"), ["[IPv6:::1]", "[127.0.0.1]"]);
        assert_eq!(literal(b"IPv6:::1"), Some("::1".parse().expect("an address")));
    }
}
