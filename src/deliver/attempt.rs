//! The order of things in one attempt.

use super::connections::Connections;
use super::fate::Fate;
use super::hosts::{Lookup, Place};
use super::plan::{self, Group};
use super::{Attempted, Checkpoint, Deliverer, apply, copies, esmtp, hops, local};
use crate::config::Mailer;
use crate::envelope::Envelope;
use crate::keeper::Report;
use crate::logging::Quiet;
use crate::recipients::Expander;
use crate::schema::{Outcome, UserIds};
use hashbrown::HashMap;
use tokio::task::JoinHandle;

/// What one attempt carries along.
pub(super) struct Attempt<'a> {
    pub(super) on: &'a Deliverer,
    pub(super) envelope: &'a mut Envelope,
    pub(super) connections: &'a mut Connections,
    /// When it began, seconds since the epoch.
    pub(super) started: i64,
    /// The sender's account, if it has one here: shown as `ctladdr=`.
    pub(super) sender_account: Option<UserIds>,
    /// Where the hosts of `[IPC]` mailers lead.
    pub(super) places: HashMap<Vec<u8>, Result<Vec<Place>, Fate>>,
}

/// A hand-over to the keeper that is on its way.
type Pending = (Group, JoinHandle<Vec<Report>>);

pub(super) async fn run(
    on: &Deliverer,
    envelope: &mut Envelope,
    checkpoint: Option<&dyn Checkpoint>,
    connections: &mut Connections,
) -> Attempted {
    let started = on.clock.now();
    if hops::fail_mail_loop(on, envelope) {
        return Attempted::default();
    }
    let expander = Expander { site: &on.site, keeper: &on.keeper, logger: &on.logger };
    let expanded = expander.expand(envelope, &mut Quiet, started).await;
    if expanded.looked && !envelope.attempt.generated {
        recompute_size_and_priority(on, envelope);
    }
    let mut copies = copies::split(on, envelope, &expanded.owners).await;
    deliver(on, envelope, checkpoint, connections, started).await;
    for copy in copies.iter_mut().filter(|_| may_deliver(checkpoint)) {
        deliver(on, copy, None, connections, started).await;
    }
    Attempted { copies }
}

/// sendmail reads the queue's file again before it delivers locally: size and priority then count the
/// header as stored and the recipients as expanded.
fn recompute_size_and_priority(on: &Deliverer, envelope: &mut Envelope) {
    envelope.size = envelope.headers.size(&on.site.config.names) + envelope.body.size();
    envelope.set_priority(&on.site.config.options);
}

async fn deliver(
    on: &Deliverer,
    envelope: &mut Envelope,
    checkpoint: Option<&dyn Checkpoint>,
    connections: &mut Connections,
    started: i64,
) {
    let sender_account = sender_account(on, envelope).await;
    let places = HashMap::new();
    let mut attempt = Attempt { on, envelope, connections, started, sender_account, places };
    attempt.look_up_hosts().await;
    let groups = attempt.groups();
    let (mut pending, mut since_checkpoint) = (Vec::new(), 0);
    for group in groups.into_iter().take_while(|_| may_deliver(checkpoint)) {
        if attempt.is_remote(&group) {
            attempt.collect(&mut pending).await;
            since_checkpoint += esmtp::deliver(&mut attempt, group).await;
        } else {
            attempt.hand_over(group, &mut pending).await;
        }
        let interval = on.site.config.options.checkpoint_interval;
        if interval > 0 && since_checkpoint >= interval {
            attempt.collect(&mut pending).await;
            since_checkpoint = 0;
            if let Some(checkpoint) = checkpoint {
                checkpoint.write(attempt.envelope).await;
            }
        }
    }
    attempt.collect(&mut pending).await;
}

/// Is the message still ours? One without a checkpoint is nobody else's.
fn may_deliver(checkpoint: Option<&dyn Checkpoint>) -> bool {
    checkpoint.is_none_or(Checkpoint::may_deliver)
}

async fn sender_account(on: &Deliverer, envelope: &Envelope) -> Option<UserIds> {
    if envelope.sender.is_null() {
        return None;
    }
    let address = envelope.sender.address.as_ref()?;
    let mailer = on.site.config.mailers.get(usize::from(address.mailer.0))?;
    if !mailer.has(b'w') {
        return None;
    }
    match on.keeper.user(&address.user).await {
        Outcome::Done(Some(user)) => Some(user.ids()),
        _ => None,
    }
}

impl Attempt<'_> {
    pub(super) fn mailer(&self, index: usize) -> Option<&Mailer> {
        plan::mailer(&self.on.site.config, self.envelope, index)
    }

    fn is_remote(&self, group: &Group) -> bool {
        group.members.first().and_then(|first| self.mailer(*first)).is_some_and(Mailer::is_ipc)
    }

    pub(super) fn host(&self, index: usize) -> Vec<u8> {
        let address = self.envelope.recipients[index].address.as_ref();
        address.and_then(|address| address.host.clone()).unwrap_or_default()
    }

    async fn look_up_hosts(&mut self) {
        for index in plan::order(self.envelope) {
            let host = self.host(index);
            let on = self.on;
            let Some(mailer) = self.mailer(index) else { continue };
            if !mailer.is_ipc() || self.places.contains_key(&host) {
                continue;
            }
            let config = &on.site.config;
            let port = esmtp::port(config, mailer);
            let lookup = Lookup { config, resolver: &on.site.resolver, mailer, port };
            let found = lookup.places(&esmtp::host_list(config, mailer, &host)).await;
            self.places.insert(host, found);
        }
    }

    fn groups(&self) -> Vec<Group> {
        let signature = |index: usize| {
            let host = self.host(index);
            match self.places.get(&host) {
                // who shares the best host shares the connection to it
                Some(Ok(places)) => places.first().map(Place::shown).unwrap_or_default(),
                _ => [&b"\0"[..], &host].concat(),
            }
        };
        plan::groups(&self.on.site.config, self.envelope, &signature)
    }

    async fn hand_over(&mut self, group: Group, pending: &mut Vec<Pending>) {
        match local::prepare(self, &group).await {
            Ok((delivery, body)) => {
                let keeper = self.on.keeper.clone();
                let task = tokio::spawn(async move { keeper.deliver(delivery, body).await });
                pending.push((group, task));
            }
            Err(fate) => apply::apply(self, &group.members, fate, None),
        }
    }

    /// Waits for the keeper's reports, in order.
    async fn collect(&mut self, pending: &mut Vec<Pending>) {
        for (group, task) in pending.drain(..) {
            let reports = task.await.unwrap_or_default();
            local::settle(self, &group, reports);
        }
    }
}
