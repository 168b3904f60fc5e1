//! How sendmail writes the addresses of hosts.

use std::net::IpAddr;

/// An address as rules, maps, logs and Received fields see it: a version 6 one has `IPv6:` before all eight groups, or
/// before their short form (UseCompressedIPv6Addresses).
pub fn ip_text(ip: IpAddr, compressed: bool) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) if compressed => format!("IPv6:{ip}"),
        IpAddr::V6(ip) => format!("IPv6:{}", ip.segments().map(|group| format!("{group:x}")).join(":")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_and_both_forms() {
        for (ip, full, short) in [
            ("192.0.2.1", "192.0.2.1", "192.0.2.1"),
            ("2001:db8::1", "IPv6:2001:db8:0:0:0:0:0:1", "IPv6:2001:db8::1"),
            ("::", "IPv6:0:0:0:0:0:0:0:0", "IPv6:::"),
        ] {
            let ip = ip.parse().expect("an address");
            assert_eq!((&*ip_text(ip, false), &*ip_text(ip, true)), (full, short));
        }
    }
}
