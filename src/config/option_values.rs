//! What each option's text means: those that are one value of a kind, and a row for each of the others. Lists of
//! words are read in `option_words`, times in `option_times`, users and groups in `option_ids`.

use super::load::{Loader, MAX_LINE, munched};
use super::numbers::{is_true, leading_int, numeric_address, parse_int, parse_time};
use crate::schema::*;

/// Reads the text of one special option.
type Reader = fn(&mut Loader<'_>, Option<&[u8]>, &[u8]);

/// Options whose text has a form of its own.
const SPECIAL: &[(u8, Reader)] = &[
    (b'8', |loader, _, value| loader.eight_bit_mode(value)),
    (b'A', |loader, _, value| loader.alias_file(value)),
    (b'a', |loader, _, value| {
        let value = if value.is_empty() { b"5m" } else { value };
        loader.config.options.alias_wait = loader.time(value, b'm');
    }),
    (b'B', |loader, _, value| loader.config.options.blank_sub = value.first().copied().unwrap_or(b' ')),
    (b'b', |loader, _, value| loader.min_free_blocks(value)),
    (b'd', |loader, _, value| loader.delivery_mode(value)),
    (b'e', |loader, _, value| {
        if let Some(letter) = value.first().filter(|letter| b"pqmwe".contains(letter)) {
            loader.config.options.error_mode = *letter;
        }
    }),
    (b'g', |loader, _, value| loader.default_group(value)),
    (b'H', |loader, _, value| loader.config.options.help_file = Some(or(value, b"helpfile"))),
    (b'I', |loader, _, value| loader.resolver_options(value)),
    // no path at all is no path, and not the usual one
    (b'J', |loader, _, value| loader.config.options.forward_path = Some(value.to_vec())),
    (b'M', |loader, _, value| loader.macro_option(value)),
    (b'O', |loader, _, value| loader.daemon_port(value)),
    (b'p', |loader, _, value| loader.privacy(value)),
    (b'Q', |loader, _, value| loader.config.options.queue_directory = Some(or(value, b"mqueue"))),
    (b'r', |loader, sub, value| loader.timeout(sub, value)),
    (b'S', |loader, _, value| loader.config.options.status_file = Some(or(value, b"statistics"))),
    (b's', |loader, _, value| loader.super_safe(value)),
    (b'T', |loader, _, value| loader.queue_timeout(value)),
    (b't', |loader, _, value| {
        loader.config.options.time_zone_spec = match value {
            b"" => TimeZone::Inherited,
            zone => TimeZone::Set(zone.to_vec()),
        }
    }),
    (b'u', |loader, _, value| {
        if let Some(ids) = loader.user_option("u", value, Loader::default_user) {
            loader.config.options.default_user = Some(ids);
        }
    }),
    (b'V', |loader, _, value| {
        if !value.is_empty() {
            loader.config.options.fallback_mx_host = Some(value.to_vec());
        }
    }),
    (0x81, |loader, _, value| loader.queue_sort_order(value)),
    (0x88, |loader, _, value| loader.no_recipient_action(value)),
    (0x89, |loader, _, value| {
        let length = value.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
        loader.config.options.safe_file_environment = (length > 0).then(|| value[..length].to_vec());
    }),
    (0x8f, |loader, _, value| loader.must_quote_chars(value)),
    (0x90, |loader, _, value| loader.config.options.smtp_greeting_message = munched(value, None).0),
    (0x91, |loader, _, value| loader.config.options.unix_from_line = munched(value, None).0),
    (0x92, |loader, _, value| loader.operator_chars(value)),
    (0x99, |loader, _, value| {
        if !is_true(value) {
            let words = b"GroupWritableForwardFileSafe,GroupWritableIncludeFileSafe";
            loader.config.options.dont_blame_sendmail.push(words.to_vec());
        }
    }),
    (0x9a, |loader, _, value| loader.config.options.double_bounce_address = value.to_vec()),
    (0x9d, |loader, _, value| {
        let old = |loader: &mut Loader| loader.config.options.run_as_user.unwrap_or_default();
        if let Some(ids) = loader.user_option("RunAsUser", value, old) {
            loader.config.options.run_as_user = Some(ids);
        }
    }),
    (0xa0, |loader, _, value| loader.dont_blame(value)),
    (0xa1, |loader, _, value| {
        loader.config.options.dont_probe_interfaces = match value {
            word if word.eq_ignore_ascii_case(b"loopback") => ProbeInterfaces::NoLoopback,
            word if is_true(word) => ProbeInterfaces::None,
            _ => ProbeInterfaces::All,
        }
    }),
    (0xa6, |loader, _, value| loader.connect_only_to(value)),
    (0xa7, |loader, _, value| loader.trusted_user(value)),
    (0xa8, |loader, _, value| loader.mime_header_length(value)),
    (0xaa, |loader, _, value| {
        let length = leading_int(value);
        loader.config.options.max_headers_length = length;
        if (1..16384).contains(&length) {
            loader.say("Warning: MaxHeadersLength: headers length limit set lower than 16384");
        }
    }),
    (0xaf, |loader, _, value| loader.client_port(value)),
    (0xbb, |loader, _, value| {
        let names = value.split(|byte| matches!(byte, b',' | b';')).map(<[u8]>::trim_ascii);
        let names = names.filter(|name| !name.is_empty()).map(<[u8]>::to_vec);
        loader.config.options.input_mail_filters = names.collect();
    }),
    (0xbc, |loader, sub, value| loader.milter(sub, value)),
    (0xbd, |loader, _, value| {
        loader.config.options.auth_options = loader.letters("AuthOptions", value, b"Aacdfmpy");
    }),
    (0xc2, |loader, _, value| {
        loader.config.options.tls_srv_options = loader.letters("TLSSrvOptions", value, b"VC");
    }),
    (0xe3, |loader, _, value| {
        loader.ssl_options("ServerSSLOptions", value);
        loader.config.options.server_ssl_options = Some(value.to_vec());
    }),
    // no name is one that nobody has
    (0xcb, |loader, _, value| loader.config.options.mailbox_database = Some(value.to_vec())),
    // as a sendmail that was built without support for it
    (0xf8, |loader, _, value| match is_true(value) {
        true => loader.error("readcf: option: SmtpUTF8 set but no USE_EAI support"),
        false => loader.say("Warning: Option: SmtpUTF8 requires USE_EAI support"),
    }),
    (0xe4, |loader, _, value| {
        loader.ssl_options("ClientSSLOptions", value);
        loader.config.options.client_ssl_options = Some(value.to_vec());
    }),
];

fn or(value: &[u8], usual: &[u8]) -> Vec<u8> {
    if value.is_empty() { usual.to_vec() } else { value.to_vec() }
}

impl Loader<'_> {
    pub(super) fn apply_option(&mut self, row: &OptionRow, sub: Option<&[u8]>, value: &[u8]) {
        let expanded = (row.form == Form::Expanded).then(|| self.expanded(value, MAX_LINE));
        let some = |value: &[u8]| (!value.is_empty()).then(|| value.to_vec());
        let mut problem = Vec::new();
        match self.config.options.slot(row.code) {
            Slot::Bool(slot) => *slot = is_true(value),
            Slot::Int(slot) => *slot = leading_int(value),
            Slot::Octal(slot) => *slot = parse_int(value, 8).0 as u32 & 0o777,
            Slot::Time(slot, unit) => (*slot, problem) = parse_time(value, unit),
            Slot::Text(slot) => *slot = some(value),
            Slot::Expanded(slot) => *slot = some(&expanded.unwrap_or_default()),
            Slot::Special => {
                if let Some((_, reader)) = SPECIAL.iter().find(|(code, _)| *code == row.code) {
                    reader(self, sub, value);
                }
            }
        }
        self.time_problem(&problem);
        if row.name == "LDAPDefaultSpec" {
            self.check_ldap_defaults(value);
        }
    }

    /// An error after which nothing is read: the program ends with 64.
    pub(super) fn usage_error(&mut self, text: &[u8]) {
        self.error(text);
        self.exit = Sysexit::USAGE;
        self.stop = true;
    }

    fn alias_file(&mut self, value: &[u8]) {
        let value = or(value, b"aliases");
        let specs = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|spec| !spec.is_empty());
        for spec in specs.map(<[u8]>::to_vec).collect::<Vec<_>>() {
            self.alias_spec(&spec);
        }
    }

    fn alias_spec(&mut self, spec: &[u8]) {
        const ALIASABLE: [&str; 15] = [
            "hash", "btree", "cdb", "dbm", "nis", "nisplus", "ldap", "text", "stab", "implicit", "sequence",
            "switch", "null", "program", "socket",
        ];
        const OTHERS: [&str; 12] = [
            "user", "host", "dns", "bestmx", "arpa", "macro", "arith", "dequote", "regex", "syslog",
            "userdb", "bogus",
        ];
        let (class, flags, file) = crate::db::alias_spec_parts(spec);
        let is = |known: &&str| known.as_bytes().eq_ignore_ascii_case(class);
        if OTHERS.iter().any(&is) {
            self.error([b"setalias: map class ", class, b" can't handle aliases"].concat());
            return;
        }
        if !ALIASABLE.iter().any(is) {
            self.error([b"setalias: unknown alias class ", class].concat());
            return;
        }
        let name = format!("Alias{}", self.config.options.alias_file.len());
        let mut args = [flags, file].join(&b' ').trim_ascii_start().to_vec();
        if class.eq_ignore_ascii_case(b"ldap") && args.is_empty() {
            args = self.ldap_alias_spec();
        }
        if self.declare_map(name.as_bytes(), &class.to_ascii_lowercase(), &args) {
            self.config.options.alias_file.push(spec.to_vec());
        }
    }

    fn min_free_blocks(&mut self, value: &[u8]) {
        let (blocks, length) = parse_int(value, 10);
        self.config.options.min_free_blocks = blocks;
        if let Some(size) = value[length..].strip_prefix(b"/") {
            self.config.options.max_message_size = leading_int(size);
        }
    }

    fn macro_option(&mut self, value: &[u8]) {
        let (id, length) = self.name(value);
        if let Some(id) = id {
            let text = munched(&value[length..], None).0;
            self.define(id, &text);
        }
    }

    fn must_quote_chars(&mut self, value: &[u8]) {
        let mut chars = b"@,;:\\()[]".to_vec();
        if value.len() >= 40 {
            self.say("Warning: MustQuoteChars too long, ignored.");
        } else {
            chars.extend_from_slice(value);
        }
        self.config.options.must_quote_chars = chars;
    }

    fn operator_chars(&mut self, value: &[u8]) {
        // the first rule settles them
        if self.config.options.operator_chars.is_some() || self.operators.is_some() {
            self.say("Warning: OperatorChars is being redefined.");
            self.say("         It should only be set before ruleset definitions.");
        }
        self.config.options.operator_chars = Some(munched(value, None).0);
    }

    /// `[port@]address`: as the C library reads numbers, with fewer than four parts, too.
    fn connect_only_to(&mut self, value: &[u8]) {
        let (port, address) = match value.iter().position(|byte| *byte == b'@') {
            Some(at) => (Some(&value[..at]), &value[at + 1..]),
            None => (None, value),
        };
        let number = match port.map(leading_int) {
            Some(65536..) => {
                let text = port.unwrap_or_default();
                return self.error([b"readcf: option ConnectOnlyTo: invalid port ", text].concat());
            }
            // what is no number counts as none
            number => number.and_then(|number| u16::try_from(number).ok()).filter(|number| *number > 0),
        };
        match numeric_address(address) {
            Some(address) => self.config.options.connect_only_to = Some((number, address)),
            None => self.error([b"readcf: option ConnectOnlyTo: invalid IP address ", address].concat()),
        }
    }

    fn mime_header_length(&mut self, value: &[u8]) {
        let (header, length) = parse_int(value, 10);
        let header = header.max(0);
        let field = value[length..].strip_prefix(b"/").map_or(header / 2, leading_int).max(0);
        self.config.options.max_mime_header_length = (header, field);
        if (1..128).contains(&header) {
            self.say("Warning: MaxMimeHeaderLength: header length limit set lower than 128");
        }
        if (1..40).contains(&field) {
            self.say("Warning: MaxMimeHeaderLength: field length limit set lower than 40");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_special_option_has_a_reader() {
        for row in OPTIONS.iter().filter(|row| row.form == Form::Special) {
            assert!(SPECIAL.iter().any(|(code, _)| *code == row.code), "{} {}", row.name, row.code);
        }
    }
}
