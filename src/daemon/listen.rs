//! Listeners: bound by the supervisor, accepting until the front is to end.

use super::acceptor::DaemonAcceptor;
use super::clients::Connected;
use super::ident;
use super::load;
use super::mta::Mta;
use super::proxy::{self, Ends};
use super::rates::Rates;
use super::throttle::{DEFERRAL, Throttle};
use crate::config::Config;
use crate::logging::statistics::Connection;
use crate::logging::{Priority, interval};
use crate::schema::{DaemonPort, Sysexit, span};
use crate::smtp::server::{Acceptor, Client, DaemonFacts, Session, TOO_MANY_CONNECTIONS};
use crate::supervisor::Listening;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// M= letter of listeners that a proxy speaks to, and the class of those proxies.
const PROXIED: u8 = b'P';
const PROXY_CLASS: &str = "proxy_hosts";

/// Sessions that have been told to go and are not gone yet; nobody is accepted beyond these.
const MAX_DISMISSED: usize = 64;

/// One listener with what its clients are told.
pub(super) struct Listener {
    pub(super) port: DaemonPort,
    pub(super) address: SocketAddr,
    listener: TcpListener,
}

impl Listener {
    /// To be called in a runtime.
    pub(super) fn new(listening: Listening) -> io::Result<Self> {
        let Listening { port, socket } = listening;
        let listener = TcpListener::from_std(std::net::TcpListener::from(socket))?;
        Ok(Self { address: port.socket_address(), port, listener })
    }

    fn facts(&self, config: &Config) -> DaemonFacts {
        let family: &[u8] = if self.address.is_ipv6() { b"inet6" } else { b"inet" };
        DaemonFacts {
            name: self.port.name.clone(),
            modifiers: self.port.modifiers.clone(),
            family: family.to_vec(),
            address: config.ip_text(self.address.ip()).into_bytes(),
            port: self.address.port().to_string().into_bytes(),
            delay_la: self.port.delay_la,
            filters: self.port.filters.clone(),
            delivery_mode: self.port.delivery_mode,
        }
    }

    fn reception(&self, mta: &Arc<Mta>, rates: Rates) -> Reception {
        let mode = self.port.delivery_mode.unwrap_or(mta.site.config.options.delivery_mode);
        let acceptor = DaemonAcceptor::new(mta.clone(), mode);
        Reception { mta: mta.clone(), acceptor, rates, facts: self.facts(&mta.site.config) }
    }

    fn most_sessions(&self, mta: &Mta) -> usize {
        let own = self.port.max_children.unwrap_or(mta.site.config.options.max_daemon_children);
        let most = usize::try_from(own).unwrap_or(0);
        if most == 0 { mta.clients.most() + MAX_DISMISSED } else { most }
    }

    /// Accepts clients for as long as it is polled. Each session holds an end of `session`.
    pub(super) async fn serve(self, mta: Arc<Mta>, rates: Rates, session: mpsc::Sender<()>) {
        let sessions = Arc::new(Semaphore::new(self.most_sessions(&mta)));
        let reception = self.reception(&mta, rates);
        let mut throttle = Throttle::new(mta.site.config.options.connection_rate_throttle);
        let mut delaying = false;
        loop {
            let Some(permit) = self.wait_for_room(&mta, &sessions).await else { return };
            match self.next_client(&mta, &mut throttle, &mut delaying).await {
                Ok((stream, peer)) => {
                    let ends = Ends { client: peer, local: stream.local_addr().ok() };
                    let held = (permit, session.clone());
                    match self.port.has(PROXIED) {
                        false => reception.receive(stream, ends, held),
                        true => drop(tokio::spawn(reception.clone().receive_proxied(stream, ends, held))),
                    }
                }
                // out of descriptors, most likely: those in use come back
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Accepts one. The load is looked at while nobody comes, too: who comes first when it is high is not taken either.
    async fn next_client(
        &self,
        mta: &Mta,
        throttle: &mut Option<Throttle>,
        delaying: &mut bool,
    ) -> io::Result<(TcpStream, SocketAddr)> {
        self.look_at_load(mta, delaying).await;
        if let Some(throttle) = throttle
            && throttle.defers()
        {
            mta.log.log(8, Priority::Info, None, &throttle.complaint(&self.port.name));
            tokio::time::sleep(DEFERRAL).await;
        }
        loop {
            match tokio::time::timeout(LOOKED, self.listener.accept()).await {
                Ok(accepted) => return accepted,
                Err(_) => self.look_at_load(mta, delaying).await,
            }
        }
    }

    async fn look_at_load(&self, mta: &Mta, delaying: &mut bool) {
        self.wait_for_calm(mta).await;
        let delayed = load::delays(&mta.site.config.options, self.port.delay_la);
        if let Some((load, limit)) = delayed.filter(|_| !*delaying) {
            let name = String::from_utf8_lossy(&self.port.name);
            let text = format!("delaying connections on daemon {name}: load average={load} >= {limit}");
            mta.log.log(8, Priority::Info, None, text.as_bytes());
        }
        *delaying = delayed.is_some();
    }

    /// Waits for one session less than MaxDaemonChildren.
    async fn wait_for_room(&self, mta: &Mta, sessions: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = sessions.clone().try_acquire_owned() {
            return Some(permit);
        }
        let most = self.most_sessions(mta);
        let name = String::from_utf8_lossy(&self.port.name);
        let text = format!("rejecting connections on daemon {name}: {most} children, max {most}");
        mta.log.log(8, Priority::Info, None, text.as_bytes());
        let permit = sessions.clone().acquire_owned().await.ok();
        self.log_acceptance(mta);
        permit
    }

    fn log_acceptance(&self, mta: &Mta) {
        let text = [b"accepting connections again for daemon ", &self.port.name[..]].concat();
        mta.log.log(8, Priority::Info, None, &text);
    }

    /// While the load is above RefuseLA nobody is accepted.
    async fn wait_for_calm(&self, mta: &Mta) {
        let mut refusing = Refusing::new(span(mta.site.config.options.reject_log_interval));
        while let Some(load) = load::refuses(&mta.site.config.options, self.port.refuse_la) {
            let name = String::from_utf8_lossy(&self.port.name);
            let text = match refusing.again(tokio::time::Instant::now()) {
                Told::First => Some(format!("rejecting connections on daemon {name}: load average: {load}")),
                Told::Again(time) => {
                    Some(format!("have been rejecting connections on daemon {name} for {}", interval(time)))
                }
                Told::Nothing => None,
            };
            if let Some(text) = text {
                mta.log.log(8, Priority::Notice, None, text.as_bytes());
            }
            tokio::time::sleep(LOOKED_AGAIN).await;
        }
        if refusing.begun.is_some() {
            self.log_acceptance(mta);
        }
    }
}

/// How often the load is looked at while nobody comes.
const LOOKED: Duration = Duration::from_secs(5);
/// How often it is looked whether the load is below RefuseLA again.
const LOOKED_AGAIN: Duration = Duration::from_secs(15);

/// A time in which nobody is accepted.
struct Refusing {
    /// RejectLogInterval.
    pause: Duration,
    begun: Option<tokio::time::Instant>,
    told: Option<tokio::time::Instant>,
}

/// What the log is told of it.
#[derive(PartialEq, Eq, Debug)]
enum Told {
    First,
    /// For so many seconds now.
    Again(i64),
    Nothing,
}

impl Refusing {
    fn new(pause: Duration) -> Self {
        Self { pause, begun: None, told: None }
    }

    fn again(&mut self, now: tokio::time::Instant) -> Told {
        let begun = *self.begun.get_or_insert(now);
        match self.told {
            None => {
                self.told = Some(now);
                Told::First
            }
            Some(told) if now.duration_since(told) > self.pause => {
                self.told = Some(now);
                Told::Again(i64::try_from(now.duration_since(begun).as_secs()).unwrap_or(i64::MAX))
            }
            Some(_) => Told::Nothing,
        }
    }
}

/// What is kept until a session is over: its place among those of its listener, and the front's knowledge of it.
type Held = (OwnedSemaphorePermit, mpsc::Sender<()>);

/// What the clients of a listener have in common.
#[derive(Clone)]
struct Reception {
    mta: Arc<Mta>,
    acceptor: DaemonAcceptor,
    rates: Rates,
    facts: DaemonFacts,
}

impl Reception {
    /// Begins a session, if there is room for it.
    fn receive(&self, stream: TcpStream, ends: Ends, held: Held) {
        let address = ends.client.ip().to_canonical();
        let counted = self.rates.connect(address, Instant::now());
        let Some(connected) = connect(&self.mta, &stream, address) else { return };
        self.mta.log.count_connection(Connection::From);
        let client = Client {
            address: Some(ends.client),
            local: ends.local,
            daemon: self.facts.clone(),
            connections: counted.connections,
            rate: counted.rate,
            total_rate: counted.total,
            ..Client::default()
        };
        let acceptor = self.acceptor.clone().serving(connected.presence.clone());
        let held = (held, counted.guard, connected);
        let meeting = Box::pin(meet(self.mta.clone(), acceptor, client, stream));
        tokio::spawn(async move {
            let serving = meeting.await;
            if let Some(serving) = serving {
                serving.await;
            }
            drop(held);
        });
    }

    /// The same for the client that a proxy names (M=P). Who is no proxy of ours is sent away: he could name anybody.
    async fn receive_proxied(self, mut stream: TcpStream, peer: Ends, held: Held) {
        let address = peer.client.ip().to_canonical();
        let ends = match self.mta.site.config.class_has_address(PROXY_CLASS, address) {
            true => proxy::read(&mut stream, peer).await.map_err(|why| why.to_string()),
            false => Err(format!("not in class {{{PROXY_CLASS}}}")),
        };
        match ends {
            Ok(ends) => self.receive(stream, ends, held),
            Err(why) => {
                let text = format!("rejecting connection from [{address}]: {why}");
                self.mta.log.log(4, Priority::Notice, None, text.as_bytes());
                let _ = stream.try_write(b"421 4.7.0 No connection without a client\r\n");
            }
        }
    }
}

/// A place among the clients. Who gets none is told so, as far as the socket takes it at once.
fn connect(mta: &Mta, stream: &TcpStream, address: IpAddr) -> Option<Connected> {
    let connected = mta.clients.connect(address, mta.site.config.relays_for(address));
    if connected.is_none() {
        let text = format!("rejecting connection from [{address}]: too many open connections");
        mta.log.log(8, Priority::Info, None, text.as_bytes());
        let reply = [b"421 4.3.2 ", TOO_MANY_CONNECTIONS, b"\r\n"].concat();
        let _ = stream.try_write(&reply);
    }
    mta.clients.keep_timer_near();
    connected
}

/// Looks the client up: a session with it, which has not begun. `None`: there is none.
async fn meet(
    mta: Arc<Mta>,
    acceptor: DaemonAcceptor,
    known: Client,
    stream: TcpStream,
) -> Option<impl Future<Output = Sysexit> + Send> {
    // replies are written whole; waiting for more would only delay them
    let _ = stream.set_nodelay(true);
    let (config, address) = (&mta.site.config, known.address?);
    let identified = async {
        // whose end of the connection is the proxy's own knows nobody by it
        let limit =
            if known.daemon.has(PROXIED) { Duration::ZERO } else { span(config.options.timeout.ident) };
        ident::name_of(address, known.local?, limit).await
    };
    let (mut client, user) = tokio::select! {
        found = async { tokio::join!(Client::resolve(address, config, &mta.site.resolver), identified) } => found,
        _ = acceptor.closing(false) => return None,
    };
    if let Some(user) = user {
        client.display = [&user[..], b"@", &client.display].concat();
    }
    let Client { local, daemon, connections, rate, total_rate, .. } = known;
    let client = Client { local, daemon, connections, rate, total_rate, ..client };
    Some(Session::new(mta.server.clone(), acceptor, client, stream).serve())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_of_once_in_an_interval() {
        let (mut refusing, begun) = (Refusing::new(Duration::from_secs(40)), tokio::time::Instant::now());
        let told: Vec<_> = (0..8).map(|turn| refusing.again(begun + LOOKED_AGAIN * turn)).collect();
        use Told::{Again, First, Nothing};
        assert_eq!(told, [First, Nothing, Nothing, Again(45), Nothing, Nothing, Again(90), Nothing]);
    }
}
