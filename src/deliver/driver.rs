//! The order of things in one attempt.

use super::attempt::{Attempt, Checkpoint, Deliverer, NextId};
use super::connections::Connections;
use super::next_hop::RouteLookup;
use super::plan::{self, Group};
use super::{host_attempt, local, mail_loop, owners};
use crate::config::Mailer;
use crate::envelope::Envelope;
use crate::keeper::{Keeper, MailerResult};
use crate::logging::{Logger, Quiet};
use crate::recipients::Expander;
use crate::rewrite::Site;
use crate::schema::{Outcome, UserIds};
use crate::sys::clock::Clock;
use hashbrown::HashMap;
use std::sync::Arc;
use tokio::task::JoinHandle;
/// sendmail reads the queue's file again before it delivers locally: size and priority then count the
/// header as stored and the recipients as expanded.
fn recompute_size_and_priority(on: &Deliverer, envelope: &mut Envelope) {
    envelope.size = envelope.headers.size(&on.site.config.names) + envelope.body.size();
    envelope.set_priority(&on.site.config.options);
}

/// A hand-over to the keeper that is on its way.
type Pending = (Group, JoinHandle<Vec<MailerResult>>);

/// What one attempt left.
#[derive(Debug, Default)]
pub struct Attempted {
    /// Copies made for lists with an owner, already attempted, with identifiers of their own but not
    /// in the queue. Each is ended like the original: report, then queue what is pending or drop.
    pub copies: Vec<Envelope>,
}

impl Deliverer {
    /// Shares the parts of a running site.
    pub fn new(site: Arc<Site>, keeper: Keeper, next_id: NextId, logger: Logger) -> Self {
        Self { site, keeper, next_id, logger, clock: Clock::System }
    }

    /// Expands recipients and delivers what is `New` or `Queued`. The state goes to `checkpoint` every
    /// CheckpointInterval deliveries. Afterwards: `envelope.pending()` is what stays queued, and
    /// `bounce::due` says what is to be reported.
    pub async fn attempt(&self, envelope: &mut Envelope, checkpoint: Option<&dyn Checkpoint>) -> Attempted {
        let mut connections = Connections::new(&self.site.config);
        let attempted = self.attempt_over(envelope, checkpoint, &mut connections).await;
        connections.close().await;
        attempted
    }

    /// The same over connections that stay open for the next message: a message and its reports, or
    /// one run of the queue. The caller closes them.
    pub async fn attempt_over(
        &self,
        envelope: &mut Envelope,
        checkpoint: Option<&dyn Checkpoint>,
        connections: &mut Connections,
    ) -> Attempted {
        Box::pin(run(self, envelope, checkpoint, connections)).await
    }
}

async fn run(
    on: &Deliverer,
    envelope: &mut Envelope,
    checkpoint: Option<&dyn Checkpoint>,
    connections: &mut Connections,
) -> Attempted {
    let started = on.clock.now();
    if mail_loop::fail_mail_loop(on, envelope) {
        return Attempted::default();
    }
    let expander = Expander { site: &on.site, keeper: &on.keeper, logger: &on.logger };
    let expanded = expander.expand(envelope, &mut Quiet, started).await;
    if expanded.looked && !envelope.attempt.generated {
        recompute_size_and_priority(on, envelope);
    }
    let mut copies = owners::split_by_owner(on, envelope, &expanded.owners).await;
    deliver(on, envelope, checkpoint, connections, started).await;
    for copy in copies.iter_mut().filter(|_| may_deliver(checkpoint)) {
        deliver(on, copy, None, connections, started).await;
    }
    Attempted { copies }
}

async fn deliver(
    on: &Deliverer,
    envelope: &mut Envelope,
    checkpoint: Option<&dyn Checkpoint>,
    connections: &mut Connections,
    started: i64,
) {
    let routes = HashMap::new();
    let mut attempt = Attempt { on, envelope, connections, started, sender_account: None, routes };
    // before the account is known: the lines of those who are stopped there have no ctladdr=
    attempt.check_compat().await;
    attempt.sender_account = sender_account(on, attempt.envelope).await;
    attempt.find_routes().await;
    let (mut pending, mut since_checkpoint) = (Vec::new(), 0);
    for group in attempt.groups().into_iter().take_while(|_| may_deliver(checkpoint)) {
        if attempt.is_remote(&group) {
            attempt.collect(&mut pending).await;
            since_checkpoint += host_attempt::deliver(&mut attempt, group).await;
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
    fn is_remote(&self, group: &Group) -> bool {
        group.members.first().and_then(|first| self.mailer(*first)).is_some_and(Mailer::is_ipc)
    }

    async fn find_routes(&mut self) {
        let site = &self.on.site;
        for index in plan::order(self.envelope) {
            let Some(key) = self.route_key(index).filter(|key| !self.routes.contains_key(key)) else {
                continue;
            };
            if let Some(mailer) = self.mailer(index).filter(|mailer| mailer.is_ipc()) {
                let found = RouteLookup::new(&site.config, &site.resolver, mailer).next_hops(&key.host).await;
                self.routes.insert(key, found);
            }
        }
    }

    /// Who shares the best next hop of a mailer shares the connection to it; where there is none, or
    /// the mailer works on this host, who shares `$h`.
    fn groups(&self) -> Vec<Group> {
        let next_hop = |index: usize| match self.route(index) {
            Some(Ok(hops)) => hops.first().ok_or_else(Vec::new),
            _ => Err(self.host(index)),
        };
        plan::groups(&self.on.site.config, self.envelope, &next_hop)
    }

    async fn hand_over(&mut self, group: Group, pending: &mut Vec<Pending>) {
        match local::prepare(self, &group).await {
            Ok((delivery, body)) => {
                let keeper = self.on.keeper.clone();
                let task = tokio::spawn(async move { keeper.deliver(delivery, body).await });
                pending.push((group, task));
            }
            Err(result) => self.record(&group.members, &result, None),
        }
    }

    /// Waits for what the keeper says, in order.
    async fn collect(&mut self, pending: &mut Vec<Pending>) {
        for (group, task) in pending.drain(..) {
            let results = task.await.unwrap_or_default();
            local::settle(self, &group, results);
        }
    }
}
