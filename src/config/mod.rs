//! The compiled configuration: what every module reads and nobody changes.
//!
//! In: a cf's text, the command line's options and facts about this host ([`ConfigEnv`]).
//! Out: [`Loaded`]: a [`Config`], shared as `Arc<Config>`, and the messages its author must see, byte
//! for byte as sendmail prints them. Never here: look-ups, mail, sockets.

mod certificate_files;
mod classes;
mod env;
mod filters;
mod finish;
mod header_lines;
mod headers;
mod host;
mod load;
mod macros;
mod mailer_lines;
mod mailers;
mod map_lines;
mod message;
mod numbers;
mod option_ids;
mod option_lines;
mod option_times;
mod option_values;
mod option_words;
mod ports;
mod quick_rules;
mod references;
mod rule_lines;
mod ruleset;
mod rulesets;
mod unsupported;
mod version_lines;
mod spans;
mod zone;

pub use certificate_files::CertificateFiles;
pub use env::{ConfigEnv, DeclaredMap, FileProblem, MapFailure, MapWords, SystemEnv};
pub use filters::{Filter, QueueGroup};
pub use headers::{HeaderCheck, HeaderCondition, HeaderDecl};
pub use host::HostFacts;
pub use load::{LoadOptions, Loaded, Override, load, load_from, load_nothing};
pub use macros::{Class, Classes, Macros, Names, is_printable, printable, put_printable};
pub use mailers::{Mailer, MailerId, MailerNumbers, RewriteSet};
pub use message::Message;
pub use references::unknown_names;
pub use ruleset::{Rule, Ruleset};
pub use rulesets::{MapDecl, RulesetId, Rulesets};
pub use spans::{Entry, Span, Spans};
pub use unsupported::{Unsupported, unsupported};

use crate::addr::{MAX_TEXT, MacroId, Operators, expand, expand_with};
use crate::schema::ip_text;
use crate::schema::{DaemonPort, Options, UserIds};
use crate::sys::safe::Blame;
use std::borrow::Cow;
use std::net::IpAddr;

/// A configuration, compiled once and then shared.
///
/// `-bt` alone changes one (`.D`, `.C`), through `Arc::make_mut`.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The cf file as named on the command line.
    pub file: Vec<u8>,
    /// The V line's level; 0 without one.
    pub level: u32,
    /// Names of macros and classes, and their one-byte ids.
    pub names: Names,
    /// Values from D lines and from the program itself, in the internal alphabet, unexpanded.
    pub macros: Macros,
    /// Members of classes.
    pub classes: Classes,
    /// Rulesets by number and by name.
    pub rulesets: Rulesets,
    /// Mailers in the order of definition; `MailerId` indexes them. The first ones are built in.
    pub mailers: Vec<Mailer>,
    /// The numbers under which they are listed.
    pub mailer_numbers: MailerNumbers,
    /// K lines and implicit maps, in order of definition.
    pub maps: Vec<MapDecl>,
    /// H lines that add headers.
    pub headers: Vec<HeaderDecl>,
    /// H lines that check headers; `*` is the default.
    pub header_checks: Vec<HeaderCheck>,
    /// P lines: name and value, in order.
    pub priorities: Vec<(Vec<u8>, i64)>,
    /// E lines: what programs find in their environment.
    pub environment: Vec<(Vec<u8>, Vec<u8>)>,
    /// O lines and the command line's options.
    pub options: Options,
    /// Which bytes are operators; frozen when the first rule was read.
    pub operators: Operators,
    /// Q lines; the first is the default group `mqueue` once QueueDirectory is known.
    pub queue_groups: Vec<QueueGroup>,
    /// X lines.
    pub filters: Vec<Filter>,
    /// Lines of the cf ([`Config::span_of`]).
    pub(crate) spans: Spans,
    /// The zone of TimeZoneSpec, looked up at its first use ([`Config::zone`]).
    pub(crate) zone: std::sync::OnceLock<jiff::tz::TimeZone>,
    /// Who stands in where DefaultUser is not set, looked up at the first use ([`Config::default_user`]).
    pub(crate) usual_user: std::sync::OnceLock<UserIds>,
}

impl Config {
    /// The id of a macro or class by its name; `None` for a long name that nobody mentioned.
    pub fn macro_id(&self, name: &str) -> Option<MacroId> {
        self.names.get(name.as_bytes())
    }

    /// Whose rights what has no owner gets, uid and gid: DefaultUser, else mailnull, sendmail or daemon.
    /// Accounts are only asked when that is needed: a name that is not there can take name services long.
    pub fn default_user(&self) -> UserIds {
        let usual = || env::usual_default_user(&mut SystemEnv::default()).1;
        self.options.default_user.unwrap_or_else(|| *self.usual_user.get_or_init(usual))
    }

    /// The account that the daemon becomes where RunAsUser is not set and the queue directory is root's.
    pub fn service_user(&self) -> &[u8] {
        self.options.service_user.as_deref().unwrap_or(b"canonify")
    }

    /// Is it this host itself, or a client that relays through it (class R)?
    pub fn relays_for(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.class_has_address("R", address)
    }

    /// Does a class hold an address, or a network that it is in (`192.0.2`)?
    pub fn class_has_address(&self, class: &str, address: IpAddr) -> bool {
        let text = self.ip_text(address);
        let separator = if address.is_ipv4() { '.' } else { ':' };
        let class = self.macro_id(class).and_then(|id| self.classes.get(id));
        // 192.0.2.1, 192.0.2, 192.0, 192
        let mut names = std::iter::successors(Some(&text[..]), |name| Some(name.rsplit_once(separator)?.0));
        class.is_some_and(|class| names.any(|name| class.contains(name.as_bytes())))
    }

    /// An address as rules and logs see it, in the form that UseCompressedIPv6Addresses says.
    pub fn ip_text(&self, address: IpAddr) -> String {
        ip_text(address, self.options.use_compressed_ipv6_addresses)
    }

    /// A macro's unexpanded value by name.
    pub fn macro_value(&self, name: &str) -> Option<&[u8]> {
        self.macros.get(self.macro_id(name)?)
    }

    /// Is it a name of this host: one of class w, or `$j`?
    pub fn is_own_name(&self, name: &[u8]) -> bool {
        let in_w = self.macro_id("w").and_then(|id| self.classes.get(id));
        in_w.is_some_and(|class| class.contains(name))
            || self.macro_value("j").is_some_and(|own| own.eq_ignore_ascii_case(name))
    }

    /// FallbackMXhost as it is written, brackets and all. `None`: there is none, or it is this host.
    pub fn fallback_host(&self) -> Option<&[u8]> {
        let host = self.options.fallback_mx_host.as_deref()?;
        let name = host.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).unwrap_or(host);
        let is_own = self.is_own_name(name.strip_suffix(b".").unwrap_or(name));
        Some(host).filter(|_| !is_own)
    }

    /// Expands a text with the global macros alone.
    pub fn expand(&self, text: &[u8]) -> Vec<u8> {
        let value = |id| self.macros.get(id).map(Cow::Borrowed);
        expand(text, MAX_TEXT, &value).text
    }

    /// Expands a text with values of the moment besides the global macros. Those values are taken as they
    /// are: whatever bytes a stranger put into them, nothing of them is expanded.
    pub fn expand_with(&self, text: &[u8], value_of: &dyn Fn(MacroId) -> Option<Vec<u8>>) -> Vec<u8> {
        expand_with(text, &|id| self.macros.get(id), value_of)
    }

    /// The lines of DaemonPortOptions; without any there is one for the SMTP port.
    pub fn daemon_ports(&self) -> Vec<DaemonPort> {
        let ports = &self.options.daemon_port_options;
        match ports.is_empty() {
            true => vec![DaemonPort { name: b"Daemon0".to_vec(), ..DaemonPort::default() }],
            false => ports.clone(),
        }
    }

    /// What the site has taken upon itself (option DontBlameSendmail).
    pub fn blame(&self) -> Blame {
        let mut blame = Blame::default();
        for value in &self.options.dont_blame_sendmail {
            blame.add(value);
        }
        blame
    }

    /// A mailer by its name, without case.
    pub fn mailer(&self, name: &[u8]) -> Option<MailerId> {
        let at = self.mailers.iter().position(|mailer| mailer.name.eq_ignore_ascii_case(name))?;
        Some(MailerId(at as u16))
    }
}
