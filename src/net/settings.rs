//! What the system and the configuration say about name look-ups.

use super::anchors::Anchors;
use crate::config::Config;
use crate::schema::span;
use crate::sys::accounts;
use crate::sys::safe::{self, Blame, Rules};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// All that a resolver needs to know. Start from [`Settings::system`] and change what the
/// configuration's options say.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name servers, in order.
    pub servers: Vec<SocketAddr>,
    /// Domains that complete short names.
    pub search: Vec<Vec<u8>>,
    /// A name with this many dots is tried as it is first.
    pub dots: usize,
    /// How long a server may take (option Timeout.resolver.retrans.first, in queue runs normal).
    pub timeout: Duration,
    /// How often each server is asked (option Timeout.resolver.retry.first, in queue runs normal).
    pub attempts: u32,
    /// The system's hosts file, for addresses.
    pub system_hosts: Option<PathBuf>,
    /// Option HostsFile: read when names are completed.
    pub hosts_file: Option<PathBuf>,
    /// Services for addresses (nsswitch.conf's `hosts:` line).
    pub address_services: Vec<Vec<u8>>,
    /// Services for completing names (the service switch file's `hosts` line).
    pub name_services: Vec<Vec<u8>>,
    /// Macro m: completes a name that the hosts file knows without a dot only.
    pub domain: Vec<u8>,
    /// Unless DontExpandCnames is set, a name that is an alias becomes what it stands for.
    pub expand_aliases: bool,
    /// ResolverOptions +DEFNAMES: complete names without a dot.
    pub complete: bool,
    /// ResolverOptions +DNSRCH: search in all domains.
    pub search_domains: bool,
    /// ResolverOptions HasWildcardMX: an MX record proves nothing about a name in a search domain.
    pub wildcard_mx: bool,
    /// ResolverOptions WorkAroundBrokenAAAA: a failing AAAA question is no failure.
    pub broken_aaaa: bool,
    /// Which servers are believed that they have validated an answer.
    pub validating: Validating,
    /// Keys by which answers are validated here (option DNSSECTrustAnchor).
    pub anchors: Option<Arc<Anchors>>,
}

/// Which name servers are believed that they have validated an answer (RFC 4035, 4.9.3: those to which the way is safe).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Validating {
    /// Option DANE asks for it at all.
    pub wanted: bool,
    /// `options trust-ad` of resolv.conf: all of them; else those of this host.
    pub all: bool,
}

impl Validating {
    /// Is this one believed?
    pub fn trusts(self, server: IpAddr) -> bool {
        self.wanted && (self.all || server.is_loopback())
    }
}

/// Names a hosts file that takes the place of the system's and of all name servers: for demonstrations and
/// tests that bring their answers. Not read by a process that runs with more rights than its caller.
pub const HOSTS_VARIABLE: &str = "CANONIFY_HOSTS";

impl Settings {
    /// As /etc/resolv.conf, /etc/nsswitch.conf and sendmail's defaults say.
    pub fn system() -> Self {
        let mut settings = Self {
            system_hosts: Some(PathBuf::from("/etc/hosts")),
            hosts_file: Some(PathBuf::from("/etc/hosts")),
            address_services: words(&["files", "dns"]),
            name_services: words(&["dns", "nis", "files"]),
            ..Self::isolated()
        };
        settings.read_resolv_conf(&std::fs::read("/etc/resolv.conf").unwrap_or_default());
        if let Ok(text) = std::fs::read("/etc/nsswitch.conf")
            && let Some(services) = nsswitch(&text)
        {
            settings.address_services = services;
        }
        if settings.search.is_empty() {
            settings.search = own_domain().into_iter().collect();
        }
        if settings.servers.is_empty() {
            settings.servers.push(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 53));
        }
        settings
    }

    /// The system's settings with the configuration's options on top.
    pub fn for_config(config: &Config) -> Self {
        let times = &config.options.timeout;
        Self::with_patience(config, times.resolver_retrans_first, times.resolver_retry_first)
    }

    /// The same for queue runs, where they have another patience than everybody else.
    pub(super) fn for_queue_runs(config: &Config) -> Option<Self> {
        let times = &config.options.timeout;
        let (wait, tries) = (times.resolver_retrans_normal, times.resolver_retry_normal);
        let same = (wait, tries) == (times.resolver_retrans_first, times.resolver_retry_first);
        (!same).then(|| Self::with_patience(config, wait, tries))
    }

    /// With so many seconds for an answer, and questions put so often; 0: as the system has it.
    fn with_patience(config: &Config, wait: i64, tries: i64) -> Self {
        let options = &config.options;
        let resolver = &options.resolver_options;
        let mut settings = Self::system();
        settings.hosts_file = options.hosts_file.as_deref().map(accounts::path).or(settings.hosts_file);
        if let Some(file) = options.service_switch_file.as_deref().map(accounts::path)
            && let Some(services) = services(&file, b"hosts", config.blame())
        {
            settings.name_services = services;
        }
        if let Some(domain) = config.macro_value("m") {
            settings.domain = domain.to_vec();
        }
        settings.complete = resolver.flag("defnames", settings.complete);
        settings.search_domains = resolver.flag("dnsrch", settings.search_domains);
        settings.expand_aliases = !options.dont_expand_cnames;
        settings.wildcard_mx = resolver.has_wildcard_mx;
        settings.broken_aaaa = resolver.work_around_broken_aaaa;
        settings.anchors = Anchors::of(config).map(Arc::new);
        settings.validating.wanted = options.tlsa_records && settings.anchors.is_none();
        if let Some(file) = std::env::var_os(HOSTS_VARIABLE) {
            settings.answer_from(PathBuf::from(file));
        }
        let wait = span(wait);
        if !wait.is_zero() {
            settings.timeout = wait;
        }
        if let Ok(tries @ 1..) = u32::try_from(tries) {
            settings.attempts = tries;
        }
        settings
    }

    /// Answers come from this file alone.
    fn answer_from(&mut self, file: PathBuf) {
        (self.hosts_file, self.system_hosts) = (Some(file.clone()), Some(file));
        (self.address_services, self.name_services) = (words(&["files"]), words(&["files"]));
        self.servers.clear();
    }

    /// No files, no servers: for answers from memory.
    pub fn isolated() -> Self {
        Self {
            servers: Vec::new(),
            search: Vec::new(),
            dots: 1,
            timeout: Duration::from_secs(5),
            attempts: 2,
            system_hosts: None,
            hosts_file: None,
            address_services: words(&["dns"]),
            name_services: words(&["dns"]),
            domain: Vec::new(),
            expand_aliases: true,
            complete: true,
            search_domains: true,
            wildcard_mx: false,
            broken_aaaa: false,
            validating: Validating::default(),
            anchors: None,
        }
    }

    fn read_resolv_conf(&mut self, text: &[u8]) {
        for line in text.split(|byte| *byte == b'\n') {
            let line = line.split(|byte| matches!(byte, b'#' | b';')).next().unwrap_or_default();
            let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            match words.next() {
                Some(b"nameserver") if self.servers.len() < 3 => {
                    let address =
                        words.next().and_then(|word| std::str::from_utf8(word).ok()?.parse::<IpAddr>().ok());
                    self.servers.extend(address.map(|address| SocketAddr::new(address, 53)));
                }
                Some(b"search" | b"domain") => {
                    self.search =
                        words.map(|word| word.strip_suffix(b".").unwrap_or(word).to_vec()).collect();
                }
                Some(b"options") => words.for_each(|word| self.option(word)),
                _ => {}
            }
        }
    }

    fn option(&mut self, word: &[u8]) {
        let word = String::from_utf8_lossy(word);
        self.validating.all |= word == "trust-ad";
        let (name, value) = word.split_once(':').unwrap_or((&word, ""));
        let Ok(value) = value.parse::<u32>() else { return };
        match name {
            "ndots" => self.dots = value.min(15) as usize,
            "timeout" => self.timeout = Duration::from_secs(u64::from(value.clamp(1, 30))),
            "attempts" => self.attempts = value.clamp(1, 5),
            _ => {}
        }
    }

    /// The names that complete a host's, in order: one without a dot is never asked for as it is.
    pub(super) fn completions(&self, name: &[u8]) -> Vec<Vec<u8>> {
        if let Some(absolute) = name.strip_suffix(b".") {
            return vec![absolute.to_vec()];
        }
        let dotted = name.contains(&b'.');
        // a dot closes what is asked for as it is: after a backslash it is a letter
        let open = name.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
        let whole = [name, if open { b"." } else { b"" }].concat();
        let domains = match (self.search_domains, self.complete && !dotted) {
            (true, _) => self.search.as_slice(),
            (false, true) => &self.search[..self.search.len().min(1)],
            (false, false) => &[],
        };
        let completed = domains.iter().map(|domain| [name, b".", domain].concat());
        dotted.then_some(whole).into_iter().chain(completed).collect()
    }

    /// The names to ask for, in order.
    pub(super) fn candidates(&self, name: &[u8]) -> Vec<Vec<u8>> {
        if let Some(absolute) = name.strip_suffix(b".") {
            return vec![absolute.to_vec()];
        }
        let dots = name.iter().filter(|byte| **byte == b'.').count();
        let complete = if dots > 0 { self.search_domains } else { self.complete };
        let domains = match (complete, self.search_domains) {
            (false, _) => &[],
            (true, true) => self.search.as_slice(),
            (true, false) => &self.search[..self.search.len().min(1)],
        };
        let mut names: Vec<Vec<u8>> = domains.iter().map(|domain| [name, b".", domain].concat()).collect();
        let at = if dots >= self.dots { 0 } else { names.len() };
        names.insert(at, name.to_vec());
        names
    }
}

/// What follows the first dot of the host's own name: the C library completes names with it where
/// resolv.conf says nothing.
fn own_domain() -> Option<Vec<u8>> {
    let name = nix::unistd::gethostname().ok()?;
    let name = name.as_encoded_bytes();
    let dot = name.iter().position(|byte| *byte == b'.')?;
    Some(name[dot + 1..].to_vec()).filter(|domain| !domain.is_empty())
}

fn words(words: &[&str]) -> Vec<Vec<u8>> {
    words.iter().map(|word| word.as_bytes().to_vec()).collect()
}

/// The `hosts:` line; what is in brackets and what nobody here speaks is left out.
fn nsswitch(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let line =
        text.split(|byte| *byte == b'\n').find_map(|line| line.trim_ascii().strip_prefix(b"hosts:"))?;
    let line = line.split(|byte| *byte == b'#').next()?;
    let words = line.split(u8::is_ascii_whitespace);
    let mut services: Vec<Vec<u8>> = Vec::new();
    for word in words {
        // systemd's resolver answers what DNS would
        let service: &[u8] = match word {
            b"files" => b"files",
            b"dns" | b"resolve" => b"dns",
            _ => continue,
        };
        if !services.iter().any(|known| known == service) {
            services.push(service.to_vec());
        }
    }
    Some(services)
}

/// The services for `kind` (`hosts`, `aliases`) in a service switch file. `None`: the file says nothing
/// about it. Without the file: aliases in files; hosts in dns, nis, files.
pub fn services(file: &Path, kind: &[u8], blame: Blame) -> Option<Vec<Vec<u8>>> {
    let Ok(text) = safe::read(file, &Rules::service_switch(blame)) else {
        return match kind {
            b"aliases" => Some(words(&["files"])),
            b"hosts" => Some(words(&["dns", "nis", "files"])),
            _ => None,
        };
    };
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.split(|byte| *byte == b'#').next().unwrap_or_default();
        let mut parts = line.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
        if parts.next() == Some(kind) {
            return Some(parts.map(<[u8]>::to_vec).collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_runs_may_have_another_patience() {
        let mut config = Config::default();
        assert!(Settings::for_queue_runs(&config).is_none());
        config.options.timeout.set(b"resolver.retrans", 7, &[]);
        config.options.timeout.set(b"resolver.retry.first", 1, &[]);
        assert_eq!(
            (Settings::for_config(&config).timeout.as_secs(), Settings::for_config(&config).attempts),
            (7, 1)
        );
        config.options.timeout.set(b"resolver.retrans.normal", 20, &[]);
        config.options.timeout.set(b"resolver.retry.normal", 3, &[]);
        let runs = Settings::for_queue_runs(&config).expect("others");
        assert_eq!((runs.timeout.as_secs(), runs.attempts), (20, 3));
    }

    #[test]
    fn short_names_are_completed() {
        let mut settings = Settings::isolated();
        settings.read_resolv_conf(
            b"search a.example b.example\nnameserver 192.0.2.1\noptions ndots:2 timeout:1 trust-ad\n",
        );
        let names = |name: &[u8]| settings.candidates(name).join(&b' ');
        assert_eq!(names(b"x"), b"x.a.example x.b.example x");
        assert_eq!(names(b"x.y.z"), b"x.y.z x.y.z.a.example x.y.z.b.example");
        assert_eq!(names(b"x."), b"x");
        assert_eq!(settings.servers.len(), 1);
        let servers = ["127.0.0.1", "192.0.2.1"].map(|text| text.parse().expect("an address"));
        let trusted = |wanted, all| servers.map(|server| Validating { wanted, all }.trusts(server));
        assert!(settings.validating.all);
        assert_eq!(
            [trusted(true, true), trusted(true, false), trusted(false, true)],
            [[true; 2], [true, false], [false; 2]]
        );
        assert_eq!(
            nsswitch(b"passwd: x\nhosts:\tfiles mdns4 [NOTFOUND=return] dns\n"),
            Some(words(&["files", "dns"]))
        );
    }
}
