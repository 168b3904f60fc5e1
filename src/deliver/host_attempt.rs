//! Mail for other hosts: one next hop after the other until one takes it.

use super::attempt::Attempt;
use super::connect;
use super::connect_failure::ConnectFailure;
use super::connections::ConnectionKey;
use super::host_names::dotted;
use super::local;
use super::next_hop::NextHop;
use super::permits::Destination;
use super::plan::{self, Group};
use super::pools::Pool;
use super::result::DeliveryResult;
use super::settle::TransactionResult;
use super::transaction;
use crate::config::Mailer;
use crate::schema::{Disposition, Reply, Sysexit, span};
use std::time::Instant;

/// Members that go on together, and the next hop they have come to.
struct HostAttempt {
    members: Vec<usize>,
    hops: Vec<NextHop>,
    at: usize,
    /// Why the hops before did not take it.
    failure: Option<ConnectFailure>,
}

impl HostAttempt {
    /// Which failure counts: what a host has said of recipients is not unsaid by one that is not told of them, nor what may pass by what
    /// may not.
    fn note_failure(&mut self, mut failure: ConnectFailure) {
        if let Some(before) = self.failure.take() {
            let counts =
                before.recorded && !failure.of_recipients || before.result.outweighs(&failure.result);
            if counts {
                self.failure = Some(before);
                return;
            }
            // the log repeats the last that anybody said
            failure.result.quoted = failure.result.quoted.or(before.result.quoted);
        }
        self.failure = Some(failure);
    }

    /// Nobody took it.
    fn record(self, attempt: &mut Attempt<'_>, mailer: &Mailer) {
        let failure = self.failure.unwrap_or_else(|| {
            ConnectFailure::new(DeliveryResult::of_exit(Sysexit::TEMPFAIL), Vec::new(), None)
        });
        for index in self.members.iter().filter(|_| failure.remote_mta.is_some()) {
            attempt.envelope.recipients[*index].remote_mta.clone_from(&failure.remote_mta);
        }
        match failure.recorded {
            true => {}
            false if mailer.has(b'z') && !failure.is_last => record_each(attempt, &self.members, &failure),
            false => attempt.record(&self.members, &failure.result, Some(&failure.relay)),
        }
    }
}

/// What is wrong with a next hop is told of when it is the turn of the group before it: sendmail looks up the next hops of those behind a
/// group's first recipient until one is another. Of a message that is too big for the mailer that one comes after the group has failed.
pub(super) fn complain_of_routes(attempt: &mut Attempt<'_>, group: &[usize]) {
    if attempt.routes.values().all(Result::is_ok) {
        return;
    }
    let Some(mailer) = group.first().and_then(|first| attempt.mailer(*first)) else { return };
    let too_big = local::too_big(attempt.envelope.size, mailer).is_some();
    let mailer = attempt.mailer_id(group[0]);
    let order = plan::order(&attempt.on.site.config, attempt.envelope);
    let of_mailer = |index: &usize| attempt.mailer_id(*index) == mailer;
    let behind: Vec<usize> =
        order.into_iter().filter(of_mailer).skip_while(|index| !group.contains(index)).collect();
    let others = behind.iter().position(|index| !group.contains(index));
    for index in &behind[..others.map_or(behind.len(), |at| at + usize::from(!too_big))] {
        let Some(key) = attempt.route_key(*index) else { continue };
        let Some(Err(result)) = attempt.routes.get_mut(&key) else { continue };
        if let Some(text) = result.system_error.take() {
            attempt.complain(&text);
            // what is wrong here counts as the program's own, whatever the report says of it
            attempt.envelope.attempt.fail_with(Sysexit::SOFTWARE);
        }
    }
}

/// Delivers to a group; how many recipients were delivered.
pub(super) async fn deliver(attempt: &mut Attempt<'_>, group: Group) -> i64 {
    let Some(first) = group.members.first().copied() else { return 0 };
    let Some(mailer) = attempt.mailer(first).cloned() else { return 0 };
    if let Some(result) = local::too_big(attempt.envelope.size, &mailer) {
        attempt.refuse_each(&group.members, &result);
        return 0;
    }
    let hops = match attempt.route(first).cloned() {
        Some(Ok(hops)) => hops,
        Some(Err(mut result)) => {
            if result.exit == Sysexit::CONFIG {
                attempt.put_lateness(&mut result);
            }
            let host = dotted(&attempt.host(first));
            for index in &group.members {
                attempt.envelope.recipients[*index].remote_mta = Some(host.clone());
            }
            attempt.record(&group.members, &result, Some(&host));
            return 0;
        }
        None => return 0,
    };
    let all = span(attempt.on.site.config.options.timeout.aconnect);
    attempt.connects_until = (!all.is_zero()).then(|| Instant::now() + all);
    let mut waiting = vec![HostAttempt { members: group.members, hops, at: 0, failure: None }];
    let mut delivered = 0;
    while let Some(next) = waiting.pop() {
        // boxed: mail for mailboxes has no use for the room
        let (done, left) = Box::pin(try_hop(attempt, &mailer, next)).await;
        delivered += done;
        waiting.extend(left);
    }
    delivered
}

/// Tries one hop. What could not be said there comes back, to be tried at the next ones.
async fn try_hop(
    attempt: &mut Attempt<'_>,
    mailer: &Mailer,
    mut tried: HostAttempt,
) -> (i64, Vec<HostAttempt>) {
    let Some(hop) = tried.hops.get(tried.at).cloned() else {
        tried.record(attempt, mailer);
        return (0, Vec::new());
    };
    let Some(mailer_id) = attempt.mailer_id(tried.members[0]) else { return (0, Vec::new()) };
    let pool = if mailer.has(b'l') { Pool::Local } else { Pool::Remote };
    // who finds no place here is still pending, and comes back
    let Some(mut permit) = attempt.enter(pool, Destination::Hop(hop.of_anybody())) else {
        return (0, Vec::new());
    };
    if !permit.ready().await {
        return (0, Vec::new());
    }
    let key = ConnectionKey { mailer: mailer_id, hop };
    let is_last = tried.at + 1 == tried.hops.len();
    let result = match connect::connect(attempt, mailer, &key, &tried.members, is_last).await {
        Ok(server) => transaction::run(attempt, mailer, key, server, &tried.members, is_last).await,
        Err(failure) => TransactionResult { delivered: 0, undecided: Some((tried.members.clone(), failure)) },
    };
    drop(permit);
    let Some((members, failure)) = result.undecided else { return (result.delivered, Vec::new()) };
    tried.members = members;
    let is_last = failure.is_last;
    if is_last {
        // no other host's failure counts
        tried.failure = None;
    }
    tried.note_failure(failure);
    if is_last {
        tried.record(attempt, mailer);
        return (result.delivered, Vec::new());
    }
    (result.delivered, next_hops(attempt, tried))
}

/// LMTP answers for each recipient, and so does its failure; the reason is given once.
fn record_each(attempt: &mut Attempt<'_>, members: &[usize], failure: &ConnectFailure) {
    let mut result = failure.result.clone();
    let reason = result.noted.clone().unwrap_or_else(|| result.stat());
    result.quoted = result.reply.as_ref().map(Reply::to_line).or(result.quoted);
    for (at, index) in members.iter().enumerate() {
        let own = (at == 0 && !result.text.is_empty()).then(|| result.stat());
        attempt.record(&[*index], &result, Some(&failure.relay));
        if result.disposition == Disposition::Delayed {
            attempt.envelope.recipients[*index].message = Some(own.unwrap_or_else(|| reason.clone()));
            if result.noted.is_some() {
                result.text.clear();
            }
        }
    }
}

/// Goes on to the next hop. Recipients that only shared the best host part here: nobody's mail goes
/// to another domain's second choice.
fn next_hops(attempt: &Attempt<'_>, tried: HostAttempt) -> Vec<HostAttempt> {
    let mut next: Vec<HostAttempt> = Vec::new();
    let at = tried.at + 1;
    for index in tried.members {
        let hops = match attempt.route(index) {
            Some(Ok(hops)) => hops.clone(),
            _ => tried.hops.clone(),
        };
        match next.iter_mut().find(|other| other.hops == hops) {
            Some(other) => other.members.push(index),
            None => next.push(HostAttempt { members: vec![index], hops, at, failure: tried.failure.clone() }),
        }
    }
    next.reverse();
    next
}
