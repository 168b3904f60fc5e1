//! The questions of a corpus and of a log.

use super::counter::Counter;
use super::coverage::{Coverage, Origin};
use crate::analysis::corpus::{Corpus, CorpusClient, OUTSIDE, SOMEBODY, STRANGER};
use crate::analysis::maillog::{LogEvent, LoggedRecipient};
use crate::analysis::poll::Tell;
use crate::analysis::sources::Sources;
use crate::engine::{Scope, Watcher};
use crate::rewrite::{AddressKind, Rewriter, Site};
use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What is asked: as much of a session as there is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Question {
    /// A client connects.
    Connection(Arc<CorpusClient>),
    /// It names a sender and a recipient. Without a client: a program of this host does.
    Transaction(Option<Arc<CorpusClient>>, Arc<[u8]>, Arc<[u8]>),
}

/// Different questions that are gathered before they are asked.
const BATCH: usize = 40_000;
/// Questions that a thread takes at a time.
const BLOCK: usize = 64;

/// Asks, and counts what comes of it.
pub struct Coverer<'a> {
    site: &'a Site,
    threads: usize,
    tell: Tell<'a>,
    /// Each question once, and how often it was there.
    waiting: HashMap<Question, u64>,
    counter: Counter,
    questions: u64,
}

impl<'a> Coverer<'a> {
    /// Nothing is asked yet. `tell` hears how many questions have been asked since it was called last.
    pub fn new(site: &'a Site, threads: usize, tell: Tell<'a>) -> Self {
        let (waiting, counter) = (HashMap::new(), Counter::default());
        Self { site, threads, tell, waiting, counter, questions: 0 }
    }

    /// All of a corpus: each client with a usual recipient, each address with a stranger as sender and as recipient, each
    /// case as it is.
    ///
    /// # Errors
    /// When the system has no threads left.
    pub fn corpus(&mut self, corpus: &Corpus) -> io::Result<()> {
        let somebody: Arc<[u8]> = Arc::from([SOMEBODY, b"@", OUTSIDE].concat());
        let addresses: Vec<Arc<[u8]>> = corpus.all_addresses().into_iter().map(Arc::from).collect();
        for case in &corpus.cases {
            let client = Arc::new(case.client.clone());
            self.session(&client, &Arc::from(&case.sender[..]), &Arc::from(&case.recipient[..]))?;
        }
        let usual = addresses.first().unwrap_or(&somebody);
        for client in &corpus.clients {
            self.session(&Arc::new(client.clone()), &somebody, usual)?;
        }
        let Ok(stranger) = CorpusClient::parse(STRANGER).map(Arc::new) else { return Ok(()) };
        for address in &addresses {
            self.session(&stranger, &somebody, address)?;
            self.session(&stranger, address, usual)?;
        }
        Ok(())
    }

    fn session(
        &mut self,
        client: &Arc<CorpusClient>,
        sender: &Arc<[u8]>,
        recipient: &Arc<[u8]>,
    ) -> io::Result<()> {
        self.questions += 1;
        self.add(Question::Connection(client.clone()))?;
        self.add(Question::Transaction(Some(client.clone()), sender.clone(), recipient.clone()))
    }

    /// One more event of a log.
    ///
    /// # Errors
    /// When the system has no threads left.
    pub fn event(&mut self, event: LogEvent) -> io::Result<()> {
        self.questions += 1;
        match event {
            LogEvent::Connection { client, .. } => self.add(Question::Connection(client)),
            LogEvent::Recipient(LoggedRecipient { client, sender, recipient, .. }) => {
                self.add(Question::Transaction(client, sender, recipient))
            }
        }
    }

    fn add(&mut self, question: Question) -> io::Result<()> {
        *self.waiting.entry(question).or_insert(0) += 1;
        if self.waiting.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Asks what waits, on several threads, each with a counter of its own.
    fn flush(&mut self) -> io::Result<()> {
        let waiting: Vec<(Question, u64)> = std::mem::take(&mut self.waiting).into_iter().collect();
        let (next, threads) =
            (AtomicUsize::new(0), self.threads.clamp(1, waiting.len().div_ceil(BLOCK).max(1)));
        let (site, tell) = (self.site, self.tell);
        let work = || {
            let counter = Arc::new(Mutex::new(Counter::default()));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let mut asker = Asker { site, counter: counter.clone(), connected: HashMap::new() };
            while let Some(block) = waiting.chunks(BLOCK).nth(next.fetch_add(1, Ordering::Relaxed)) {
                runtime.block_on(async {
                    for (question, times) in block {
                        counter.lock().unwrap_or_else(PoisonError::into_inner).weight = *times;
                        asker.ask(question).await;
                    }
                });
                tell(block.len() as u64);
            }
            Ok::<_, io::Error>(counter)
        };
        let counters = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let joined = |worker: std::thread::ScopedJoinHandle<'_, io::Result<_>>| {
                worker.join().map_err(|_| io::Error::other("a thread broke down"))?
            };
            workers.into_iter().map(joined).collect::<io::Result<Vec<_>>>()
        })?;
        for counter in counters {
            self.counter.absorb(&counter.lock().unwrap_or_else(PoisonError::into_inner));
        }
        Ok(())
    }

    /// The end of the questions: the counts.
    ///
    /// # Errors
    /// When the system has no threads left.
    pub fn finish(mut self, sources: Sources) -> io::Result<Coverage> {
        self.flush()?;
        let origin = Origin::Questions(self.questions);
        Ok(Coverage::new(&self.site.config, sources, &self.counter, origin))
    }
}

/// What one thread asks with.
struct Asker<'s> {
    site: &'s Site,
    counter: Arc<Mutex<Counter>>,
    /// Macros as they are once a client has connected.
    connected: HashMap<Arc<CorpusClient>, Scope>,
}

/// Clients that are remembered; when there are more, all are forgotten.
const MAX_REMEMBERED: usize = 4096;

impl Asker<'_> {
    async fn ask(&mut self, question: &Question) {
        let config = &self.site.config;
        match question {
            Question::Connection(client) => {
                let mut scope = Scope::default();
                scope.watch(Watcher::new(self.counter.clone()));
                self.connect(client, &mut scope).await;
            }
            Question::Transaction(client, sender, recipient) => {
                let mut scope = match client {
                    Some(client) => self.connected(client).await,
                    None => Scope::default(),
                };
                scope.watch(Watcher::new(self.counter.clone()));
                for (name, value) in [(&b"r"[..], &b"ESMTP"[..]), (b"f", sender), (b"nrcpts", b"0")] {
                    scope.set_named(config, name, value);
                }
                let mut rewriter = Rewriter::quiet(self.site, &mut scope);
                transaction(&mut rewriter, client.is_some(), sender, recipient).await;
            }
        }
    }

    /// The macros of a connection, which rules may have set; nothing is counted.
    async fn connected(&mut self, client: &Arc<CorpusClient>) -> Scope {
        if let Some(known) = self.connected.get(client) {
            return known.clone();
        }
        let mut scope = Scope::default();
        self.connect(client, &mut scope).await;
        if self.connected.len() >= MAX_REMEMBERED {
            self.connected.clear();
        }
        self.connected.insert(client.clone(), scope.clone());
        scope
    }

    async fn connect(&self, client: &CorpusClient, scope: &mut Scope) {
        let client = client.client();
        client.set_macros(&self.site.config, scope);
        scope.set_named(&self.site.config, b"s", &client.name);
        let mut rewriter = Rewriter::quiet(self.site, scope);
        rewriter.check(b"check_relay", &client.name, Some(&client.address_text())).await;
    }
}

/// Sender and recipient, and how both are written on the way to the recipient's mailer. `checked`: they come by SMTP.
async fn transaction(rewriter: &mut Rewriter<'_>, checked: bool, sender: &[u8], recipient: &[u8]) {
    if !sender.is_empty() {
        rewriter.parse(sender, AddressKind::SENDER).await;
    }
    if checked {
        rewriter.check(b"check_mail", &[b"<", sender, b">"].concat(), None).await;
        rewriter.check(b"check_rcpt", &[b"<", recipient, b">"].concat(), None).await;
    }
    let Some(address) = rewriter.parse(recipient, AddressKind::RECIPIENT).await.address else { return };
    rewriter.local_address(&address).await;
    let kinds = [
        (sender, AddressKind::SENDER),
        (sender, AddressKind::HEADER_SENDER),
        (&address.user[..], AddressKind::RECIPIENT),
        (recipient, AddressKind::HEADER_RECIPIENT),
    ];
    for (text, kind) in kinds {
        rewriter.remote_name(text, address.mailer, kind, false, None).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{LoadOptions, load};
    use crate::logging::Tracer;
    use crate::net::Resolver;
    use std::collections::BTreeMap;

    /// Counts the lines of a full trace: of each line of the cf how often it was tried, and how often it matched.
    #[derive(Default)]
    struct Recount {
        counts: BTreeMap<u32, (u64, u64)>,
        last: u32,
    }

    impl Tracer for Recount {
        fn level(&self, category: u8) -> u8 {
            if category == 21 { 15 } else { 0 }
        }
        fn line(&mut self, text: &[u8]) {
            let text = String::from_utf8_lossy(text);
            if let Some(rest) = text.strip_prefix("-----trying rule (line ") {
                self.last = rest.split(')').next().unwrap_or_default().parse().expect("a number");
                self.counts.entry(self.last).or_default().0 += 1;
            }
            if text.starts_with("-----rule matches:") {
                self.counts.entry(self.last).or_default().1 += 1;
            }
        }
    }

    const CF: &[u8] = b"V10/Berkeley\nCwhere.example\nDjmail.here.example\nO OperatorChars=.:@[]!%\n\
        Mlocal, P=/bin/true, F=l, A=true\nMesmtp, P=[IPC], F=m, S=11, R=21, A=TCP $h\n\
        Ktable text -o /nonexistent/table\n\
        S3\nR$* < $* > $*\t$2\nR$+ @ $+\t$: $1 < @ $2 >\n\
        S0\nR$+ < @ $=w >\t$#local $: $1\nR$+ < @ $+ >\t$#esmtp $@ $2 $: $1 @ $2\nR$*\t$#local $: $1\n\
        S4\nR$+ < @ $+ >\t$: $1 @ $2\n\
        S11\nR$-\t$: $1 @ here.example\n\
        Scheck_rcpt\nR$*\t$: $>3 $1\nR$+ < @ bad.example >\t$#error $@ 5.7.1 $: no\nR$- never\t$@ OK\n";

    fn uses_of(coverage: &Coverage) -> Vec<(u32, u64, u64)> {
        coverage.rules.iter().map(|rule| (rule.cf, rule.tried, rule.count)).collect()
    }

    /// The same calls, as a daemon counts them.
    async fn counted_by_the_program(
        config: &Arc<crate::config::Config>,
        addresses: &[&[u8]],
    ) -> Vec<(u32, u64, u64)> {
        let mut site = Site::new(config.clone(), Arc::new(Resolver::fixed(Vec::new())));
        site.program.count_uses();
        for address in addresses {
            let mut scope = Scope::default();
            let mut rewriter = Rewriter::quiet(&site, &mut scope);
            rewriter.check(b"check_rcpt", address, None).await;
            rewriter.parse(address, AddressKind::RECIPIENT).await;
        }
        let uses = site.program.uses().expect("it counts");
        let sources = Sources::new(b"test.cf", CF, None);
        let coverage = Coverage::of_daemon(config, sources, &uses, 0).expect("the same configuration");
        uses_of(&coverage)
    }

    #[test]
    fn what_a_log_repeats_is_asked_once_and_counted_as_often() {
        let loaded = load(b"test.cf", CF, &mut crate::maps::environment(), &LoadOptions::default());
        let site = Site::new(Arc::new(loaded.config), Arc::new(Resolver::fixed(Vec::new())));
        let counts = |times: u64| {
            let mut coverer = Coverer::new(&site, 2, &|_| {});
            let client = CorpusClient::parse("192.0.2.7").map(Arc::new).ok();
            for _ in 0..times {
                let (sender, recipient) = (Arc::from(&b"a@b.example"[..]), Arc::from(&b"c@d.example"[..]));
                let one = LoggedRecipient { client: client.clone(), sender, recipient, taken: true };
                coverer.event(LogEvent::Recipient(one)).expect("threads");
            }
            let coverage = coverer.finish(Sources::new(b"test.cf", CF, None)).expect("threads");
            coverage.rules.iter().map(|rule| (rule.tried, rule.count)).collect::<Vec<_>>()
        };
        let once = counts(1);
        assert!(once.iter().any(|(_, matched)| *matched > 0), "{once:?}");
        assert_eq!(
            counts(3),
            once.iter().map(|(tried, matched)| (3 * tried, 3 * matched)).collect::<Vec<_>>()
        );
    }

    #[tokio::test]
    async fn counts_are_those_of_a_full_trace() {
        let loaded = load(b"test.cf", CF, &mut crate::maps::environment(), &LoadOptions::default());
        let config = Arc::new(loaded.config);
        let site = Site::new(config.clone(), Arc::new(Resolver::fixed(Vec::new())));
        let addresses: [&[u8]; 4] = [b"joe", b"a@here.example", b"b@bad.example", b"c@outside.example"];
        // the same calls, once counted and once traced
        let counter = Arc::new(Mutex::new(Counter::default()));
        let mut traced = Recount::default();
        for address in addresses {
            let mut scope = Scope::default();
            scope.watch(Watcher::new(counter.clone()));
            let mut rewriter = Rewriter::new(&site, &mut scope, &mut traced);
            rewriter.check(b"check_rcpt", address, None).await;
            rewriter.parse(address, AddressKind::RECIPIENT).await;
        }
        let sources = Sources::new(b"test.cf", CF, None);
        let coverage = {
            let counter = counter.lock().unwrap_or_else(PoisonError::into_inner);
            Coverage::new(&config, sources, &counter, Origin::Questions(4))
        };
        // the program's own counts are the same
        assert_eq!(uses_of(&coverage), counted_by_the_program(&config, &addresses).await);
        let used = coverage.rules.iter().filter(|rule| rule.tried > 0);
        let counted: BTreeMap<u32, (u64, u64)> =
            used.map(|rule| (rule.cf, (rule.tried, rule.count))).collect();
        assert_eq!(counted, traced.counts);
        assert!(counted.len() > 8, "{counted:?}");
        let never: Vec<&str> = coverage.unused().map(|rule| rule.rule.as_str()).collect();
        assert!(never.iter().any(|rule| rule.contains("never")), "{never:?}");
    }
}
