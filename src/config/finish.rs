//! What is there before the first line, and what is checked after the last.

use super::env::usual_default_user;
use super::host;
use super::load::Loader;
use crate::addr::MacroId;
use crate::schema::{DeliveryMode, ProbeInterfaces, SuperSafe, Sysexit, TimeZone, UserIds};

/// The config level this program is made for.
const MAX_LEVEL: u32 = 10;

/// One-character macros that are operators, and their bytes.
const OPERATOR_MACROS: [(u8, u8); 17] = [
    (b'*', 0x90),
    (b'+', 0x91),
    (b'-', 0x92),
    (b'=', 0x93),
    (b'~', 0x94),
    (b'#', 0x96),
    (b'@', 0x97),
    (b':', 0x98),
    (b'>', 0x99),
    (b'?', 0x9a),
    (b'|', 0x9b),
    (b'.', 0x9c),
    (b'[', 0x9d),
    (b']', 0x9e),
    (b'(', 0x85),
    (b')', 0x86),
    (b'&', 0x82),
];

/// Classes that sendmail fills itself once the cf is read.
const CLASSES: [(&str, &[&str]); 7] = [
    ("n", &["multipart/signed"]),
    ("s", &["rfc822"]),
    ("e", &["7bit", "8bit", "binary"]),
    ("checkMIMEFieldHeaders", &["content-disposition", "content-type"]),
    ("checkMIMETextHeaders", &["content-description"]),
    (
        "checkMIMEHeaders",
        &["content-disposition", "content-id", "content-transfer-encoding", "content-type", "mime-version"],
    ),
    ("persistentMacros", &["r", "s", "_", "{if_addr}", "{daemon_flags}"]),
];

impl Loader<'_> {
    /// Macros, mailers and host facts that precede the cf.
    pub(super) fn start(&mut self) {
        self.trace_defaults();
        self.define_long("deliveryMode", b"b");
        for (name, operator) in OPERATOR_MACROS {
            self.define(MacroId(name), &[operator]);
        }
        for digit in b'0'..=b'9' {
            self.define(MacroId(digit), &[0x95, digit]);
        }
        self.define(MacroId(b'n'), b"MAILER-DAEMON");
        if self.options.mode != 0 {
            self.define_long("opMode", &[self.options.mode]);
        }
        let version = self.options.version.clone();
        self.define(MacroId(b'v'), &version);
        self.host_macros();
        self.define_long("load_avg", b"0");
        self.built_in_mailers();
    }

    fn define_long(&mut self, name: &str, value: &[u8]) {
        if let Some(id) = self.config.names.intern(name.as_bytes()) {
            self.define(id, value);
        }
    }

    fn host_macros(&mut self) {
        let facts = self.env.host();
        let (w, k) = (MacroId(b'w'), MacroId(b'k'));
        self.define(w, &facts.name);
        self.define(MacroId(b'j'), &facts.name);
        self.class_word(w, &facts.name);
        if let Some(dot) =
            facts.name.iter().position(|byte| *byte == b'.').filter(|dot| dot + 1 < facts.name.len())
        {
            self.define(MacroId(b'm'), &facts.name[dot + 1..]);
        }
        self.define(k, &facts.node);
        self.class_word(k, &facts.node);
        for alias in std::iter::once(&facts.name).chain(&facts.aliases) {
            self.class_word(w, alias);
        }
        for address in &facts.addresses {
            self.class_word(w, &host::bracketed(*address));
        }
    }

    /// What the options said so far, or the usual one.
    pub(super) fn default_user(&mut self) -> UserIds {
        let said = self.config.options.default_user;
        said.unwrap_or_else(|| usual_default_user(self.env).1)
    }

    /// The checks at the end of the file itself.
    pub(super) fn finish_reading(&mut self) {
        self.implicit_map("host", "host", "-a. -D");
        let sources: Vec<String> =
            (0..self.config.options.alias_file.len()).map(|number| format!("Alias{number}")).collect();
        let class = if sources.is_empty() { "null" } else { "sequence" };
        self.implicit_map("aliases.files", class, &sources.join(" "));
        self.implicit_map("aliases", "switch", "aliases");
        self.name_filter_macros();
    }

    fn implicit_map(&mut self, name: &str, class: &str, args: &str) {
        if !self.config.maps.iter().any(|map| map.name == name.as_bytes()) {
            let lines = (std::mem::take(&mut self.at), std::mem::take(&mut self.first_line));
            let args = if name == "host" && self.config.level < 2 { "" } else { args };
            self.declare_map(name.as_bytes(), class.as_bytes(), args.as_bytes());
            (self.at, self.first_line) = lines;
        }
    }

    /// Options that cannot be, or not together.
    fn check_options(&mut self) {
        let options = &self.config.options;
        let unsafe_mode = options.super_safe == SuperSafe::Interactive
            && options.delivery_mode != DeliveryMode::Interactive;
        let has_directory = options.host_status_directory.is_some();
        let disabled = has_directory && options.connection_cache_size <= 0;
        let no_directory = options.single_thread_delivery && (disabled || !has_directory);
        let database = options.mailbox_database.clone().filter(|name| name != b"pw");
        if unsafe_mode {
            self.say("WARNING: SuperSafe=interactive should only be used with");
            self.say("         DeliveryMode=interactive");
        }
        if let Some(database) = database {
            let text = [b"Can't initialize mailbox database \"", &database[..], b"\": Service unavailable"];
            self.error_status(&text.concat(), Sysexit::UNAVAILABLE);
        }
        if disabled {
            self.say("Warning: HostStatusDirectory disabled with ConnectionCacheSize = 0");
        }
        if no_directory {
            self.say("Warning: HostStatusDirectory required for SingleThreadDelivery");
        }
    }

    /// What sendmail does between reading and working.
    pub(super) fn finish(&mut self) {
        let domain = self.expanded(b"\x81m", super::load::MAX_LINE);
        self.level_defaults();
        self.load_dependent_options();
        if !domain.is_empty() {
            self.class_word(MacroId(b'm'), &domain);
        }
        self.check_options();
        if self.options.test_mode || self.options.verbose {
            // verbose means: deliver at once and show it
            let hold = b'c';
            self.force_option(hold, b"F");
            self.force_option(b'd', b"");
        }
        self.check_level();
        self.local_name();
        self.freeze();
        self.check_mailers();
        self.settle_queue_groups();
        for (class, words) in CLASSES {
            self.fill_class(class, words);
        }
        if self.options.test_mode {
            // the envelope that -bt works with
            self.empty_macro("{quarantine}");
            self.empty_macro("{quarantine}");
        }
        self.define_long("deliveryMode", &[self.config.options.delivery_mode.letter()]);
    }

    fn fill_class(&mut self, class: &str, words: &[&str]) {
        let written = if class.len() == 1 { class.to_owned() } else { format!("{{{class}}}") };
        for word in words {
            // asked for each word: so often sendmail complains when names have run out
            if let (Some(id), _) = self.name(written.as_bytes()) {
                self.class_word(id, word.as_bytes());
            }
        }
    }

    fn empty_macro(&mut self, name: &str) {
        if let (Some(id), _) = self.name(name.as_bytes()) {
            self.define(id, b"");
        }
    }

    fn check_level(&mut self) {
        let version = String::from_utf8_lossy(&self.options.version).into_owned();
        let level = self.config.level;
        if level > MAX_LEVEL {
            self.error(format!(
                "Warning: .cf version level ({level}) exceeds sendmail version {version} functionality ({MAX_LEVEL})"
            ));
        } else if level < MAX_LEVEL && (self.options.test_mode || self.options.verbose) {
            self.say(format!(
                "Warning: .cf file is out of date: sendmail {version} supports version {MAX_LEVEL}, \
                 .cf file is version {level}"
            ));
        }
    }

    /// What an old level turns on.
    fn level_defaults(&mut self) {
        let level = self.config.level;
        if level < 3 {
            self.config.options.use_errors_to = true;
        }
        let (local, prog): (&[u8], &[u8]) = match level {
            0..=5 => (b"Aw5:|/@q", b"oq"),
            6 => (b"q", b"q"),
            _ => (b"", b""),
        };
        for (name, flags) in [(&b"local"[..], local), (b"prog", prog)] {
            if let Some(id) = self.config.mailer(name) {
                let mailer = &mut self.config.mailers[id.0 as usize];
                mailer.flags = flags.iter().fold(mailer.flags, |set, letter| set | 1 << letter);
            }
        }
        if level < 2 {
            // the limits of old mailers meant seven bits
            let limited = self.config.mailers.iter_mut().filter(|mailer| mailer.has(b'L'));
            limited.for_each(|mailer| mailer.flags |= 1 << b'7');
        }
        if level < 7 {
            let old = |name: u8| self.config.macros.get(MacroId(name)).map(<[u8]>::to_vec);
            let (greeting, from) = (old(b'e'), old(b'l'));
            let options = &mut self.config.options;
            let defaults = crate::schema::Options::default();
            if let Some(text) =
                greeting.filter(|_| options.smtp_greeting_message == defaults.smtp_greeting_message)
            {
                options.smtp_greeting_message = text;
            }
            if let Some(text) = from.filter(|_| options.unix_from_line == defaults.unix_from_line) {
                options.unix_from_line = text;
            }
        }
        if self.config.options.time_zone_spec == TimeZone::Set(Vec::new()) {
            self.config.options.time_zone_spec = TimeZone::Inherited;
        }
    }

    fn load_dependent_options(&mut self) {
        let options = &mut self.config.options;
        if options.queue_la >= 0 && options.refuse_la >= 0 {
            return;
        }
        let processors = self.env.processors();
        if options.queue_la < 0 {
            options.queue_la = 8 * processors;
        }
        if options.refuse_la < 0 {
            options.refuse_la = 12 * processors;
        }
    }

    /// `$j` and the interfaces into class w.
    fn local_name(&mut self) {
        let w = MacroId(b'w');
        match self.config.options.dont_probe_interfaces {
            ProbeInterfaces::None => {}
            probe => {
                for name in self.env.interfaces(probe == ProbeInterfaces::NoLoopback) {
                    self.class_word(w, &name);
                }
            }
        }
        let name = self.expanded(b"\x81j", super::load::MAX_LINE);
        if !name.contains(&b'.') {
            self.say(
                [b"WARNING: local host name (", &name[..], b") is not qualified; see cf/README: WHO AM I?"]
                    .concat(),
            );
        }
        self.class_word(w, &name);
    }

    fn check_mailers(&mut self) {
        for name in ["local", "prog", "*file*", "*include*"] {
            match self.config.mailer(name.as_bytes()) {
                None => self.error(format!("No {name} mailer defined")),
                Some(id) if name != "local" => {
                    self.config.mailers[id.0 as usize].flags &= !(1 << b'm');
                }
                Some(_) => {}
            }
        }
    }
}
