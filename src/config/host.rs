//! Facts about this host out of the system's tables.

use crate::schema::ip_text;
use nix::ifaddrs::InterfaceAddressIterator;
use nix::net::if_::InterfaceFlags;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Names and addresses of this host.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HostFacts {
    /// The canonical name, with its domain where one is known.
    pub name: Vec<u8>,
    /// The node name as the kernel has it.
    pub node: Vec<u8>,
    /// Other names of the host.
    pub aliases: Vec<Vec<u8>>,
    /// Its addresses by that name.
    pub addresses: Vec<IpAddr>,
}

fn fields(line: &[u8]) -> Vec<&[u8]> {
    let line = line.split(|byte| *byte == b'#').next().unwrap_or_default();
    line.split(crate::addr::is_space).filter(|word| !word.is_empty()).collect()
}

fn parsed<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// What a hosts file says about the node name: the first line that has it among its names gives the
/// canonical name and the aliases; all lines that have it give addresses.
pub(super) fn from_hosts_file(table: &[u8], node: &[u8]) -> HostFacts {
    let mut facts = HostFacts { name: node.to_vec(), node: node.to_vec(), ..HostFacts::default() };
    let mut found = false;
    for line in table.split(|byte| *byte == b'\n') {
        let words = fields(line);
        let [address, names @ ..] = words.as_slice() else { continue };
        if !names.iter().any(|name| name.eq_ignore_ascii_case(node)) {
            continue;
        }
        let Some(address) = parsed::<IpAddr>(address) else { continue };
        if !found {
            let dotted = names.iter().find(|name| name.contains(&b'.'));
            facts.name =
                if names[0].contains(&b'.') { names[0] } else { dotted.unwrap_or(&names[0]) }.to_vec();
            facts.aliases =
                names.iter().filter(|name| **name != facts.name).map(|name| name.to_vec()).collect();
            found = true;
        }
        if found && !facts.addresses.contains(&address) {
            facts.addresses.push(address);
        }
    }
    facts
}

/// The port of a TCP service in a services file.
pub(super) fn service_port(table: &[u8], name: &[u8]) -> Option<u16> {
    for line in table.split(|byte| *byte == b'\n') {
        let words = fields(line);
        let [canonical, port, aliases @ ..] = words.as_slice() else { continue };
        if *canonical != name && !aliases.contains(&name) {
            continue;
        }
        if let Some(port) = port.strip_suffix(b"/tcp").and_then(parsed) {
            return Some(port);
        }
    }
    None
}

/// An address in brackets, as class w has it.
pub(super) fn bracketed(address: IpAddr) -> Vec<u8> {
    format!("[{}]", ip_text(address, false)).into_bytes()
}

/// `[address]` and names of the interfaces that are up.
pub(super) fn interface_names(
    all: InterfaceAddressIterator,
    table: &[u8],
    skip_loopback: bool,
) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    for interface in all {
        let loopback = interface.flags.contains(InterfaceFlags::IFF_LOOPBACK);
        if !interface.flags.contains(InterfaceFlags::IFF_UP) || (loopback && skip_loopback) {
            continue;
        }
        let Some(storage) = interface.address else { continue };
        let address = match (storage.as_sockaddr_in(), storage.as_sockaddr_in6()) {
            (Some(v4), _) => IpAddr::V4(v4.ip()),
            (_, Some(v6)) => IpAddr::V6(v6.ip()),
            _ => continue,
        };
        if address == IpAddr::V4(Ipv4Addr::UNSPECIFIED) || address == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
            continue;
        }
        names.push(bracketed(address));
        // loopback has everybody's names
        if !loopback {
            names.extend(names_of(table, address));
        }
    }
    names
}

/// The names a hosts file has for an address.
fn names_of(table: &[u8], address: IpAddr) -> Vec<Vec<u8>> {
    let lines = table.split(|byte| *byte == b'\n').map(fields);
    let mine = lines.filter(|line| line.first().and_then(|text| parsed::<IpAddr>(text)) == Some(address));
    mine.flat_map(|line| line[1..].iter().map(|name| name.to_vec()).collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[u8] = b"127.0.0.1 localhost\n10.9.9.9 test.example.com test # me\n";

    #[test]
    fn names_from_the_table() {
        let facts = from_hosts_file(TABLE, b"test");
        assert_eq!(facts.name, b"test.example.com");
        assert_eq!(facts.aliases, [b"test".to_vec()]);
        assert_eq!(bracketed(facts.addresses[0]), b"[10.9.9.9]");
        assert_eq!(from_hosts_file(TABLE, b"vm").name, b"vm");
    }

    #[test]
    fn services() {
        assert_eq!(service_port(b"smtp 25/tcp mail\nntp 123/udp\n", b"mail"), Some(25));
        assert_eq!(service_port(b"smtp 25/tcp mail\nntp 123/udp\n", b"ntp"), None);
    }
}
