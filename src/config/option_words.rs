//! Options whose values are words of a list.

use super::load::Loader;
use super::numbers::{is_true, leading_int};
use crate::schema::*;
use crate::sys::safe::{Blame, option_words};

impl Loader<'_> {
    pub(super) fn eight_bit_mode(&mut self, value: &[u8]) {
        let letter = value.first().copied().unwrap_or_default();
        self.config.options.eight_bit_mode = match letter {
            b'p' => EightBitMode::Pass,
            b'm' => EightBitMode::Mime,
            b's' => EightBitMode::Strict,
            _ => return self.usage_error(&[b"Unknown 8-bit mode ", &value[..value.len().min(1)]].concat()),
        };
    }

    pub(super) fn delivery_mode(&mut self, value: &[u8]) {
        let letter = value.first().map_or(b'i', u8::to_ascii_lowercase);
        match DeliveryMode::from_letter(letter) {
            Some(mode) => self.config.options.delivery_mode = mode,
            None => self.usage_error(&[b"Unknown delivery mode ", &value[..value.len().min(1)]].concat()),
        }
    }

    pub(super) fn super_safe(&mut self, value: &[u8]) {
        self.config.options.super_safe = match value.first().map(u8::to_ascii_lowercase) {
            Some(b'i') => SuperSafe::Interactive,
            Some(b'p') => SuperSafe::PostMilter,
            _ if is_true(value) => SuperSafe::Yes,
            _ => SuperSafe::No,
        };
    }

    pub(super) fn queue_sort_order(&mut self, value: &[u8]) {
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

    pub(super) fn no_recipient_action(&mut self, value: &[u8]) {
        self.config.options.no_recipient_action = match value.to_ascii_lowercase().as_slice() {
            b"none" => NoRecipientAction::None,
            b"add-to" => NoRecipientAction::AddTo,
            b"add-apparently-to" => NoRecipientAction::AddApparentlyTo,
            b"add-bcc" => NoRecipientAction::AddBcc,
            b"add-to-undisclosed" => NoRecipientAction::AddToUndisclosed,
            _ => return self.error([b"Invalid NoRecipientAction: ", value].concat()),
        };
    }

    pub(super) fn resolver_options(&mut self, value: &[u8]) {
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

    pub(super) fn privacy(&mut self, value: &[u8]) {
        for word in option_words(value) {
            match Privacy::WORDS.iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(word)) {
                Some((_, flag)) => self.config.options.privacy_options |= *flag,
                None => self.error([b"readcf: Op line: ", word, b" unrecognized"].concat()),
            }
        }
    }

    pub(super) fn dont_blame(&mut self, value: &[u8]) {
        for word in Blame::default().add(value) {
            self.error([b"readcf: DontBlameSendmail option: ", &word[..], b" unrecognized"].concat());
        }
        self.config.options.dont_blame_sendmail.push(value.to_vec());
    }

    pub(super) fn milter(&mut self, sub: Option<&[u8]>, value: &[u8]) {
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
    pub(super) fn letters(&mut self, option: &str, value: &[u8], known: &[u8]) -> Vec<u8> {
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

    pub(super) fn ssl_options(&mut self, option: &str, value: &[u8]) {
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
