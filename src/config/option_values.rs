//! What each option's text means.

use super::load::{Loader, MAX_LINE, munched};
use super::numbers::{is_true, leading_int, numeric_address, parse_int, parse_time};
use crate::schema::UserIds;
use crate::schema::*;
use crate::sys::safe::{Blame, option_words};

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
    (0xe4, |loader, _, value| {
        loader.ssl_options("ClientSSLOptions", value);
        loader.config.options.client_ssl_options = Some(value.to_vec());
    }),
    (0xf8, |loader, _, value| match is_true(value) {
        true => loader.error("readcf: option: SmtpUTF8 set but no USE_EAI support"),
        false => loader.say("Warning: Option: SmtpUTF8 requires USE_EAI support"),
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

    fn time(&mut self, value: &[u8], unit: u8) -> i64 {
        let (seconds, problem) = parse_time(value, unit);
        self.time_problem(&problem);
        seconds
    }

    /// An error after which nothing is read: the program ends with 64.
    fn usage_error(&mut self, text: &[u8]) {
        self.error(text);
        self.exit = Sysexit::USAGE;
        self.stop = true;
    }

    fn eight_bit_mode(&mut self, value: &[u8]) {
        let letter = value.first().copied().unwrap_or_default();
        self.config.options.eight_bit_mode = match letter {
            b'p' => EightBitMode::Pass,
            b'm' => EightBitMode::Mime,
            b's' => EightBitMode::Strict,
            _ => return self.usage_error(&[b"Unknown 8-bit mode ", &value[..value.len().min(1)]].concat()),
        };
    }

    fn delivery_mode(&mut self, value: &[u8]) {
        let letter = value.first().map_or(b'i', u8::to_ascii_lowercase);
        match DeliveryMode::from_letter(letter) {
            Some(mode) => self.config.options.delivery_mode = mode,
            None => self.usage_error(&[b"Unknown delivery mode ", &value[..value.len().min(1)]].concat()),
        }
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

    fn default_group(&mut self, value: &[u8]) {
        let gid = match value.first() {
            Some(digit) if digit.is_ascii_digit() => Some(leading_int(value) as u32),
            _ => self.env.group(value),
        };
        match gid {
            Some(gid) => self.config.options.default_user = Some(UserIds { gid, ..self.default_user() }),
            None => self.error([b"readcf: option g: unknown group ", value].concat()),
        }
    }

    fn resolver_options(&mut self, value: &[u8]) {
        for word in value.split(crate::addr::is_space).filter(|word| !word.is_empty()) {
            let (on, bare) = match word {
                [b'-', bare @ ..] => (false, bare),
                [b'+', bare @ ..] => (true, bare),
                bare => (true, bare),
            };
            let lower = bare.to_ascii_lowercase();
            let options = &mut self.config.options.resolver_options;
            match lower.as_slice() {
                b"true" => {}
                b"haswildcardmx" => options.has_wildcard_mx = on,
                b"workaroundbrokenaaaa" => options.work_around_broken_aaaa = on,
                flag if ResolverOptions::FLAGS.iter().any(|known| known.as_bytes() == flag) => {
                    options.flags.push((lower, on));
                }
                _ => self.error([b"readcf: I option value ", bare, b" unrecognized"].concat()),
            }
        }
    }

    fn macro_option(&mut self, value: &[u8]) {
        let (id, length) = self.name(value);
        if let Some(id) = id {
            let text = munched(&value[length..], None).0;
            self.define(id, &text);
        }
    }

    fn privacy(&mut self, value: &[u8]) {
        for word in option_words(value) {
            match Privacy::WORDS.iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(word)) {
                Some((_, flag)) => self.config.options.privacy_options |= *flag,
                None => self.error([b"readcf: Op line: ", word, b" unrecognized"].concat()),
            }
        }
    }

    fn timeout(&mut self, sub: Option<&[u8]>, value: &[u8]) {
        match sub {
            Some(name) => self.one_timeout(name, value),
            None => self.old_timeouts(value),
        }
    }

    fn one_timeout(&mut self, name: &[u8], value: &[u8]) {
        if self.traces(37, 2) {
            self.say([b"settimeout(", name, b" = ", value, b")"].concat());
        }
        let Some(unit) = Timeouts::unit(name) else {
            self.error([b"settimeout: invalid timeout ", name].concat());
            return;
        };
        let (seconds, problem) = parse_time(value, if unit == 0 { b's' } else { unit });
        let amount = if unit == 0 { leading_int(value) } else { seconds };
        // sendmail reads the times that come in several kinds twice, but for the counts
        let readings =
            if unit != 0 && name.to_ascii_lowercase().starts_with(b"queue") || unit == b's' { 2 } else { 1 };
        for _ in 0..readings {
            self.time_problem(&problem);
        }
        self.set_timeout(name, amount);
    }

    fn set_timeout(&mut self, name: &[u8], amount: i64) {
        let kept: &[&str] = if self.commanding { &[] } else { &self.sticky_timeouts };
        let set = self.config.options.timeout.set(name, amount, kept);
        for name in &set {
            self.config.spans.sets("Timeout", Some(name), self.first_line);
        }
        if self.commanding {
            self.sticky_timeouts.extend(set);
        }
    }

    /// `5m`, or `name:time,name=time`.
    fn old_timeouts(&mut self, value: &[u8]) {
        const SMTP: [&str; 6] = ["mail", "rcpt", "datainit", "datablock", "datafinal", "command"];
        for item in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            let sign = item.iter().position(|byte| matches!(byte, b':' | b'='));
            match (item.first(), sign) {
                (Some(b'0'..=b'9'), _) => {
                    let seconds = self.time(item, b'm');
                    for name in SMTP {
                        self.set_timeout(name.as_bytes(), seconds);
                    }
                }
                (_, Some(at)) => self.one_timeout(&item[..at], &item[at + 1..]),
                _ => {}
            }
        }
    }

    /// `return[/warn]`
    fn queue_timeout(&mut self, value: &[u8]) {
        let mut parts = value.splitn(2, |byte| *byte == b'/');
        let give_back = parts.next().unwrap_or_default();
        if let Some(warn) = parts.next() {
            self.one_timeout(b"queuewarn", warn);
        }
        self.one_timeout(b"queuereturn", give_back);
    }

    fn super_safe(&mut self, value: &[u8]) {
        self.config.options.super_safe = match value.first().map(u8::to_ascii_lowercase) {
            Some(b'i') => SuperSafe::Interactive,
            Some(b'p') => SuperSafe::PostMilter,
            _ if is_true(value) => SuperSafe::Yes,
            _ => SuperSafe::No,
        };
    }

    /// `user[:group]`, names or numbers; the ids, unless the user is unknown. A user without an account leaves
    /// the group as it was.
    fn user_option(&mut self, option: &str, value: &[u8], old: fn(&mut Self) -> UserIds) -> Option<UserIds> {
        let end =
            value.iter().position(|byte| matches!(byte, b':' | b'/' | b'.' | b';')).unwrap_or(value.len());
        let (user, group) = (value[..end].trim_ascii(), value.get(end + 1..).map(<[u8]>::trim_ascii));
        let mut ids = if user.first().is_some_and(u8::is_ascii_digit) {
            UserIds { uid: parse_int(user, 0).0 as u32, ..old(self) }
        } else if let Some(found) = self.env.user(user) {
            found
        } else {
            self.error([format!("readcf: option {option}: unknown user ").as_bytes(), user].concat());
            return None;
        };
        match group.filter(|group| !group.is_empty()) {
            None => {}
            Some(digits) if digits.first().is_some_and(u8::is_ascii_digit) => {
                ids.gid = parse_int(digits, 0).0 as u32
            }
            Some(name) => match self.env.group(name) {
                Some(gid) => ids.gid = gid,
                None => {
                    let head = format!("readcf: option {option}: unknown group ");
                    self.error([head.as_bytes(), name].concat());
                }
            },
        }
        Some(ids)
    }

    fn queue_sort_order(&mut self, value: &[u8]) {
        self.config.options.queue_sort_order = match value.first().map(u8::to_ascii_lowercase) {
            Some(b'f') => QueueSortOrder::FileName,
            Some(b'h') => QueueSortOrder::Host,
            Some(b'm') => QueueSortOrder::ModTime,
            Some(b'p') => QueueSortOrder::Priority,
            Some(b't') => QueueSortOrder::Time,
            Some(b'r') => QueueSortOrder::Random,
            Some(b'n') => QueueSortOrder::None,
            Some(b's') => QueueSortOrder::Shuffle,
            _ => return self.error([b"Invalid queue sort order \"", value, b"\""].concat()),
        };
    }

    fn no_recipient_action(&mut self, value: &[u8]) {
        self.config.options.no_recipient_action = match value.to_ascii_lowercase().as_slice() {
            b"none" => NoRecipientAction::None,
            b"add-to" => NoRecipientAction::AddTo,
            b"add-apparently-to" => NoRecipientAction::AddApparentlyTo,
            b"add-bcc" => NoRecipientAction::AddBcc,
            b"add-to-undisclosed" => NoRecipientAction::AddToUndisclosed,
            _ => return self.error([b"Invalid NoRecipientAction: ", value].concat()),
        };
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

    fn dont_blame(&mut self, value: &[u8]) {
        for word in Blame::default().add(value) {
            self.error([b"readcf: DontBlameSendmail option: ", &word[..], b" unrecognized"].concat());
        }
        self.config.options.dont_blame_sendmail.push(value.to_vec());
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

    fn trusted_user(&mut self, value: &[u8]) {
        if value.first().is_some_and(u8::is_ascii_digit) {
            self.config.options.trusted_user = leading_int(value) as u32;
            return;
        }
        match self.env.user(value) {
            Some(ids) => self.config.options.trusted_user = ids.uid,
            None => self.error([b"readcf: option TrustedUser: unknown user ", value].concat()),
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

    fn milter(&mut self, sub: Option<&[u8]>, value: &[u8]) {
        let name = sub.unwrap_or_default();
        let lower = name.to_ascii_lowercase();
        self.config.spans.sets("Milter", std::str::from_utf8(name).ok(), self.first_line);
        if lower == b"loglevel" {
            self.config.options.milter.log_level = leading_int(value);
            return;
        }
        let stage = lower.strip_prefix(b"macros.");
        let stage =
            stage.and_then(|stage| MilterOptions::STAGES.iter().position(|known| known.as_bytes() == stage));
        let Some(stage) = stage else {
            match sub.is_none() {
                true => self.error("milter_set_option: invalid Milter option, must specify suboption"),
                false => self.error([b"milter_set_option: invalid Milter option ", name].concat()),
            }
            return;
        };
        let names =
            value.split(|byte| *byte == b',' || crate::addr::is_space(byte)).filter(|name| !name.is_empty());
        let list: Vec<Vec<u8>> = names.map(<[u8]>::to_vec).collect();
        self.config.options.milter.macros[stage] = list;
    }

    /// Letters out of a set; after each one everything up to the next blank or comma is passed over.
    fn letters(&mut self, option: &str, value: &[u8], known: &[u8]) -> Vec<u8> {
        let mut found = Vec::new();
        let words = value.split(|byte| matches!(byte, b' ' | b'\t' | b','));
        // two separators side by side end the list
        for word in words.take_while(|word| !word.is_empty()) {
            match known.contains(&word[0]) {
                true => found.push(word[0]),
                false => {
                    let text = format!("Warning: Option: {option} unknown parameter '");
                    let shown = if word[0].is_ascii_graphic() { word[0] } else { b'?' };
                    self.say([text.as_bytes(), &[shown], b"'"].concat());
                }
            }
        }
        found
    }

    fn ssl_options(&mut self, option: &str, value: &[u8]) {
        for word in value.split(|byte| matches!(byte, b' ' | b'\t' | b',')).filter(|word| !word.is_empty()) {
            let bare = word.strip_prefix(b"-").or(word.strip_prefix(b"+")).unwrap_or(word);
            if bare.first().is_some_and(u8::is_ascii_digit) {
                continue;
            }
            if !SSL_WORDS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(bare)) {
                let text = format!("readcf: {option} option value ");
                self.error([text.as_bytes(), bare, b" unrecognized"].concat());
            }
        }
    }
}

/// Words of ServerSSLOptions and ClientSSLOptions.
const SSL_WORDS: [&str; 40] = [
    "SSL_OP_ALL",
    "SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION",
    "SSL_OP_CIPHER_SERVER_PREFERENCE",
    "SSL_OP_CISCO_ANYCONNECT",
    "SSL_OP_COOKIE_EXCHANGE",
    "SSL_OP_CRYPTOPRO_TLSEXT_BUG",
    "SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS",
    "SSL_OP_EPHEMERAL_RSA",
    "SSL_OP_LEGACY_SERVER_CONNECT",
    "SSL_OP_MICROSOFT_BIG_SSLV3_BUFFER",
    "SSL_OP_MICROSOFT_SESS_ID_BUG",
    "SSL_OP_MSIE_SSLV2_RSA_PADDING",
    "SSL_OP_NETSCAPE_CA_DN_BUG",
    "SSL_OP_NETSCAPE_CHALLENGE_BUG",
    "SSL_OP_NETSCAPE_DEMO_CIPHER_CHANGE_BUG",
    "SSL_OP_NETSCAPE_REUSE_CIPHER_CHANGE_BUG",
    "SSL_OP_NO_COMPRESSION",
    "SSL_OP_NO_QUERY_MTU",
    "SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION",
    "SSL_OP_NO_SSLv2",
    "SSL_OP_NO_SSLv3",
    "SSL_OP_NO_TICKET",
    "SSL_OP_NO_TLSv1",
    "SSL_OP_NO_TLSv1_1",
    "SSL_OP_NO_TLSv1_2",
    "SSL_OP_NO_TLSv1_3",
    "SSL_OP_PKCS1_CHECK_1",
    "SSL_OP_PKCS1_CHECK_2",
    "SSL_OP_PRIORITIZE_CHACHA",
    "SSL_OP_SINGLE_DH_USE",
    "SSL_OP_SINGLE_ECDH_USE",
    "SSL_OP_SSLEAY_080_CLIENT_DH_BUG",
    "SSL_OP_SSLREF2_REUSE_CERT_TYPE_BUG",
    "SSL_OP_TLS_BLOCK_PADDING_BUG",
    "SSL_OP_TLS_D5_BUG",
    "SSL_OP_TLS_ROLLBACK_BUG",
    "SSL_OP_TLSEXT_PADDING",
    "SSL_OP_NO_ENCRYPT_THEN_MAC",
    "SSL_OP_NO_RENEGOTIATION",
    "SSL_OP_ENABLE_MIDDLEBOX_COMPAT",
];

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
