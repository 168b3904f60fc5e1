//! One record of an answer, in the form that maps and deliveries want.

use crate::schema::ip_text;
use hickory_proto::rr::{Name, RData, Record as WireRecord};
use std::fmt::Write;
use std::net::IpAddr;

/// Type numbers.
pub mod kind {
    /// IPv4 address.
    pub const A: u16 = 1;
    /// Name server.
    pub const NS: u16 = 2;
    /// Alias.
    pub const CNAME: u16 = 5;
    /// Name of an address.
    pub const PTR: u16 = 12;
    /// Mail exchanger.
    pub const MX: u16 = 15;
    /// Text.
    pub const TXT: u16 = 16;
    /// AFS server.
    pub const AFSDB: u16 = 18;
    /// IPv6 address.
    pub const AAAA: u16 = 28;
    /// Service.
    pub const SRV: u16 = 33;
    /// Certificate association.
    pub const TLSA: u16 = 52;
}

/// A record of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Whose record it is, without a trailing dot.
    pub owner: Vec<u8>,
    /// Type number, see [`kind`].
    pub kind: u16,
    /// The data as a dns map shows it (names without trailing dot; MX and AFSDB: the name).
    pub text: Vec<u8>,
    /// All strings of a TXT record, joined, byte by byte as they are (RFC 6376, 3.6.2.2; RFC 7208, 3.3); of a TLSA
    /// record its data as on the wire (RFC 6698, 2.1).
    pub whole: Vec<u8>,
    /// Preference of an MX record, else 0.
    pub preference: u16,
    /// The address of an A or AAAA record.
    pub address: Option<IpAddr>,
    /// Seconds.
    pub ttl: u32,
    /// It has been validated: here, by option DNSSECTrustAnchor, or by a name server that the site believes (RFC 4035,
    /// 3.2.3: the AD bit); only with option TLSARecords.
    pub secure: bool,
}

/// A name's text without its trailing dot, as the C library writes it (RFC 1035, 5.1): a backslash before bytes that
/// mean something in a zone file, a backslash and three decimal digits for those that cannot be printed. The root is
/// empty.
pub(super) fn name_text(name: &Name) -> Vec<u8> {
    let mut text = Vec::with_capacity(name.len());
    for label in name.iter() {
        if !text.is_empty() {
            text.push(b'.');
        }
        for byte in label {
            match byte {
                b'.' | b'"' | b';' | b'\\' | b'(' | b')' | b'@' | b'$' => {
                    text.extend_from_slice(&[b'\\', *byte])
                }
                b'!'..=b'~' => text.push(*byte),
                odd => text.extend_from_slice(format!("\\{odd:03}").as_bytes()),
            }
        }
    }
    text
}

/// Is it the name of a host, as the C library takes one for the name of an address: letters, digits, `-` and `_`
/// in labels that do not begin with a hyphen?
pub(super) fn is_host_name(name: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let label = |label: &[u8]| !label.starts_with(b"-") && label.iter().all(fits);
    !name.is_empty() && name.split(|byte| *byte == b'.').all(label)
}

impl Record {
    pub(super) fn of(record: &WireRecord) -> Self {
        let kind = u16::from(record.record_type());
        let mut own = Self {
            owner: name_text(&record.name),
            kind,
            text: Vec::new(),
            whole: Vec::new(),
            preference: 0,
            address: None,
            ttl: record.ttl,
            secure: false,
        };
        match &record.data {
            RData::A(four) => own.set_address(IpAddr::V4(four.0)),
            RData::AAAA(six) => own.set_address(IpAddr::V6(six.0)),
            RData::CNAME(name) => own.text = name_text(&name.0),
            RData::PTR(name) => own.text = name_text(&name.0),
            RData::NS(name) => own.text = name_text(&name.0),
            RData::MX(mx) => {
                own.preference = mx.preference;
                own.text = name_text(&mx.exchange);
            }
            RData::SRV(srv) => {
                own.text = name_text(&srv.target);
            }
            // the first string only, as sendmail has it
            RData::TXT(txt) => {
                own.whole = txt.txt_data.concat();
                own.text = txt.txt_data.first().map(|text| printable(text)).unwrap_or_default()
            }
            RData::TLSA(tlsa) => {
                own.text = tlsa_text(tlsa);
                own.whole = tlsa_data(tlsa);
            }
            RData::Unknown { rdata, .. } if kind == kind::AFSDB => own.text = afsdb_host(&rdata.anything),
            _ => {}
        }
        own
    }

    fn set_address(&mut self, address: IpAddr) {
        self.address = Some(address);
        // sendmail's tables know no shorter form
        self.text = ip_text(address, false).into_bytes();
    }
}

/// A text up to its first NUL, with an X for each byte that cannot be printed: whoever writes it into the DNS is
/// nobody whose bytes may mean anything to the rules.
fn printable(text: &[u8]) -> Vec<u8> {
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    text.iter().map(|byte| if matches!(byte, b' '..=b'~') { *byte } else { b'X' }).collect()
}

/// RFC 1183: a subtype, then the host's name, here always uncompressed.
fn afsdb_host(data: &[u8]) -> Vec<u8> {
    let mut rest = data.get(2..).unwrap_or_default();
    let mut labels: Vec<&[u8]> = Vec::new();
    while let Some((length, after)) = rest.split_first()
        && *length > 0
    {
        let Some(label) = after.get(..usize::from(*length)) else { return Vec::new() };
        labels.push(label);
        rest = &after[label.len()..];
    }
    labels.join(&b'.')
}

fn tlsa_data(tlsa: &hickory_proto::rr::rdata::TLSA) -> Vec<u8> {
    let head = [u8::from(tlsa.cert_usage), u8::from(tlsa.selector), u8::from(tlsa.matching)];
    [&head[..], &tlsa.cert_data].concat()
}

fn tlsa_text(tlsa: &hickory_proto::rr::rdata::TLSA) -> Vec<u8> {
    let mut text = format!(
        "{:02X} {:02X} {:02X} ",
        u8::from(tlsa.cert_usage),
        u8::from(tlsa.selector),
        u8::from(tlsa.matching)
    );
    for (number, byte) in tlsa.cert_data.iter().enumerate() {
        let colon = if number > 0 { ":" } else { "" };
        // writing to a string cannot fail
        let _ = write!(text, "{colon}{byte:02X}");
    }
    text.into_bytes()
}
