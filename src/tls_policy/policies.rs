//! Who is asked for a policy: what the options turn on, what is remembered, what is fetched.

use super::dane;
use super::https::{Https, RequestError};
use super::report::{self, Receiver};
use super::requirement::{Domain, Must, NextHopPolicy, NoPolicy, Unmet};
use super::results::{self, SessionResult};
use super::sts::{self, Cache, Known, MAX_POLICY, Mode, StsPolicy};
use crate::config::Config;
use crate::logging::{Logger, Priority};
use crate::mail_auth::texts;
use crate::net::Resolver;
use crate::sys::clock;
use crate::tls::Tls;
use http_body_util::Full;
use hyper::Request;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A policy that could not be fetched is not asked for again so soon (RFC 8461, 3.3).
const RETRY: Duration = Duration::from_secs(300);
/// How old a policy may be before it is fetched again although nothing says that it has changed, in seconds
/// (RFC 8461, 3.3 and 10.2: whoever blocks the DNS must not outwait it).
const REFRESH: i64 = 86_400;
/// Domains whose failures are remembered.
const MAX_FAILURES: usize = 10_000;

/// What is asked about a domain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// Its hosts' TLSA records.
    pub dane: bool,
    /// Its MTA-STS policy.
    pub sts: bool,
    /// What the site itself wants of its hosts.
    pub must: Option<Must>,
}

/// Words of ruleset `tls_policy`, and what they ask.
const WORDS: &[(&str, Asked)] = &[
    ("OK", Asked { dane: true, sts: true, must: None }),
    ("DANE", Asked { dane: true, sts: false, must: None }),
    ("STS", Asked { dane: false, sts: true, must: None }),
    ("NONE", Asked { dane: false, sts: false, must: None }),
    ("MUST-TLS", Asked { dane: true, sts: true, must: Some(Must::Tls) }),
    ("MUST-DANE", Asked { dane: true, sts: false, must: Some(Must::Dane) }),
];

impl Asked {
    /// By the options TLSARecords and StrictTransportSecurity. A map named `sts` answers in place of the latter.
    fn of(config: &Config) -> Self {
        let answered = config.maps.iter().any(|map| map.name == b"sts");
        let options = &config.options;
        let sts = options.strict_transport_security && !answered;
        Self { dane: options.tlsa_records, sts, must: None }
    }

    /// By the word of ruleset `tls_policy`. `None`: there is no such word.
    pub fn by_word(word: &[u8]) -> Option<Self> {
        WORDS.iter().find(|(known, _)| word.eq_ignore_ascii_case(known.as_bytes())).map(|(_, asked)| *asked)
    }

    /// What both ask; what either wants.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let must = self.must.max(other.must);
        Self { dane: self.dane && other.dane, sts: self.sts && other.sts, must }
    }

    /// The domain is asked nothing: what is left is what the site itself wants.
    #[must_use]
    pub fn waived(self) -> Self {
        Self { dane: self.dane && self.must == Some(Must::Dane), sts: false, ..self }
    }

    /// Nobody is asked anything.
    pub fn is_nothing(self) -> bool {
        !self.dane && !self.sts && self.must.is_none()
    }
}

/// Knows the policies. Cloning shares what it knows.
#[derive(Clone)]
pub struct Policies(Arc<Shared>);

struct Shared {
    asked: Asked,
    /// Option RequireTLS: messages may want a proof.
    require_tls: bool,
    resolver: Arc<Resolver>,
    tls: Tls,
    log: Logger,
    cache: Cache,
    /// Where results are written down, if anybody may want to know.
    results: Option<PathBuf>,
    failures: Mutex<HashMap<Vec<u8>, (Instant, NoPolicy)>>,
    /// Whoever fetches a domain's policy; others wait for it.
    turns: Mutex<HashMap<Vec<u8>, Arc<tokio::sync::Mutex<()>>>>,
}

impl Policies {
    /// As the options say; `folder`: where fetched policies and results are kept, else in memory alone.
    pub fn new(
        config: &Config,
        resolver: &Arc<Resolver>,
        tls: &Tls,
        log: &Logger,
        folder: Option<&Path>,
    ) -> Self {
        Self(Arc::new(Shared {
            asked: Asked::of(config),
            require_tls: config.options.require_tls,
            resolver: resolver.clone(),
            tls: tls.clone(),
            log: log.clone(),
            cache: Cache::new(folder.map(|folder| folder.join("mta-sts")).as_deref()),
            results: folder.filter(|_| config.options.tls_report_contact.is_some()).map(Path::to_owned),
            failures: Mutex::default(),
            turns: Mutex::default(),
        }))
    }

    /// What is asked about a domain if nothing is said of it.
    pub fn asked(&self) -> Asked {
        self.0.asked
    }

    /// What is to be known of a domain before its hosts are called; `secure`: its MX records have been validated.
    pub async fn of_domain(&self, name: &[u8], secure: bool, asked: Asked) -> Option<Arc<Domain>> {
        let name = name.strip_suffix(b".").unwrap_or(name).to_ascii_lowercase();
        if self.0.asked.and(asked).is_nothing() && self.0.results.is_none() {
            return None;
        }
        // whom a domain has named is known from a resolver that validates, which option TLSARecords speaks of
        let tlsa = self.0.asked.dane && asked.dane;
        let secure = secure && tlsa;
        let asks = self.0.asked.sts && asked.sts;
        let (sts, no_policy) = if asks { self.0.sts(&name).await } else { (None, None) };
        let must = asked.must;
        let wanted = secure || sts.is_some() || must.is_some() || self.0.results.is_some();
        wanted.then(|| Arc::new(Domain { name, secure, tlsa, sts, no_policy, must }))
    }

    /// The same of a host that the configuration names: whose certificate it must be is known without the DNS.
    pub fn of_named_host(&self, name: &[u8], asked: Asked) -> Option<Arc<Domain>> {
        let (name, tlsa) = (name.to_ascii_lowercase(), self.0.asked.dane && asked.dane);
        let must = asked.must;
        let wanted = tlsa || must.is_some() || self.0.require_tls;
        wanted.then(|| Arc::new(Domain { name, secure: true, tlsa, sts: None, no_policy: None, must }))
    }

    /// Writes down what a session has come to, if the site reports such things.
    pub fn note(&self, session: &SessionResult<'_>) {
        let Some(folder) = &self.0.results else { return };
        if let Err(error) = results::add(folder, clock::now(), &session.line()) {
            self.0.log.log(0, Priority::Error, None, format!("TLS results: {error}").as_bytes());
        }
    }

    /// Who wants to hear how TLS with a domain's hosts goes. Nobody where the DNS does not say.
    pub async fn receivers(&self, domain: &str) -> Vec<Receiver> {
        let name = format!("_smtp._tls.{domain}");
        report::receivers(&texts(&self.0.resolver, name.as_bytes()).await.unwrap_or_default())
    }

    /// Hands a report to a web server (RFC 8460, 5.4).
    ///
    /// # Errors
    /// Why it has not taken it, for the log.
    pub async fn post(&self, address: &str, report: Vec<u8>) -> Result<(), String> {
        let request = Request::post(address).header("content-type", "application/tlsrpt+gzip");
        let request = request.body(Full::new(report.into())).map_err(|error| error.to_string())?;
        let answer = self.0.https().await.body(request, MAX_POLICY).await;
        answer.map(drop).map_err(|error| error.to_string())
    }

    /// What TLS a host of a domain must have. TLSA records count before a policy (RFC 8461, 2).
    ///
    /// # Errors
    /// The host may not be called now: whose word that is, and why.
    pub async fn of_host(
        &self,
        domain: &Domain,
        host: &[u8],
        port: u16,
    ) -> Result<NextHopPolicy, (NextHopPolicy, Unmet)> {
        let failed = |unmet| (NextHopPolicy::Dane(None), unmet);
        let mut tlsa = None;
        if domain.secure && domain.tlsa {
            tlsa = dane::policy(&self.0.resolver, domain, host, port).await.map_err(failed)?;
        }
        if let Some(why) = domain.lacks_dane(tlsa.as_ref()) {
            let own = NextHopPolicy::Site { named: domain.secure };
            return Err((own, Unmet::unproven(why.into())));
        }
        if let Some(policy) = tlsa {
            return Ok(policy);
        }
        // a policy that is only tried out lets mail go in the clear
        let sts = domain.sts.as_ref().filter(|sts| domain.must.is_none() || sts.mode == Mode::Enforce);
        let Some(policy) = sts else {
            return Ok(match (domain.must, domain.secure) {
                (Some(_), named) => NextHopPolicy::Site { named },
                (None, true) => NextHopPolicy::Named,
                (None, false) => NextHopPolicy::None,
            });
        };
        let (listed, mode) = (policy.lists(host), policy.mode);
        let own = NextHopPolicy::Sts { domain: domain.name.clone(), mode, listed };
        if !listed && mode == Mode::Enforce {
            let domain = String::from_utf8_lossy(&domain.name);
            let reason = format!("the MTA-STS policy of {domain} does not name this host");
            return Err((own, Unmet::unproven(reason)));
        }
        Ok(own)
    }
}

impl Shared {
    /// The policy that counts now, if it is one (RFC 8461, 3); or why there is none although it is announced.
    async fn sts(&self, domain: &[u8]) -> (Option<Arc<StsPolicy>>, Option<NoPolicy>) {
        let turn = self.turn(domain);
        let known = {
            let _turn = turn.lock().await;
            self.known(domain).await
        };
        drop(turn);
        self.end_turn(domain);
        match known {
            Ok(known) => (known.map(|known| known.policy).filter(|policy| policy.mode != Mode::None), None),
            Err(failure) => (None, Some(failure)),
        }
    }

    async fn known(&self, domain: &[u8]) -> Result<Option<Known>, NoPolicy> {
        let now = clock::now();
        let (known, read) = self.cache.get(domain);
        if let Err(error) = read {
            self.say(Priority::Error, domain, &format!("file of policies: {error}"));
        }
        let known = known.filter(|known| known.counts(now));
        // a record that is missing, or cannot be had, ends no policy that is still believed (RFC 8461, 3.1)
        let name = [b"_mta-sts.", domain].concat();
        let records = texts(&self.resolver, &name).await.unwrap_or_default();
        let Some(id) = sts::announced(&records) else { return Ok(known) };
        let fresh = |known: &Known| known.id == id && now - known.fetched < REFRESH;
        if known.as_ref().is_some_and(fresh) {
            return Ok(known);
        }
        // the old one counts as long as there is no newer one
        let or_old = |known: Option<Known>, failure| known.map(Some).ok_or(failure);
        if let Some(failure) = self.failure(domain) {
            return or_old(known, failure);
        }
        match Box::pin(self.fetch(domain)).await {
            Ok((policy, text)) => {
                let known = Known { id, fetched: now, policy: Arc::new(policy) };
                if let Err(error) = self.cache.put(domain, known.clone(), &text) {
                    self.say(Priority::Error, domain, &format!("file of policies: {error}"));
                }
                let text = format!("policy fetched, mode={}", known.policy.mode.name());
                self.say(Priority::Info, domain, &text);
                Ok(Some(known))
            }
            Err(failure) => {
                self.note_failure(domain, &failure);
                let end = if known.is_some() { "the old one counts" } else { "there is none" };
                self.say(
                    Priority::Warning,
                    domain,
                    &format!("policy cannot be fetched: {}: {end}", failure.why),
                );
                or_old(known, failure)
            }
        }
    }

    async fn fetch(&self, domain: &[u8]) -> Result<(StsPolicy, String), NoPolicy> {
        let failure = |result_type, why| NoPolicy { result_type, why };
        let lost = |why: String| failure("sts-policy-fetch-error", why);
        let domain = std::str::from_utf8(domain).map_err(|_| lost("not a domain".into()))?;
        let request = Request::get(format!("https://mta-sts.{domain}/.well-known/mta-sts.txt"));
        let request = request.body(Full::default()).map_err(|error| lost(error.to_string()))?;
        let body = self.https().await.body(request, MAX_POLICY).await.map_err(|error| match error {
            RequestError::Certificate(why) => failure("sts-webpki-invalid", why.into()),
            RequestError::Other(why) => lost(why),
        })?;
        let policy = StsPolicy::parse(&body).map_err(|why| failure("sts-policy-invalid", why.into()))?;
        Ok((policy, String::from_utf8_lossy(&body).into_owned()))
    }

    async fn https(&self) -> Https<'_> {
        Https { resolver: &self.resolver, material: self.tls.client().await }
    }

    fn say(&self, priority: Priority, domain: &[u8], text: &str) {
        let level = if priority == Priority::Info { 8 } else { 4 };
        let line = [b"MTA-STS: domain=", domain, b", ", text.as_bytes()].concat();
        self.log.log(level, priority, None, &line);
    }

    /// Why it could not be fetched a moment ago.
    fn failure(&self, domain: &[u8]) -> Option<NoPolicy> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.get(domain).filter(|(at, _)| at.elapsed() < RETRY).map(|(_, failure)| failure.clone())
    }

    fn note_failure(&self, domain: &[u8], failure: &NoPolicy) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|_, (at, _)| at.elapsed() < RETRY);
        if failures.len() < MAX_FAILURES {
            failures.insert(domain.to_vec(), (Instant::now(), failure.clone()));
        }
    }

    fn turn(&self, domain: &[u8]) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.entry(domain.to_vec()).or_default().clone()
    }

    /// Nobody waits any more: the place is given up.
    fn end_turn(&self, domain: &[u8]) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.get(domain).is_some_and(|turn| Arc::strong_count(turn) == 1) {
            turns.remove(domain);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keeper::Keeper;
    use crate::logging::Target;

    const MX: &str = "mx.site.example";

    fn policies(zone: &[(&str, &str, &str)], change: impl FnOnce(&mut Config)) -> Policies {
        let mut config = Config::default();
        change(&mut config);
        let own = |text: &str| String::from(text);
        let zone = zone.iter().map(|(name, kind, data)| (own(name), own(kind), own(data))).collect();
        let resolver = Arc::new(Resolver::fixed(zone));
        let log = Logger::open(Target::Memory, b"test", 9);
        let config = Arc::new(config);
        let keeper = Keeper::in_process(config.clone()).expect("a keeper");
        let tls = Tls::new(&config, &keeper, &log);
        Policies::new(&config, &resolver, &tls, &log, None)
    }

    fn word(word: &[u8]) -> Asked {
        Asked::by_word(word).expect("a word")
    }

    async fn of_host(policies: &Policies) -> Result<NextHopPolicy, (NextHopPolicy, Unmet)> {
        let domain = policies.of_domain(b"Site.example.", true, word(b"OK")).await.expect("a domain");
        assert_eq!(domain.name, b"site.example");
        policies.of_host(&domain, MX.as_bytes(), 25).await
    }

    #[tokio::test]
    async fn records_that_were_validated_count() {
        let dane = |config: &mut Config| config.options.tlsa_records = true;
        let record = format!("030101{}", "ab".repeat(32));
        let tlsa = ("_25._tcp.mx.site.example", "TLSA", &record[..]);
        let secure = [(MX, "A", "192.0.2.1"), (MX, "AD", ""), tlsa, (tlsa.0, "AD", "")];
        let policy = of_host(&policies(&secure, dane)).await.expect("a policy");
        let NextHopPolicy::Dane(Some(proof)) = &policy else { panic!("{policy:?}") };
        assert_eq!((proof.records.len(), proof.names.len()), (1, 2));
        assert!(policy.is_mandatory() && policy.names_server());
        // neither host nor records, or not the records, have been validated
        for insecure in [&[secure[0], tlsa][..], &secure[..3]] {
            assert_eq!(of_host(&policies(insecure, dane)).await, Ok(NextHopPolicy::Named));
        }
        let useless = [secure[0], secure[1], (tlsa.0, "TLSA", "0001aa"), secure[3]];
        assert_eq!(of_host(&policies(&useless, dane)).await, Ok(NextHopPolicy::Dane(None)));
        let bogus = [secure[0], secure[1], (tlsa.0, "TRYAGAIN", "")];
        let (_, unmet) = of_host(&policies(&bogus, dane)).await.expect_err("no answer");
        assert_eq!(unmet.status.class(), 4);
    }

    #[tokio::test]
    async fn the_site_itself_may_insist() {
        let zone = [(MX, "A", "192.0.2.1"), (MX, "AD", "")];
        let record = format!("030101{}", "ab".repeat(32));
        let tlsa =
            [("_25._tcp.mx.site.example", "TLSA", &record[..]), ("_25._tcp.mx.site.example", "AD", "")];
        let useless = [(tlsa[0].0, "TLSA", "0001aa"), tlsa[1]];
        let dane = |config: &mut Config| config.options.tlsa_records = true;
        let asked = async |policies: &Policies, secure, must: &[u8]| {
            let domain = policies.of_domain(b"site.example", secure, word(must)).await.expect("a domain");
            let policy = policies.of_host(&domain, MX.as_bytes(), 25).await;
            policy.map_err(|(_, unmet)| unmet.reason)
        };
        let with = policies(&[&zone[..], &tlsa[..]].concat(), dane);
        assert!(matches!(asked(&with, true, b"must-dane").await, Ok(NextHopPolicy::Dane(Some(_)))));
        let why = |reason: Result<NextHopPolicy, String>| reason.expect_err("it waits");
        assert!(why(asked(&with, false, b"MUST-DANE").await).contains("MX records"));
        let without = policies(&zone, dane);
        assert!(why(asked(&without, true, b"MUST-DANE").await).contains("no TLSA records"));
        let of_no_use = policies(&[&zone[..], &useless[..]].concat(), dane);
        assert!(why(asked(&of_no_use, true, b"MUST-DANE").await).contains("of use"));
        let off = policies(&[&zone[..], &tlsa[..]].concat(), |_| ());
        assert!(why(asked(&off, true, b"MUST-DANE").await).contains("TLSARecords"));
        for (policies, secure) in [(&off, true), (&without, false)] {
            let policy = asked(policies, secure, b"MUST-TLS").await.expect("a policy");
            assert_eq!(policy, NextHopPolicy::Site { named: false });
            assert!(policy.is_mandatory() && policy.judge(MX.as_bytes(), None).unmet.is_some());
        }
        let insisting = word(b"NONE").and(word(b"MUST-TLS")).and(word(b"STS"));
        assert!(!insisting.is_nothing() && insisting.waived().must == Some(Must::Tls));
        assert_eq!(Asked::by_word(b"MUSTDANE"), None);
    }

    #[tokio::test]
    async fn nobody_is_asked_about_what_is_off() {
        let plain = policies(&[], |_| ());
        assert!(plain.of_domain(b"site.example", true, word(b"OK")).await.is_none());
        let dane = policies(&[], |config| config.options.tlsa_records = true);
        assert!(dane.of_domain(b"site.example", true, word(b"STS")).await.is_none());
        assert!(dane.of_domain(b"site.example", false, word(b"OK")).await.is_none(), "MX records of anybody");
        assert!(dane.of_named_host(b"hub.example", word(b"NONE")).is_none());
    }

    #[tokio::test]
    async fn a_policy_that_is_known_counts_until_its_end() {
        let text = "version: STSv1\nmode: enforce\nmx: other.example\nmax_age: 1000\n";
        let policies = policies(&[], |config| config.options.strict_transport_security = true);
        let put = |ago: i64| {
            let policy = Arc::new(StsPolicy::parse(text.as_bytes()).expect("a policy"));
            let known = Known { id: b"1".to_vec(), fetched: clock::now() - ago, policy };
            policies.0.cache.put(b"site.example", known, text).expect("kept");
        };
        put(500);
        let (_, unmet) = of_host(&policies).await.expect_err("another host");
        assert!(unmet.reason.ends_with("does not name this host"), "{}", unmet.reason);
        put(2000);
        assert!(policies.of_domain(b"site.example", true, word(b"OK")).await.is_none());
    }
}
