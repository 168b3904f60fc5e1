//! The mta as an SMTP session sees it.

use super::clients::Presence;
use super::load;
use super::mta::{Mta, Phase};
use crate::envelope::{Body, ControllingUser, Envelope, QueueId, Recipient, RecipientFlags, plain_user};
use crate::logging::Priority;
use crate::net::ldap_answer;
use crate::queue::{self, Field, Lease, QueueError, Selection};
use crate::recipients::{Checked, Expander};
use crate::rewrite::{Address, Rewriter};
use crate::sasl;
use crate::schema::{DeliveryMode, EnhancedStatus, Outcome, Reply, Sysexit};
use crate::smtp::server::{Acceptor, BodySink, Closing, LookedUp, QueueRun, Verified};
use crate::sys::clock;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One listener of the mta: its delivery mode may differ from the site's.
#[derive(Clone)]
pub struct DaemonAcceptor {
    mta: Arc<Mta>,
    mode: DeliveryMode,
    /// Of a client on the network.
    presence: Option<Arc<Presence>>,
    /// What the deliveries that the client waited for have come to.
    exit: Arc<Mutex<Sysexit>>,
}

impl DaemonAcceptor {
    /// A listener that delivers in this mode.
    pub fn new(mta: Arc<Mta>, mode: DeliveryMode) -> Self {
        Self { mta, mode, presence: None, exit: Arc::default() }
    }

    /// The exit status of the first delivery that failed while the client waited for it (DeliveryMode interactive).
    pub fn exit(&self) -> Arc<Mutex<Sysexit>> {
        self.exit.clone()
    }

    fn note_exit(&self, status: Sysexit) {
        let mut exit = self.exit.lock().unwrap_or_else(PoisonError::into_inner);
        if exit.is_ok() && !status.is_temporary() {
            *exit = status;
        }
    }

    /// The same for one client.
    pub(super) fn serving(mut self, presence: Arc<Presence>) -> Self {
        self.presence = Some(presence);
        self
    }

    fn expander(&self) -> Expander<'_> {
        Expander { site: &self.mta.site, keeper: &self.mta.keeper, logger: &self.mta.log }
    }

    /// Is it kept, by DeliveryMode, as held, or because the machine is too busy for a delivery of this priority?
    fn only_queues(&self, envelope: &Envelope) -> bool {
        let mode = matches!(self.mode, DeliveryMode::Queue | DeliveryMode::Defer);
        mode && !envelope.attempt.interactive
            || envelope.quarantine.is_some()
            || load::should_queue(&self.mta.site.config.options, envelope.priority)
    }

    /// A message that only waits has a line for each recipient; where somebody was looked up sendmail ends with the
    /// queue's copy, and is silent.
    fn log_waiting(&self, envelope: &Envelope) {
        if !envelope.session.looked_up {
            self.mta.log_waiting(envelope);
        }
    }

    /// Whoever ruleset 5 replaced acts for his account, as the file of a message that only waits has it.
    async fn name_controlling_users(&self, envelope: &mut Envelope) {
        for recipient in &mut envelope.recipients {
            let replaced = recipient.flags.contains(RecipientFlags::REPLACED) && recipient.control.is_none();
            let Some(address) = recipient.address.as_ref().filter(|_| replaced) else { continue };
            let alias = recipient.text.clone();
            let mut rewriter = Rewriter::quiet(&self.mta.site, &mut envelope.scope);
            if matches!(self.expander().check(&mut rewriter, address).await, Checked::Alias { .. }) {
                // for aliases nobody asks who has an account
                recipient.control = Some(ControllingUser { alias, ..ControllingUser::default() });
                continue;
            }
            recipient.control = match self.mta.keeper.user(&plain_user(&address.user)).await {
                Outcome::Done(Some(user)) => {
                    Some(ControllingUser { ids: user.ids(), user: user.name, alias })
                }
                Outcome::Done(None) => Some(ControllingUser { alias, ..ControllingUser::default() }),
                _ => None,
            };
        }
    }

    /// Puts a message and what was cut from it into the queue.
    async fn commit(&self, envelope: &Envelope, parts: &mut [Envelope]) -> Result<Vec<Lease>, QueueError> {
        let queue = &self.mta.queue;
        let lease = queue.commit(envelope).await?;
        match queue.commit_all(envelope.location, parts.iter_mut().collect()).await {
            Ok(others) => Ok(std::iter::once(lease).chain(others).collect()),
            Err(error) => {
                // the client is refused; at worst it is delivered twice
                let _ = queue.remove(lease).await;
                Err(error)
            }
        }
    }
}

/// What nobody can do just now (RFC 3463: system not accepting network messages).
/// How long a client waits to hear whether there is such a user (RFC 5321, section 4.5.3.2.3: it waits for
/// five minutes).
const VERIFY_TIMEOUT: Duration = Duration::from_secs(30);

fn try_again() -> Reply {
    Reply::new(451, Some(EnhancedStatus(4, 3, 2)), "Please try again later")
}

/// A body on its way into the queue. What goes wrong is logged here; the client hears less of it.
pub struct QueuedBody {
    mta: Arc<Mta>,
    id: QueueId,
    sink: Box<dyn queue::BodySink>,
}

impl BodySink for QueuedBody {
    fn write(&mut self, data: &[u8]) -> Result<(), Reply> {
        self.sink.write(data).map_err(|error| self.mta.refuse(&self.id, &error))
    }

    fn size(&self) -> u64 {
        self.sink.size()
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, Reply> {
        self.sink.read_at(offset, buffer).map_err(|error| self.mta.refuse(&self.id, &error))
    }

    fn restart(&mut self) -> Result<(), Reply> {
        self.sink.restart().map_err(|error| self.mta.refuse(&self.id, &error))
    }

    async fn finish(self) -> Result<Body, Reply> {
        let Self { mta, id, sink } = self;
        sink.finish().await.map_err(|error| mta.refuse(&id, &error))
    }
}

impl Acceptor for DaemonAcceptor {
    type Sink = QueuedBody;

    fn next_id(&self) -> QueueId {
        self.mta.queue.next_id()
    }

    fn now(&self) -> i64 {
        clock::now()
    }

    fn create_body(&self, envelope: &mut Envelope) -> Result<QueuedBody, Reply> {
        envelope.location = self.mta.queue.location(self.mta.deliverer.queue_group(envelope));
        let sink = self.mta.queue.create_body(&envelope.key());
        let sink = sink.map_err(|error| self.mta.refuse(&envelope.id, &error))?;
        Ok(QueuedBody { mta: self.mta.clone(), id: envelope.id.clone(), sink })
    }

    fn has_room(&self, size: u64) -> bool {
        load::has_room(&self.mta.site.config.options, size)
    }

    fn refuses_program(&self, address: &Address) -> Option<Reply> {
        self.expander().refuses_program(address)
    }

    async fn verify(&self, envelope: &mut Envelope, address: Address) -> Verified {
        let expander = self.expander();
        if let Some(reply) = expander.refuses_directly(&address) {
            return Verified::Refused(reply);
        }
        let mut rewriter = Rewriter::quiet(&self.mta.site, &mut envelope.scope);
        let checked = tokio::time::timeout(VERIFY_TIMEOUT, expander.check(&mut rewriter, &address)).await;
        // a client waits for its answer, and may ask again
        let Ok(checked) = checked else { return Verified::Refused(try_again()) };
        let verified = match checked {
            Checked::Deliverable(address) | Checked::Alias { address, .. } => Verified::Good(address),
            Checked::Unknown(reply) => Verified::Refused(reply),
            Checked::TooDeep(reply) => Verified::TooDeep(reply),
            // nothing that needs the keeper would ever be done
            Checked::Later(_) if self.mta.keeper.is_gone() => Verified::Refused(try_again()),
            Checked::Later(_) => Verified::Later(address),
        };
        // of those who are refused nothing stays, nor of those whom ruleset 5 sends elsewhere
        if let Verified::Good(address) | Verified::Later(address) = &verified {
            envelope.session.looked_up |= expander.looks_up(address);
        }
        verified
    }

    fn expands_at_once(&self, verbose: bool) -> bool {
        verbose || self.mode == DeliveryMode::Interactive
    }

    async fn admit(&self, envelope: &mut Envelope, recipient: Recipient) -> Result<usize, Reply> {
        let expander = self.expander();
        if let Some(mut reply) = recipient.address.as_ref().and_then(|one| expander.refuses_directly(one)) {
            reply.text = [&recipient.text[..], b"... ", &reply.text].concat();
            return Err(reply);
        }
        let before = (envelope.recipients.len(), envelope.attempt.expanded.clone());
        let admitted = expander.admit(envelope, recipient, clock::now());
        let admitted = tokio::time::timeout(VERIFY_TIMEOUT, admitted).await;
        match admitted {
            // nothing that needs the keeper would ever be done
            Ok(admitted) if !self.mta.keeper.is_gone() => admitted,
            _ => {
                envelope.recipients.truncate(before.0);
                envelope.attempt.expanded = before.1;
                Err(try_again())
            }
        }
    }

    async fn secret(&self, question: sasl::Question) -> sasl::Answer {
        let (answer, silent) = self.mta.keeper.secret(question.clone()).await;
        let tell = |why: &str| self.mta.log.log(0, Priority::Error, None, format!("AUTH: {why}").as_bytes());
        silent.iter().for_each(|why| tell(why));
        let plain = matches!(question.proof, sasl::Proof::Password(_));
        match &self.mta.ldap {
            Some(ldap) if plain && answer != sasl::Answer::Right => {
                let told = ldap_answer(ldap, &question).await.unwrap_or_else(|why| {
                    tell(&why);
                    sasl::Answer::No(sasl::Refusal::Unavailable)
                });
                answer.followed_by(told)
            }
            _ => answer,
        }
    }

    fn log_in_refused(&self) -> u32 {
        let network = self.presence.as_ref().and_then(|presence| presence.network);
        network.map_or(0, |network| self.mta.refused_log_ins.count(network, Instant::now()))
    }

    async fn full_name(&self, sender: &Address) -> Vec<u8> {
        super::verify::full_name_of(&self.mta, sender).await
    }

    async fn accept(&self, mut envelope: Envelope, interactive: bool) -> Result<(), Reply> {
        envelope.attempt.interactive = interactive || self.mode == DeliveryMode::Interactive;
        let waits = self.only_queues(&envelope);
        let looked = envelope.session.looked_up;
        let expanded = envelope.attempt.expanded.is_some();
        let mut parts = match envelope.attempt.expanded {
            Some(_) if waits => Box::pin(self.mta.cut(&mut envelope)).await,
            // the delivery knows of lists' owners, and cuts it behind them
            Some(_) => Vec::new(),
            None => self.mta.deliverer.split_by_queue_group(&mut envelope, looked),
        };
        if !waits && parts.is_empty() && self.mta.may_deliver_first(&envelope) {
            return self.mta.deliver_first(envelope).await;
        }
        if waits {
            self.name_controlling_users(&mut envelope).await;
        }
        let leases = self.commit(&envelope, &mut parts).await;
        let leases = leases.map_err(|error| self.mta.refuse(&envelope.id, &error))?;
        let main = envelope.id.clone();
        if !waits && !interactive && self.mta.deliverer.waits_for_lookups(&envelope) {
            self.mta.log_waiting(&envelope);
        }
        for (lease, mut envelope) in leases.into_iter().zip(std::iter::once(envelope).chain(parts)) {
            if waits {
                if !expanded {
                    self.log_waiting(&envelope);
                }
                // what is not to be tried at all is not waited for, unless it was only put into the queue for somebody here
                if self.mode == DeliveryMode::Queue
                    && !looked
                    && self.mta.deliverer.fail_mail_loop(&mut envelope)
                {
                    Box::pin(self.mta.return_untried(lease, envelope)).await;
                }
            } else if envelope.attempt.interactive {
                self.note_exit(Box::pin(self.mta.deliver(lease, envelope, None)).await);
            } else {
                if envelope.session.looked_up {
                    envelope.reread(&self.mta.site.config);
                    // nobody may be looked up for a part, and it is read again all the same
                    if envelope.id != main {
                        envelope.set_priority(&self.mta.site.config.options);
                    }
                }
                self.mta.spawn_delivery(lease, envelope);
            }
        }
        Ok(())
    }

    fn discard(&self, envelope: &Envelope) {
        if let Err(error) = self.mta.queue.discard(&envelope.key()) {
            self.mta.complain(Some(&envelope.id), &error);
        }
    }

    async fn expand(&self, envelope: &mut Envelope, text: &[u8], expand: bool) -> (Vec<Reply>, usize) {
        super::verify::expand(&self.mta, envelope, text, expand).await
    }

    async fn look_up(&self, envelope: &mut Envelope, list: &[u8]) -> LookedUp {
        super::verify::look_up(&self.mta, envelope, list).await
    }

    async fn closing(&self, begun: bool) -> Closing {
        let Some(presence) = &self.presence else {
            self.mta.until(Phase::Stopping).await;
            return Closing::ShutDown;
        };
        let _idle = presence.idle(begun);
        tokio::select! {
            () = self.mta.until(Phase::Stopping) => Closing::ShutDown,
            () = presence.dismissed() => Closing::Crowded,
        }
    }

    fn run_queue(&self, run: QueueRun) -> bool {
        let mut selection = Selection::default();
        match run {
            QueueRun::Matching(text) => selection.limit(Field::Recipient, false, &text),
            QueueRun::Group(name) => match self.mta.queue.group(&name) {
                Some(group) => selection = selection.in_group(Some(group)),
                None => return false,
            },
        }
        let mta = self.mta.clone();
        tokio::spawn(async move { mta.run_queue(&selection).await });
        true
    }
}
