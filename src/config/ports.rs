//! DaemonPortOptions and ClientPortOptions.

use super::load::Loader;
use super::numbers::leading_int;
use crate::cf::{PortItem, port_items};
use crate::schema::{ClientPort, DaemonPort, DeliveryMode, Family};

/// Listeners of one configuration.
const MAX_DAEMONS: usize = 64;

/// Modifier letters and how a trace names them.
const MODIFIERS: [(u8, &str); 13] = [
    (b'a', "AUTHREQ"),
    (b'b', "BINDIF"),
    (b'c', "CANONREQ"),
    (b'h', "IFNHELO"),
    (b'f', "FQMAIL"),
    (b'r', "FQRCPT"),
    (b's', "SMTPS"),
    (b'u', "UNQUALOK"),
    (b'A', "NOAUTH"),
    (b'C', "NOCANON"),
    (b'E', "NOETRN"),
    (b'S', "NOTLS"),
    (b'O', "OPTIONAL"),
];

impl Loader<'_> {
    pub(super) fn daemon_port(&mut self, value: &[u8]) {
        if self.config.options.daemon_port_options.len() >= MAX_DAEMONS {
            self.error(format!("too many daemons defined ({MAX_DAEMONS} max)"));
            return;
        }
        let number = self.config.options.daemon_port_options.len();
        let mut port = DaemonPort { name: format!("Daemon{number}").into_bytes(), ..DaemonPort::default() };
        let fields = port_fields(value);
        // the family decides how an address is read
        for (_, key, text) in &fields {
            if matches!(key, b'F' | b'f') {
                port.family = self.family(text).unwrap_or(port.family);
            }
        }
        for (field, key, text) in &fields {
            self.daemon_field(&mut port, field, *key, text);
        }
        (port.address, port.port) = self.place(&fields, port.family);
        if self.traces(37, 1) {
            self.trace_daemon(&port);
        }
        self.config.spans.listens(self.first_line);
        self.config.options.daemon_port_options.push(port);
    }

    fn daemon_field(&mut self, port: &mut DaemonPort, field: &[u8], key: u8, text: &[u8]) {
        match key {
            b'F' | b'f' => {}
            b'A' | b'a' => port.address_text = Some(text.to_vec()),
            b'P' | b'p' => {}
            b'N' | b'n' => port.name = text.to_vec(),
            b'I' | b'i' => {
                let names = text.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
                port.filters = Some(names.filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect());
            }
            b'L' | b'l' => port.backlog = leading_int(text),
            b'M' | b'm' => {
                port.modifiers = text.iter().copied().filter(|byte| !crate::addr::is_space(byte)).collect()
            }
            b'S' | b's' => port.send_buffer = leading_int(text),
            b'R' => port.receive_buffer = leading_int(text),
            b'c' => port.max_children = Some(leading_int(text)),
            b'D' => match text.first().map(u8::to_ascii_lowercase).and_then(DeliveryMode::from_letter) {
                Some(mode) => port.delivery_mode = Some(mode),
                None => self.error([b"Unknown delivery mode ", &text[..text.len().min(1)]].concat()),
            },
            b'd' => port.delay_la = Some(leading_int(text)),
            b'q' => port.queue_la = Some(leading_int(text)),
            b'r' => port.refuse_la = Some(leading_int(text)),
            _ => self.error([b"PortOptions parameter \"", field, b"\" unknown"].concat()),
        }
    }

    fn trace_daemon(&mut self, port: &DaemonPort) {
        let words = MODIFIERS.iter().filter(|(letter, _)| port.has(*letter)).map(|(_, word)| *word);
        let words: Vec<&str> = words.collect();
        let words = if words.is_empty() { String::new() } else { format!("<{}>", words.join(",")) };
        self.say([b"Daemon ", &port.name[..], b" flags: ", words.as_bytes()].concat());
    }

    pub(super) fn client_port(&mut self, value: &[u8]) {
        let mut port = ClientPort::default();
        let fields = port_fields(value);
        for (_, key, text) in &fields {
            if matches!(key, b'F' | b'f') {
                port.family = self.family(text).unwrap_or(port.family);
            }
        }
        for (field, key, text) in &fields {
            match key {
                b'F' | b'f' | b'A' | b'a' | b'P' | b'p' => {}
                b'M' | b'm' => {
                    port.modifiers =
                        text.iter().copied().filter(|byte| !crate::addr::is_space(byte)).collect()
                }
                b'S' | b's' => port.send_buffer = leading_int(text),
                b'R' => port.receive_buffer = leading_int(text),
                // what else only a daemon knows is read as if for one
                _ => self.daemon_field(&mut DaemonPort::default(), field, *key, text),
            }
        }
        (port.address, port.port) = self.place(&fields, port.family);
        let ports = &mut self.config.options.client_port_options;
        match ports.iter_mut().find(|old| old.family == port.family) {
            Some(old) => *old = port,
            None => ports.push(port),
        }
    }

    fn family(&mut self, text: &[u8]) -> Option<Family> {
        let family = match text.to_ascii_lowercase().as_slice() {
            b"inet" => Family::Inet,
            b"inet6" => Family::Inet6,
            b"unix" | b"local" => Family::Local,
            b"iso" => Family::Other(7),
            b"ns" => Family::Other(6),
            b"x.25" => Family::Other(9),
            digits if digits.first().is_some_and(u8::is_ascii_digit) => Family::Other(leading_int(digits)),
            _ => {
                self.error([b"Unknown address family ", text, b" in Family=option"].concat());
                return None;
            }
        };
        Some(family)
    }

    /// Address and port are looked for when all fields are read: the last of each counts.
    fn place(&mut self, fields: &[Field], family: Family) -> (Option<std::net::IpAddr>, Option<u16>) {
        let last = |letter: u8| fields.iter().rfind(|(_, key, _)| key.eq_ignore_ascii_case(&letter));
        let address = last(b'a').and_then(|(.., text)| self.port_address(text, family));
        (address, last(b'p').and_then(|(.., text)| self.port_number(text)))
    }

    fn port_address(&mut self, text: &[u8], family: Family) -> Option<std::net::IpAddr> {
        if family == Family::Local {
            return None;
        }
        let bare = text.strip_prefix(b"IPv6:").unwrap_or(text);
        let written: Option<std::net::IpAddr> =
            std::str::from_utf8(bare).ok().and_then(|text| text.parse().ok());
        let inet6 = family == Family::Inet6;
        let found = match written {
            Some(address) => Some(address).filter(|address| address.is_ipv6() == inet6),
            None => self.env.address(text, inet6),
        };
        if found.is_none() {
            self.error([b"host \"", text, b"\" unknown"].concat());
        }
        found
    }

    fn port_number(&mut self, text: &[u8]) -> Option<u16> {
        if text.first().is_some_and(u8::is_ascii_digit) {
            return u16::try_from(leading_int(text)).ok();
        }
        let found = self.env.service(text);
        if found.is_none() {
            self.error([b"service \"", text, b"\" unknown"].concat());
        }
        found
    }
}

/// As written, first character of the key, value.
type Field = (Vec<u8>, u8, Vec<u8>);

/// The items of a list.
fn port_fields(value: &[u8]) -> Vec<Field> {
    let field = |item: PortItem| {
        let text = value[item.value..item.end].trim_ascii();
        (value[item.start..item.end].to_vec(), item.key, text.to_vec())
    };
    port_items(value).into_iter().map(field).collect()
}
