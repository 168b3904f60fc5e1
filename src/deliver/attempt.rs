//! What the steps of one attempt share: the site it is made for, the envelope, the open connections
//! and what has been found out so far.

use super::connections::Connections;
use super::known_hosts::KnownHosts;
use super::next_hop::NextHop;
use super::parked::Parked;
use super::permits::{Destination, Permit};
use super::pools::{Full, Pool, Pools};
use super::result::DeliveryResult;
use crate::config::{Mailer, MailerId};
use crate::envelope::{Envelope, QueueId};
use crate::keeper::Keeper;
use crate::logging::{Logger, Priority};
use crate::mail_auth::Signer;
use crate::net::Resolver;
use crate::rewrite::Site;
use crate::schema::{EnhancedStatus, UserIds};
use crate::smtp::client::ServerConnection;
use crate::sys::clock::Clock;
use crate::tls::Tls;
use crate::tls_policy::Policies;
use hashbrown::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Delivers for one site. Cloning shares what is known of hosts.
#[derive(Clone)]
pub struct Deliverer {
    pub(super) site: Arc<Site>,
    pub(super) keeper: Keeper,
    pub(super) tls: Tls,
    pub(super) policies: Policies,
    pub(super) signer: Signer,
    pub(super) next_id: NextId,
    pub(super) logger: Logger,
    pub(super) clock: Clock,
    /// Who may deliver.
    pub pools: Pools,
    /// What is remembered of hosts.
    pub(super) hosts: Option<Arc<KnownHosts>>,
    /// Connections between two messages.
    pub(super) parked: Parked,
}

impl Deliverer {
    /// Who is asked where hosts are: a queue run may have another patience.
    pub(super) fn resolver<'s>(&'s self, envelope: &Envelope) -> &'s Resolver {
        if envelope.attempt.read_back { self.site.resolver.in_queue_runs() } else { &self.site.resolver }
    }
}

/// Gives out identifiers for the copies that lists with an owner need.
pub type NextId = Arc<dyn Fn() -> QueueId + Send + Sync>;

/// Where an attempt writes down how far it has come, and learns that the message is no longer its own.
pub trait Checkpoint: Send + Sync {
    /// Writes the state of the recipients down. A failed checkpoint costs at worst a second copy after a crash,
    /// so there is nothing to tell.
    fn write<'a>(&'a self, envelope: &'a Envelope) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

    /// Makes envelopes durable that were cut from this one: from then on nothing of it needs to name their recipients.
    /// `false`: they could not be, and the message stays as it was.
    fn keep<'a>(&'a self, cut: Vec<&'a mut Envelope>) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

    /// May the next delivery still be made?
    fn may_deliver(&self) -> bool;

    /// Everybody whom the message is for is known now; what follows is delivery.
    fn expanded(&self);
}

/// Whose next hops these are: two mailers may send to one host over different ports.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct RouteKey {
    pub(super) mailer: MailerId,
    /// `$h`
    pub(super) host: Vec<u8>,
}

/// sendmail reads the queue's file again before it delivers locally: size and priority then count the
/// header as stored and the recipients as expanded.
pub(super) fn recompute_size_and_priority(on: &Deliverer, envelope: &mut Envelope) {
    envelope.size = envelope.headers.size(&on.site.config.names) + envelope.body.size();
    envelope.set_priority(&on.site.config.options);
}

/// What one attempt carries along.
pub(super) struct Attempt<'a> {
    pub(super) on: &'a Deliverer,
    pub(super) envelope: &'a mut Envelope,
    pub(super) connections: &'a mut Connections,
    /// When it began, seconds since the epoch.
    pub(super) started: i64,
    /// The sender's account, if it has one here: shown as `ctladdr=`.
    pub(super) sender_account: Option<UserIds>,
    /// Until when connections may be made for those who are delivered to now (Timeout.aconnect).
    pub(super) connects_until: Option<Instant>,
    /// Where the hosts of `[IPC]` mailers lead.
    pub(super) routes: HashMap<RouteKey, Result<Vec<NextHop>, DeliveryResult>>,
    /// What the log has been told of odd header fields: each is worth one line, however many deliveries see it.
    pub(super) told: Mutex<Vec<Vec<u8>>>,
    /// Somebody's mail was sent back because it was to be in time (BY= with R).
    pub(super) late: Option<EnhancedStatus>,
    /// The first place where there was no room for it.
    pub(super) full: Option<Full>,
}

impl Attempt<'_> {
    /// A permit for one delivery, not yet given. `None`: who is concerned stays as it is for now.
    pub(super) fn enter(&mut self, pool: Pool, destination: Destination) -> Option<Permit> {
        let pool = match pool {
            Pool::Local | Pool::Remote if self.envelope.is_response() => Pool::Report,
            pool => pool,
        };
        match self.on.pools.enter(pool, destination, self.envelope.attempt.recalled) {
            Ok(permit) => Some(permit),
            Err(full) => {
                self.full.get_or_insert(full);
                None
            }
        }
    }

    pub(super) fn mailer(&self, index: usize) -> Option<&Mailer> {
        self.envelope.recipients[index].mailer(&self.on.site.config)
    }

    pub(super) fn mailer_id(&self, index: usize) -> Option<MailerId> {
        self.envelope.recipients[index].address.as_ref().map(|address| address.mailer)
    }

    /// `$h`
    pub(super) fn host(&self, index: usize) -> Vec<u8> {
        let address = self.envelope.recipients[index].address.as_ref();
        address.and_then(|address| address.host.clone()).unwrap_or_default()
    }

    /// `None`: without an address there is no way.
    pub(super) fn route_key(&self, index: usize) -> Option<RouteKey> {
        Some(RouteKey { mailer: self.mailer_id(index)?, host: self.host(index) })
    }

    /// Where a recipient's mail goes; `None`: its mailer is none of `[IPC]`.
    pub(super) fn route(&self, index: usize) -> Option<&Result<Vec<NextHop>, DeliveryResult>> {
        self.routes.get(&self.route_key(index)?)
    }

    /// Adds a line to what reports quote.
    pub(super) fn transcribe(&mut self, line: &[u8]) {
        self.envelope.transcribe(line);
    }

    /// What did not come in time is in the log, if anything did not.
    pub(super) fn log_time_out(&self, server: &ServerConnection) {
        let Some(phase) = server.timed_out else { return };
        let text =
            [b"timeout waiting for input from ", &server.host[..], b" during client ", phase.as_bytes()];
        self.on.logger.log(1, Priority::Notice, Some(self.envelope.id.as_bytes()), &text.concat());
    }
}
