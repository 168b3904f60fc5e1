//! Q and X lines: queue groups and mail filters.

use super::load::Loader;
use super::numbers::{leading_int, parse_time};
use crate::cf::equates;

/// One queue group.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct QueueGroup {
    /// Its name.
    pub name: Vec<u8>,
    /// P=: directory, may end in `*`.
    pub path: Vec<u8>,
    /// F= letters.
    pub flags: Vec<u8>,
    /// N=: niceness of its runners.
    pub nice: i64,
    /// I=: seconds between its runs; `None`: as all.
    pub interval: Option<i64>,
    /// R=: runners at a time.
    pub runners: i64,
    /// J=: jobs per run; 0: all.
    pub jobs: i64,
    /// r=: recipients per envelope; 0: no limit.
    pub recipients: i64,
    /// First line of its Q line; 0 for the default group.
    pub line: u32,
}

/// One mail filter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filter {
    /// Its name.
    pub name: Vec<u8>,
    /// S=: where it listens.
    pub socket: Vec<u8>,
    /// F=: R rejects, T defers, 4 answers 421 when it fails; `None`: goes on without it.
    pub flags: Vec<u8>,
    /// T=C: seconds to connect.
    pub connect: i64,
    /// T=S: seconds to send.
    pub send: i64,
    /// T=R: seconds to read.
    pub read: i64,
    /// T=E: seconds for the end of the message.
    pub end: i64,
    /// First line of its X line.
    pub line: u32,
}

impl Filter {
    /// With the usual times, and without flags.
    pub fn named(name: &[u8], socket: &[u8]) -> Self {
        Self {
            name: name.to_vec(),
            socket: socket.to_vec(),
            flags: Vec::new(),
            connect: 300,
            send: 10,
            read: 10,
            end: 300,
            line: 0,
        }
    }

    /// The path of a UNIX socket, if S= names one.
    pub fn local_path(&self) -> Option<&[u8]> {
        let Some(colon) = self.socket.iter().position(|byte| *byte == b':') else {
            return Some(&self.socket);
        };
        let kind = self.socket[..colon].to_ascii_lowercase();
        matches!(&kind[..], b"local" | b"unix").then(|| &self.socket[colon + 1..])
    }
}

/// Macros that a filter may ask for, by the configuration or itself: a name that no line of the cf has would have no value.
const FILTER_MACROS: &[&str] = &[
    "addr_type",
    "auth_authen",
    "auth_author",
    "auth_ssf",
    "auth_type",
    "cert_issuer",
    "cert_subject",
    "cipher",
    "cipher_bits",
    "client_addr",
    "client_connections",
    "client_name",
    "client_port",
    "client_ptr",
    "client_rate",
    "client_resolve",
    "cn_issuer",
    "cn_subject",
    "daemon_addr",
    "daemon_family",
    "daemon_flags",
    "daemon_name",
    "daemon_port",
    "dsn_envid",
    "if_addr",
    "if_family",
    "if_name",
    "mail_addr",
    "mail_from",
    "mail_host",
    "mail_mailer",
    "msg_id",
    "msg_size",
    "nbadrcpts",
    "nrcpts",
    "quarantine",
    "rcpt_addr",
    "rcpt_host",
    "rcpt_mailer",
    "tls_version",
    "total_rate",
    "verify",
];

impl Loader<'_> {
    /// What filters may ask for has a name.
    pub(super) fn name_filter_macros(&mut self) {
        if self.config.filters.is_empty() {
            return;
        }
        let listed = self.config.options.milter.macros.concat();
        let names = FILTER_MACROS.iter().map(|name| name.as_bytes().to_vec());
        for name in names.chain(listed) {
            let bare = name.strip_prefix(b"{").and_then(|name| name.strip_suffix(b"}"));
            // what does not fit into the table has no value
            self.config.names.intern(bare.unwrap_or(&name));
        }
    }

    /// The queue group every configuration has, once QueueDirectory is known.
    fn default_queue_group(&mut self) {
        if self.config.queue_groups.iter().any(|group| group.name == b"mqueue") {
            return;
        }
        let options = &self.config.options;
        let group = QueueGroup {
            name: b"mqueue".to_vec(),
            path: options.queue_directory.clone().unwrap_or_default(),
            flags: if options.fork_each_job { b"f".to_vec() } else { Vec::new() },
            nice: options.nice_queue_run,
            runners: options.max_runners_per_queue,
            jobs: options.max_queue_run_size,
            ..QueueGroup::default()
        };
        self.config.queue_groups.insert(0, group);
    }

    /// The default group with the final values of the options it follows.
    pub(super) fn settle_queue_groups(&mut self) {
        self.config.queue_groups.retain(|group| group.name != b"mqueue" || !group.path.is_empty());
        if !self.config.queue_groups.iter().any(|group| group.name == b"mqueue") {
            self.default_queue_group();
        }
    }

    /// Does a mailer's Q= name a group?
    pub(super) fn is_queue_group(&self, name: &[u8]) -> bool {
        name == b"mqueue" || self.config.queue_groups.iter().any(|group| group.name == name)
    }

    /// `Qname, key=value, …`
    pub(super) fn queue_line(&mut self, text: &[u8]) {
        let end =
            text.iter().position(|byte| *byte == b',' || crate::addr::is_space(byte)).unwrap_or(text.len());
        let name = &text[..end];
        if text.is_empty() {
            self.error("name required for queue");
            return;
        }
        let mut group = QueueGroup {
            name: name.to_vec(),
            runners: self.config.options.max_runners_per_queue,
            nice: self.config.options.nice_queue_run,
            path: self.config.options.queue_directory.clone().unwrap_or_default(),
            line: self.first_line,
            ..QueueGroup::default()
        };
        let rest = text.get(end + 1..).unwrap_or_default();
        let (fields, complete) = equates(rest);
        for field in fields {
            self.queue_equate(&mut group, field.key, &field.value);
        }
        if !complete {
            self.equals_expected(&[b"queue ", name].concat());
            return;
        }
        if group.path.is_empty() {
            self.error("QueueDir must be defined before queue groups");
            return;
        }
        if group.runners > 1 && !group.flags.contains(&b'f') {
            let (name, runners) = (String::from_utf8_lossy(&group.name), group.runners);
            self.say(format!(
                "Warning: Q={name}: R={runners}: multiple queue runners specified\n\tbut flag 'f' is not set"
            ));
        }
        match self.config.queue_groups.iter_mut().find(|old| old.name == group.name) {
            Some(old) => *old = group,
            None => self.config.queue_groups.push(group),
        }
    }

    fn queue_equate(&mut self, group: &mut QueueGroup, key: u8, value: &[u8]) {
        let says = |name: &[u8], what: &str| [b"queue ", name, b": ", what.as_bytes()].concat();
        match key {
            b'P' if value.is_empty() => self.error(says(&group.name, "empty path name")),
            b'P' => group.path = value.to_vec(),
            b'F' => group.flags = value.iter().copied().filter(|byte| !crate::addr::is_space(byte)).collect(),
            b'N' => group.nice = leading_int(value),
            b'I' => {
                let (seconds, problem) = parse_time(value, b'm');
                self.time_problem(&problem);
                group.interval = Some(seconds);
            }
            b'R' => group.runners = leading_int(value).max(0),
            b'J' => group.jobs = leading_int(value),
            b'r' => group.recipients = leading_int(value),
            other => self.error([b"Q", &group.name[..], b": unknown queue equate ", &[other], b"="].concat()),
        }
    }

    /// `Xname, key=value, …`
    pub(super) fn filter_line(&mut self, text: &[u8]) {
        let end =
            text.iter().position(|byte| *byte == b',' || crate::addr::is_space(byte)).unwrap_or(text.len());
        let name = &text[..end];
        if name.is_empty() {
            self.error("name required for mail filter");
            return;
        }
        let mut filter = Filter { line: self.first_line, ..Filter::named(name, b"") };
        let rest = text.get(end + 1..).unwrap_or_default();
        let (fields, complete) = equates(rest);
        for field in fields {
            match field.key {
                b'S' => filter.socket = field.value,
                b'F' => filter.flags = field.value.into_iter().filter(|byte| b"RT4".contains(byte)).collect(),
                b'T' => self.filter_times(&mut filter, &field.value),
                other => {
                    self.error([b"X", &filter.name[..], b": unknown filter equate ", &[other], b"="].concat())
                }
            }
        }
        if !complete {
            self.equals_expected(&[b"X", name].concat());
            return;
        }
        if filter.socket.is_empty() {
            self.error([b"X", &filter.name[..], b": empty or missing socket information"].concat());
            return;
        }
        self.check_socket(&filter);
        if self.config.filters.iter().any(|old| old.name == filter.name) {
            self.error([b"X", name, b": duplicate filter definition"].concat());
        } else {
            self.config.filters.push(filter);
        }
    }

    /// `C:5m;S:10s`
    fn filter_times(&mut self, filter: &mut Filter, value: &[u8]) {
        for part in value.split(|byte| matches!(byte, b';' | b',')).map(<[u8]>::trim_ascii) {
            let [key, rest @ ..] = part else { continue };
            let Some(at) = rest.iter().position(|byte| *byte == b':') else {
                self.error([b"X", &filter.name[..], b", T=: `:' expected"].concat());
                return;
            };
            let (seconds, problem) = parse_time(rest[at + 1..].trim_ascii(), b's');
            match key {
                b'C' => filter.connect = seconds,
                b'S' => filter.send = seconds,
                b'R' => filter.read = seconds,
                b'E' => filter.end = seconds,
                other => {
                    self.error([b"X", &filter.name[..], b": unknown filter timeout ", &[*other]].concat());
                    continue;
                }
            }
            self.time_problem(&problem);
        }
    }
    /// `local:path`, `unix:path`, `inet:port@host`, `inet6:port@host`, `path`
    fn check_socket(&mut self, filter: &Filter) {
        let says = |what: &[&[u8]]| [b"X", &filter.name[..], b": ", &what.concat()].concat();
        let socket = filter.socket.as_slice();
        let (kind, rest) = match socket.iter().position(|byte| *byte == b':') {
            Some(colon) => (&socket[..colon], &socket[colon + 1..]),
            None => (&b"local"[..], socket),
        };
        let inet6 = match kind.to_ascii_lowercase().as_slice() {
            b"local" | b"unix" => return,
            b"inet" => false,
            b"inet6" => true,
            _ => {
                let error = std::io::Error::from_raw_os_error(nix::libc::EPROTONOSUPPORT);
                return self.system_error(says(&[b"unknown socket type ", kind]), &error);
            }
        };
        let Some(at) = rest.iter().position(|byte| *byte == b'@') else {
            return self.error(says(&[b"bad address ", rest, b" (expected port@host)"]));
        };
        let (port, host) = (&rest[..at], &rest[at + 1..]);
        if !port.first().is_some_and(u8::is_ascii_digit) && self.env.service(port).is_none() {
            return self.error(says(&[b"unknown port name ", port]));
        }
        if let Some(open) = host.strip_prefix(b"[") {
            let address = open.strip_suffix(b"]").and_then(|text| std::str::from_utf8(text).ok());
            if address
                .is_none_or(|text| text.trim_start_matches("IPv6:").parse::<std::net::IpAddr>().is_err())
            {
                self.error(says(&[b"Invalid numeric domain spec \"", host, b"\""]));
            }
        } else if self.env.address(host, inet6).is_none() {
            self.error(says(&[b"Unknown host name ", host]));
        }
    }
}
