//! The order of things in one attempt.

use super::attempt::{Attempt, Checkpoint, Deliverer, NextId, recompute_size_and_priority};
use super::connections::Connections;
use super::conversion::Reading;
use super::host_names::{dotted, in_brackets};
use super::known_hosts::KnownHosts;
use super::next_hop::{NextHop, RouteLookup};
use super::parked::Parked;
use super::permits::Destination;
use super::plan::{self, Group};
use super::pools::{Full, Pool, Pools};
use super::result::DeliveryResult;
use super::{held, host_attempt, local, mail_loop, owners, unresolved};
use crate::config::{Config, Mailer};
use crate::envelope::{Envelope, Recipient, RecipientState};
use crate::keeper::{Keeper, MailerResult};
use crate::logging::{Logger, Quiet};
use crate::mail_auth::Signer;
use crate::recipients::Expander;
use crate::rewrite::Site;
use crate::schema::{Outcome, Reply, Sysexit, UserIds};
use crate::sys::clock::Clock;
use crate::tls::Tls;
use crate::tls_policy::Policies;
use std::collections::VecDeque;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinHandle;

/// Who delivers: the keeper, or whatever listens at the end of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Here,
    Elsewhere,
}

/// A hand-over to the keeper.
struct HandOver {
    group: Group,
    reading: Reading,
    under_way: UnderWay,
}

enum UnderWay {
    /// It was not begun, for this reason.
    Refused(DeliveryResult),
    /// `None` at its end if it never began.
    Begun(JoinHandle<Option<Vec<MailerResult>>>),
    /// The same, of the only one: nothing else goes on meanwhile.
    Alone(Pin<Box<dyn Future<Output = Option<Vec<MailerResult>>> + Send>>),
}

/// What has come of a hand-over.
enum HandedOver {
    Refused(DeliveryResult),
    Mailed(Vec<MailerResult>, Reading),
}

/// What one attempt left.
#[derive(Debug, Default)]
pub struct Attempted {
    /// Copies made for lists with an owner, with identifiers of their own but not in the queue, their recipients known
    /// and not tried. Each is a message of its own from here on ([`Deliverer::attempt_copy`]).
    pub copies: Vec<Envelope>,
    /// Envelopes of recipients whom another queue group is to have: they wait for its next run.
    pub parts: Vec<Envelope>,
    /// What was cut from it could not be made durable: nothing was delivered, and it stays as it was.
    pub undone: bool,
    /// Was anybody of this host looked up (sendmail then ends with the queue's copy)?
    pub looked: bool,
    /// There was no room for some recipients. Those are still pending, and the message is to be recalled.
    pub full: Option<Full>,
}

impl Attempted {
    /// There was no room for anybody: nothing has happened that is to be written down.
    pub fn is_untouched(&self, envelope: &Envelope) -> bool {
        let done = |one: &Recipient| matches!(one.state, RecipientState::Sent | RecipientState::Failed);
        let tried = |one: &Recipient| done(one) || one.tried >= envelope.last_attempt;
        self.full.is_some()
            && self.copies.is_empty()
            && self.parts.is_empty()
            && !envelope.recipients.iter().any(tried)
    }
}

impl Deliverer {
    /// Shares the parts of a running site.
    pub fn new(site: Arc<Site>, keeper: Keeper, tls: Tls, next_id: NextId, logger: Logger) -> Self {
        let pools = Pools::new(&site.config);
        let parked = Parked::new(&site.config, pools.clone());
        let signer = Signer::new(&site.config, &keeper, &logger);
        let policies = Policies::new(&site.config, &site.resolver, &tls, &logger, None);
        let clock = Clock::System;
        Self { site, keeper, tls, policies, signer, next_id, logger, clock, pools, hosts: None, parked }
    }

    /// With what is remembered of hosts and domains; `queue`: the directory that HostStatusDirectory may be below, and
    /// that has the files of fetched MTA-STS policies and of results.
    #[must_use]
    pub fn remembering_hosts(mut self, queue: &Path) -> Self {
        self.hosts = KnownHosts::of(&self.site.config, queue);
        let site = &self.site;
        self.policies = Policies::new(&site.config, &site.resolver, &self.tls, &self.logger, Some(queue));
        self
    }

    /// Who knows what TLS hosts must have, and how it went.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// Reads the keys that sign what leaves: the log hears at once what is wrong with them, not when somebody writes.
    pub async fn look_at_keys(&self) {
        self.signer.look().await;
    }

    /// For one message and its reports: connections that others have left, too.
    pub fn connections(&self) -> Connections {
        Connections::sharing(&self.site.config, self.parked.clone())
    }

    /// No more messages are to be delivered for now.
    pub async fn end_connections(&self) {
        self.parked.close().await;
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

    /// The same over connections that stay open for the message's reports. The caller closes them.
    pub async fn attempt_over(
        &self,
        envelope: &mut Envelope,
        checkpoint: Option<&dyn Checkpoint>,
        connections: &mut Connections,
    ) -> Attempted {
        Box::pin(run(self, envelope, checkpoint, connections)).await
    }

    /// Delivers a copy made for a list with an owner, the same way.
    pub async fn attempt_copy(
        &self,
        copy: &mut Envelope,
        checkpoint: Option<&dyn Checkpoint>,
        connections: &mut Connections,
    ) -> Attempted {
        Box::pin(cut_and_deliver(self, copy, checkpoint, connections, Attempted::default())).await
    }
}

async fn run(
    on: &Deliverer,
    envelope: &mut Envelope,
    checkpoint: Option<&dyn Checkpoint>,
    connections: &mut Connections,
) -> Attempted {
    let expander = Expander { site: &on.site, keeper: &on.keeper, logger: &on.logger };
    let expanded = match envelope.attempt.expanded.take() {
        Some(expanded) => expanded,
        None => expander.expand(envelope, &mut Quiet, on.clock.now()).await,
    };
    envelope.leave_out_sender(&on.site.config);
    let attempt = &envelope.attempt;
    let looked = envelope.session.looked_up_before.unwrap_or(expanded.looked);
    if looked && !attempt.generated && !attempt.interactive && !attempt.read_back {
        recompute_size_and_priority(on, envelope);
    }
    if mail_loop::fail_at_delivery(on, envelope, looked) {
        return Attempted::default();
    }
    let (blind, unreadable) = envelope.headers.unreadable_addresses(&on.site.config);
    envelope.attempt.unreadable = unreadable;
    let copies = owners::split_by_owner(on, envelope, &expanded.owners).await;
    owners::forget_lists(envelope);
    tell_unreadable_addresses(envelope, blind, 1 + 2 * copies.len());
    if let Some(checkpoint) = checkpoint {
        checkpoint.expanded();
    }
    let waiting = envelope.pending().next().is_some();
    envelope.attempt.untried = !waiting;
    envelope.attempt.handed_over = !copies.is_empty() && !envelope.recipients.iter().any(is_left);
    let attempted = Attempted { copies, looked, ..Attempted::default() };
    cut_and_deliver(on, envelope, checkpoint, connections, attempted).await
}

/// Is it one to be tried, or to be reported on?
fn is_left(recipient: &Recipient) -> bool {
    recipient.state.is_pending() || recipient.state == RecipientState::Failed
}

/// Before anything is delivered sendmail has read the addresses of the header once, and twice more for each envelope that it made of
/// this one.
fn tell_unreadable_addresses(envelope: &mut Envelope, blind: Vec<Reply>, times: usize) {
    for problem in blind.into_iter().chain(envelope.attempt.unreadable.clone()) {
        (1..times).for_each(|_| envelope.transcribe(&problem.to_line()));
        envelope.note_reply(&problem);
    }
}

/// What is cut from the envelope is durable before anything is written without it.
async fn cut_and_deliver(
    on: &Deliverer,
    envelope: &mut Envelope,
    checkpoint: Option<&dyn Checkpoint>,
    connections: &mut Connections,
    mut attempted: Attempted,
) -> Attempted {
    sign_known(&on.site.config, envelope);
    if on.cuts_by_number(envelope) || envelope.attempt.given_up {
        // who stays, and whom the report on what comes back untried names first, goes by the order of next hops
        let mut attempt = Attempt::begin(on, envelope, connections);
        attempt.find_routes().await;
        attempt.sign_remote();
    }
    let looked = attempted.looked || !envelope.attempt.interactive || envelope.attempt.read_back;
    if !envelope.attempt.given_up {
        attempted.parts = on.split_by_queue_group(envelope, looked);
    }
    let cut: Vec<_> = attempted.copies.iter_mut().chain(&mut attempted.parts).collect();
    if let (false, Some(checkpoint)) = (cut.is_empty(), checkpoint) {
        attempted.undone = !checkpoint.keep(cut).await;
    }
    if attempted.undone || envelope.attempt.given_up {
        return attempted;
    }
    unresolved::fall_back(&on.site.config, envelope);
    if !held::hold(on, envelope) {
        attempted.full = deliver(on, envelope, checkpoint, connections).await;
    }
    attempted
}

async fn deliver(
    on: &Deliverer,
    envelope: &mut Envelope,
    checkpoint: Option<&dyn Checkpoint>,
    connections: &mut Connections,
) -> Option<Full> {
    let mut attempt = Attempt::begin(on, envelope, connections);
    // before the account is known: the lines of those who are stopped there have no ctladdr=
    attempt.check_compat().await;
    attempt.sender_account = sender_account(on, attempt.envelope).await;
    let mut since_checkpoint = 0;
    let mut pending = Vec::new();
    let groups = attempt.groups(Place::Here);
    let alone = groups.len() == 1 && attempt.groups(Place::Elsewhere).is_empty();
    for group in groups.into_iter().take_while(|_| may_deliver(checkpoint)) {
        pending.extend(attempt.hand_over(group, alone).await);
    }
    attempt.find_routes().await;
    attempt.sign_remote();
    let turns = plan::turns(&on.site.config, attempt.envelope);
    let mut here = attempt.collect(pending).await;
    let elsewhere = attempt.groups(Place::Elsewhere);
    if let (false, false, Some(checkpoint)) = (here.is_empty(), elsewhere.is_empty(), checkpoint) {
        // a crash while a host is slow must not deliver to this host's users again
        checkpoint.write(attempt.envelope).await;
    }
    for group in elsewhere.into_iter().take_while(|_| may_deliver(checkpoint)) {
        attempt.settle_before(group.turn(&turns), &turns, &mut here);
        host_attempt::complain_of_routes(&mut attempt, &group.members);
        since_checkpoint += host_attempt::deliver(&mut attempt, group).await;
        let interval = on.site.config.options.checkpoint_interval;
        if interval > 0 && since_checkpoint >= interval {
            since_checkpoint = 0;
            if let Some(checkpoint) = checkpoint {
                checkpoint.write(attempt.envelope).await;
            }
        }
    }
    attempt.settle_before(usize::MAX, &turns, &mut here);
    let Attempt { envelope, told, full, .. } = attempt;
    envelope.attempt.alerts = told.into_inner().unwrap_or_else(PoisonError::into_inner);
    full
}

/// Is the message still ours? One without a checkpoint is nobody else's.
fn may_deliver(checkpoint: Option<&dyn Checkpoint>) -> bool {
    checkpoint.is_none_or(Checkpoint::may_deliver)
}

/// What is known of next hops before they are looked up, where the send queue is sorted: all mailers of this host count as one, and a
/// name in brackets is the host's own.
fn sign_known(config: &Config, envelope: &mut Envelope) {
    for recipient in &mut envelope.recipients {
        let local = recipient.mailer(config).is_some_and(|mailer| mailer.has(b'l') && !mailer.is_ipc());
        let named = in_brackets(recipient.host());
        let known = if local { Some(&b"localhost"[..]) } else { named };
        recipient.signature = known.map(<[u8]>::to_vec);
    }
}

async fn sender_account(on: &Deliverer, envelope: &Envelope) -> Option<UserIds> {
    if envelope.sender.is_null() {
        return None;
    }
    let address = envelope.sender.address.as_ref()?;
    let mailer = on.site.config.mailers.get(usize::from(address.mailer.0))?;
    if !mailer.has(b'w') {
        return envelope.attempt.submitter;
    }
    match on.keeper.user(&address.user).await {
        Outcome::Done(Some(user)) => Some(user.ids()),
        _ => None,
    }
}

impl<'a> Attempt<'a> {
    fn begin(on: &'a Deliverer, envelope: &'a mut Envelope, connections: &'a mut Connections) -> Self {
        let (started, (routes, full)) = (on.clock.now(), Default::default());
        let told = Mutex::new(std::mem::take(&mut envelope.attempt.alerts));
        Self {
            on,
            envelope,
            connections,
            started,
            sender_account: None,
            connects_until: None,
            routes,
            told,
            late: None,
            full,
        }
    }

    fn place(&self, index: usize) -> Place {
        if self.mailer(index).is_some_and(Mailer::speaks_smtp) { Place::Elsewhere } else { Place::Here }
    }

    /// Of other hosts the best one counts, or `$h` where none was found.
    fn sign_remote(&mut self) {
        for index in 0..self.envelope.recipients.len() {
            if !self.mailer(index).is_some_and(Mailer::is_ipc) {
                continue;
            }
            let best = match self.route(index) {
                Some(Ok(hops)) => hops.first().map(NextHop::shown),
                Some(Err(_)) => Some(dotted(&self.host(index))),
                None => continue,
            };
            self.envelope.recipients[index].signature = best;
        }
    }

    async fn find_routes(&mut self) {
        let site = &self.on.site;
        for index in plan::order(&site.config, self.envelope) {
            let Some(key) = self.route_key(index).filter(|key| !self.routes.contains_key(key)) else {
                continue;
            };
            let Some(mailer) = self.mailer(index).filter(|mailer| mailer.speaks_smtp()).cloned() else {
                continue;
            };
            if let Some(hop) = NextHop::of_this_host(&mailer, &key.host) {
                self.routes.insert(key, Ok(vec![hop]));
                continue;
            }
            // a domain whose name servers do not answer holds up its own mail only
            let Some(mut permit) = self.enter(Pool::LookUp, Destination::Name(key.host.clone())) else {
                continue;
            };
            if !permit.ready().await {
                continue;
            }
            let mut look_up = RouteLookup::new(&site.config, self.on.resolver(self.envelope), &mailer);
            // over LMTP no policy of anybody's is meant
            if !mailer.has(b'z') {
                match self.asked_about(&key.host).await {
                    Ok(asked) => look_up = look_up.with_policies(&self.on.policies, asked),
                    Err(result) => {
                        self.routes.insert(key, Err(result));
                        continue;
                    }
                }
            }
            // boxed: a mailbox has no next hop, and no use for the room
            let found = Box::pin(look_up.next_hops(&key.host)).await;
            self.routes.insert(key, found);
        }
    }

    /// Who shares the best next hop of a mailer shares the connection to it; where there is none, or
    /// the mailer works on this host, who shares `$h`.
    fn groups(&self, place: Place) -> Vec<Group> {
        let here = |index: usize| match self.mailer(index) {
            // all are users of this host, whatever `$h` has of them
            Some(mailer) if mailer.has(b'l') && !mailer.takes(self.envelope.size) => Vec::new(),
            _ => self.host(index),
        };
        let next_hop = |index: usize| match self.route(index) {
            Some(Ok(hops)) => hops.first().ok_or_else(Vec::new),
            _ => Err(here(index)),
        };
        let mut order = plan::order(&self.on.site.config, self.envelope);
        order.retain(|index| self.place(*index) == place);
        plan::groups(&self.on.site.config, self.envelope, order, &next_hop)
    }

    /// On whose account a delivery of this host goes: whoever named the file or program, else the recipient.
    fn mailbox(&self, group: &Group) -> Option<Destination> {
        let recipient = &self.envelope.recipients[*group.members.first()?];
        let address = recipient.address.as_ref()?;
        let named_by =
            recipient.control.as_ref().map(|control| &control.user).filter(|user| !user.is_empty());
        Some(Destination::Mailbox(address.mailer, named_by.unwrap_or(&address.user).clone()))
    }

    /// `None`: there is no room for it now.
    async fn hand_over(&mut self, group: Group, alone: bool) -> Option<HandOver> {
        let destination = self.mailbox(&group)?;
        let mut permit = self.enter(Pool::Local, destination)?;
        let mut reading = Reading::default();
        let under_way = match local::prepare(self, &group).await {
            Ok((delivery, body, read)) => {
                reading = read;
                let keeper = self.on.keeper.clone();
                let work = async move {
                    if !permit.ready().await {
                        return None;
                    }
                    // who shares a sync with others would have it for no work; the keeper's own limits hold
                    let permit = Some(permit).filter(|_| !delivery.unhurried);
                    let results = keeper.deliver(delivery, body).await;
                    drop(permit);
                    Some(results)
                };
                if alone { UnderWay::Alone(Box::pin(work)) } else { UnderWay::Begun(tokio::spawn(work)) }
            }
            Err(result) => UnderWay::Refused(result),
        };
        Some(HandOver { group, reading, under_way })
    }

    /// Waits for what the keeper says. Who has the message is done with from now on, whatever else happens.
    async fn collect(&mut self, pending: Vec<HandOver>) -> VecDeque<(Group, HandedOver)> {
        let mut done = VecDeque::with_capacity(pending.len());
        for HandOver { group, reading, under_way } in pending {
            let results = match under_way {
                // perhaps he forwards his mail, and it is nobody's business how long it is
                UnderWay::Refused(_) if self.envelope.attempt.forward_unread => continue,
                UnderWay::Refused(result) => {
                    done.push_back((group, HandedOver::Refused(result)));
                    continue;
                }
                // a task that broke has no results
                UnderWay::Begun(task) => task.await.unwrap_or_else(|_| Some(Vec::new())),
                UnderWay::Alone(work) => work.await,
            };
            // without a permit they stay as they are
            let Some(results) = results else { continue };
            if results.iter().any(|result| result.has_forward) {
                continue;
            }
            self.envelope.attempt.forward_unread = false;
            for (index, result) in group.members.iter().zip(&results) {
                if Sysexit(result.exit).is_ok() {
                    self.envelope.recipients[*index].state = RecipientState::Sent;
                }
            }
            done.push_back((group, HandedOver::Mailed(results, reading)));
        }
        done
    }

    /// Writes down what has come of those whose turn is before this one: log lines and transcript stand in
    /// the order of the send queue, as sendmail's do, which delivers to one after the other.
    fn settle_before(&mut self, turn: usize, turns: &[usize], here: &mut VecDeque<(Group, HandedOver)>) {
        while let Some((group, result)) = here.pop_front_if(|(group, _)| group.turn(turns) < turn) {
            // they ran side by side, and are told of one after the other; what is too big goes nowhere
            let goes = |mailer: &&Mailer| mailer.name != b"*file*" && mailer.takes(self.envelope.size);
            if let Some(mailer) = self.mailer(group.members[0]).filter(goes) {
                let host = self.host(group.members[0]);
                let via: &[&[u8]] = if host.is_empty() { &[] } else { &[&host, b" via "] };
                self.tell(&group.members, &[b"Connecting to ", &via.concat(), &mailer.name, b"..."]);
            }
            match result {
                HandedOver::Refused(result) if result.too_big => self.refuse_each(&group.members, &result),
                HandedOver::Refused(result) => self.record(&group.members, &result, None),
                HandedOver::Mailed(results, reading) => {
                    reading.problems.iter().for_each(|problem| self.transcribe(&problem.to_line()));
                    self.note_reading(&reading);
                    local::settle(self, &group, results);
                }
            }
        }
    }
}
