//! The questions of a corpus.

use super::counter::Counter;
use super::coverage::Coverage;
use crate::analysis::corpus::{Corpus, CorpusClient, OUTSIDE, SOMEBODY, STRANGER};
use crate::analysis::sources::Sources;
use crate::engine::{Scope, Watcher};
use crate::rewrite::{AddressKind, Rewriter, Site};
use std::sync::{Arc, Mutex, PoisonError};

/// One question.
struct Question<'c> {
    client: &'c CorpusClient,
    sender: &'c [u8],
    recipient: &'c [u8],
}

/// Asks all of a corpus: each client with a usual recipient, each address with a stranger as sender and as recipient, each
/// case as it is. `progress` is told how many of how many are done.
pub async fn cover(
    site: &Site,
    sources: Sources,
    corpus: &Corpus,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Coverage {
    let counter = Arc::new(Mutex::new(Counter::default()));
    let (stranger, somebody) = (CorpusClient::parse(STRANGER), [SOMEBODY, b"@", OUTSIDE].concat());
    let addresses = corpus.all_addresses();
    let mut questions: Vec<Question<'_>> = corpus
        .cases
        .iter()
        .map(|case| Question { client: &case.client, sender: &case.sender, recipient: &case.recipient })
        .collect();
    let usual = addresses.first().unwrap_or(&somebody);
    questions.extend(corpus.clients.iter().map(|client| Question {
        client,
        sender: &somebody,
        recipient: usual,
    }));
    if let Ok(client) = &stranger {
        for address in &addresses {
            questions.push(Question { client, sender: &somebody, recipient: address });
            questions.push(Question { client, sender: address, recipient: usual });
        }
    }
    let total = questions.len() as u64;
    for (done, question) in (0..).zip(&questions) {
        progress(done, total);
        ask(site, &counter, question).await;
    }
    progress(total, total);
    let counter = counter.lock().unwrap_or_else(PoisonError::into_inner);
    Coverage::new(&site.config, sources, &counter, total)
}

async fn ask(site: &Site, counter: &Arc<Mutex<Counter>>, question: &Question<'_>) {
    let mut scope = Scope::default();
    let client = question.client.client();
    client.set_macros(&site.config, &mut scope);
    for (name, value) in
        [(&b"s"[..], &client.name[..]), (b"r", b"ESMTP"), (b"f", question.sender), (b"nrcpts", b"0")]
    {
        scope.set_named(&site.config, name, value);
    }
    scope.watch(Watcher::new(counter.clone()));
    let mut rewriter = Rewriter::quiet(site, &mut scope);
    rewriter.check(b"check_relay", &client.name, Some(&client.address_text())).await;
    let sender = [b"<", question.sender, b">"].concat();
    if !question.sender.is_empty() {
        rewriter.parse(question.sender, AddressKind::SENDER).await;
    }
    rewriter.check(b"check_mail", &sender, None).await;
    let recipient = [b"<", question.recipient, b">"].concat();
    rewriter.check(b"check_rcpt", &recipient, None).await;
    let Some(address) = rewriter.parse(question.recipient, AddressKind::RECIPIENT).await.address else {
        return;
    };
    rewriter.local_address(&address).await;
    let kinds = [
        (question.sender, AddressKind::SENDER),
        (question.sender, AddressKind::HEADER_SENDER),
        (&address.user[..], AddressKind::RECIPIENT),
        (question.recipient, AddressKind::HEADER_RECIPIENT),
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
        let counter = counter.lock().unwrap_or_else(PoisonError::into_inner);
        let coverage = Coverage::new(&config, sources, &counter, 4);
        let used = coverage.rules.iter().filter(|rule| rule.tried > 0);
        let counted: BTreeMap<u32, (u64, u64)> =
            used.map(|rule| (rule.cf, (rule.tried, rule.count))).collect();
        assert_eq!(counted, traced.counts);
        assert!(counted.len() > 8, "{counted:?}");
        let never: Vec<&str> = coverage.unused().map(|rule| rule.rule.as_str()).collect();
        assert!(never.iter().any(|rule| rule.contains("never")), "{never:?}");
    }
}
