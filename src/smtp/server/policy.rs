//! What the configuration says about SMTP service, read once per load.

use super::security::{Channel, Security};
use crate::config::Config;
use crate::sasl;
use crate::schema::{DeliveryMode, Privacy, span};
use std::time::Duration;

/// No pause is longer, whatever the ruleset says.
const MAX_GREET_PAUSE: Duration = Duration::from_secs(300);

/// The listener a client came in by.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DaemonFacts {
    /// Name= of DaemonPortOptions.
    pub name: Vec<u8>,
    /// M= letters.
    pub modifiers: Vec<u8>,
    /// `${daemon_family}`: `inet`, `inet6` or `local`.
    pub family: Vec<u8>,
    /// `${daemon_addr}`
    pub address: Vec<u8>,
    /// `${daemon_port}`
    pub port: Vec<u8>,
    /// delayLA= of the listener.
    pub delay_la: Option<i64>,
    /// InputMailFilters= of the listener; `None`: the option's.
    pub filters: Option<Vec<Vec<u8>>>,
    /// D= of the listener; `None`: the option's.
    pub delivery_mode: Option<DeliveryMode>,
}

impl DaemonFacts {
    /// Is a modifier set?
    pub fn has(&self, modifier: u8) -> bool {
        self.modifiers.contains(&modifier)
    }

    /// `${daemon_flags}`: the letters apart, upper-case ones doubled (`CC f`).
    pub fn flags_macro(&self) -> Vec<u8> {
        let words = self.modifiers.iter().map(|letter| match letter.is_ascii_uppercase() {
            true => vec![*letter; 2],
            false => vec![*letter],
        });
        words.collect::<Vec<_>>().join(&b' ')
    }
}

/// The options that govern SMTP service.
#[derive(Clone, Debug)]
pub struct Policy {
    /// PrivacyOptions
    pub privacy: Privacy,
    /// SmtpGreetingMessage, in the internal alphabet.
    pub greeting: Vec<u8>,
    /// HelpFile's path.
    pub help_file: Vec<u8>,
    /// AllowBogusHELO
    pub allow_bogus_helo: bool,
    /// MaxMessageSize in bytes; 0 means no limit.
    pub max_message_size: u64,
    /// MaxRecipientsPerMessage; 0 means no limit.
    pub max_recipients: u32,
    /// BadRcptThrottle; 0 means never.
    pub bad_rcpt_throttle: u32,
    /// BadRcptThrottleDelay
    pub bad_rcpt_delay: Duration,
    /// BadRcptShutdown; 0 means never.
    pub bad_rcpt_shutdown: u32,
    /// BadRcptShutdownGood: the percentage of bad ones among all recipients from which BadRcptShutdown holds.
    pub bad_rcpt_shutdown_good: u32,
    /// MaxNOOPCommands
    pub max_noops: u32,
    /// MaxHeadersLength in bytes; 0 means no limit.
    pub max_headers_length: u64,
    /// RejectNUL
    pub reject_nul: bool,
    /// SevenBitInput
    pub seven_bit_input: bool,
    /// Chunking: BDAT may be used (RFC 3030).
    pub chunking: bool,
    /// UTF8Addresses: addresses and header fields may be UTF-8 (RFC 6531).
    pub utf8: bool,
    /// SendMimeErrors
    pub send_mime_errors: bool,
    /// DeliverByMin, the least time that BY= may name (RFC 2852); `None` switches DELIVERBY off.
    pub deliver_by_min: Option<Duration>,
    /// RequireTLS: is REQUIRETLS (RFC 8689) offered under TLS?
    pub require_tls: bool,
    /// SoftBounce
    pub soft_bounce: bool,
    /// AuthMechanisms
    pub auth_mechanisms: Option<Vec<u8>>,
    /// Some listener has AUTH (M= without A).
    pub offers_auth: bool,
    /// AuthOptions
    pub auth_options: Vec<u8>,
    /// AuthRealm; `None`: `$j`.
    pub auth_realm: Option<Vec<u8>>,
    /// The mechanisms that the site has passwords for (`mech_list` of its `Sendmail.conf`); `None`: all.
    pub sasl_mechanisms: Option<Vec<u8>>,
    /// Has the site a program that knows tokens (`oauth_program` of its `Sendmail.conf`)?
    pub sasl_tokens: bool,
    /// Timeout.auth
    pub auth_timeout: Duration,
    /// Timeout.command
    pub command_timeout: Duration,
    /// Timeout.datablock
    pub data_timeout: Duration,
    /// The longest pause before the greeting that ruleset `greet_pause` may ask for.
    pub max_greet_pause: Duration,
    /// MaxDaemonChildren; 0 means no limit.
    pub max_daemon_children: u32,
    /// DelayLA; 0 means never.
    pub delay_la: i64,
}

impl Policy {
    /// Is REQUIRETLS offered to this client? Only a protected channel may promise what it asks for (RFC 8689, 2).
    pub(super) fn offers_require_tls(&self, security: &Security) -> bool {
        self.require_tls && security.channel == Channel::Protected
    }

    /// The same where the site's `Sendmail.conf` says this.
    pub fn with_sasl(self, settings: sasl::Settings) -> Self {
        let sasl_tokens = settings.token_program.is_some();
        Self { sasl_mechanisms: settings.mechanisms, sasl_tokens, ..self }
    }

    /// What these options say.
    pub fn from_config(config: &Config) -> Self {
        let options = &config.options;
        let count = |value: i64| u32::try_from(value).unwrap_or(0);
        Self {
            privacy: options.privacy_options,
            greeting: options.smtp_greeting_message.clone(),
            help_file: options.help_file.clone().unwrap_or_default(),
            allow_bogus_helo: options.allow_bogus_helo,
            max_message_size: u64::try_from(options.max_message_size).unwrap_or(0),
            max_recipients: count(options.max_recipients_per_message),
            bad_rcpt_throttle: count(options.bad_rcpt_throttle),
            bad_rcpt_delay: Duration::from_secs(1),
            bad_rcpt_shutdown: count(options.bad_rcpt_shutdown),
            bad_rcpt_shutdown_good: count(options.bad_rcpt_shutdown_good),
            max_noops: count(options.max_noop_commands),
            max_headers_length: u64::try_from(options.max_headers_length).unwrap_or(0),
            reject_nul: options.reject_nul,
            seven_bit_input: options.seven_bit_input,
            chunking: options.chunking,
            utf8: options.utf8_addresses,
            send_mime_errors: options.send_mime_errors,
            deliver_by_min: u64::try_from(options.deliver_by_min).ok().map(Duration::from_secs),
            require_tls: options.require_tls,
            soft_bounce: options.soft_bounce,
            auth_mechanisms: options.auth_mechanisms.clone(),
            offers_auth: config.daemon_ports().iter().any(|port| !port.modifiers.contains(&b'A')),
            auth_options: options.auth_options.clone(),
            auth_realm: options.auth_realm.clone(),
            sasl_mechanisms: None,
            sasl_tokens: false,
            auth_timeout: span(options.timeout.auth),
            command_timeout: span(options.timeout.command),
            data_timeout: span(options.timeout.datablock),
            max_greet_pause: MAX_GREET_PAUSE,
            max_daemon_children: count(options.max_daemon_children),
            delay_la: options.delay_la,
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            privacy: Privacy::default(),
            greeting: b"\x81j Sendmail \x81v/\x81Z; \x81b".to_vec(),
            help_file: Vec::new(),
            allow_bogus_helo: false,
            max_message_size: 0,
            max_recipients: 0,
            bad_rcpt_throttle: 0,
            bad_rcpt_delay: Duration::from_secs(1),
            bad_rcpt_shutdown: 0,
            bad_rcpt_shutdown_good: 0,
            max_noops: 20,
            max_headers_length: 32768,
            reject_nul: false,
            seven_bit_input: false,
            chunking: false,
            utf8: false,
            send_mime_errors: true,
            deliver_by_min: Some(Duration::ZERO),
            require_tls: false,
            soft_bounce: false,
            auth_mechanisms: None,
            offers_auth: true,
            auth_options: Vec::new(),
            auth_realm: None,
            sasl_mechanisms: None,
            sasl_tokens: false,
            auth_timeout: Duration::from_secs(600),
            command_timeout: Duration::from_secs(3600),
            data_timeout: Duration::from_secs(3600),
            max_greet_pause: MAX_GREET_PAUSE,
            max_daemon_children: 0,
            delay_la: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upper_case_modifiers_are_doubled() {
        let daemon = DaemonFacts { modifiers: b"Cf".to_vec(), ..DaemonFacts::default() };
        assert_eq!(daemon.flags_macro(), b"CC f");
    }
}
