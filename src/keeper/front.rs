//! The front's handle: what can be asked of the keeper, and how a keeper begins.

use super::accounts::Accounts;
use super::frame::{Frame, MAX_REQUEST};
use super::link::{Answered, Link};
use super::map_files::{self, MapFiles};
use super::protocol::{
    AliasAnswer, Ask, Delivery, ListingAnswer, ListingError, MailerResult, NamedBy, Reply, Signature,
    TlsFileAnswer, UserAnswer,
};
use super::recent::{Forwarders, RecentAliases};
use super::server;
use super::settings::{KeeperSettings, MapNeeds, NamedFile};
use crate::config::Config;
use crate::sasl;
use crate::schema::{EnhancedStatus, Outcome, Sysexit};
use crate::sys::signals::{self, Signal};
use crate::sys::{identity, passing, process, title};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Talks to the keeper. Cheap to clone; all methods may run at the same time.
#[derive(Clone)]
pub struct Keeper {
    link: Arc<Link>,
    accounts: Arc<Accounts>,
    aliases: Arc<RecentAliases>,
    forwarders: Arc<Forwarders>,
    map_files: Arc<MapFiles>,
}

/// The two ends of what is between a front and its keeper: each process drops the one that is not its own,
/// since with it open neither would see the other go.
///
/// # Errors
/// When the system has no descriptors left.
pub fn ends() -> io::Result<(FrontEnd, KeeperEnd)> {
    let (requests, answers) = passing::pair()?;
    let (paths, files) = passing::pair()?;
    Ok((FrontEnd { requests, paths: Some(paths) }, KeeperEnd { answers, files }))
}

/// What a front takes.
pub struct FrontEnd {
    requests: UnixStream,
    /// Where it asks for files of maps, if there is a keeper that may read more than itself.
    paths: Option<UnixStream>,
}

/// What a keeper takes.
pub struct KeeperEnd {
    answers: UnixStream,
    files: UnixStream,
}

impl KeeperEnd {
    /// Is the keeper from now on, until the front is gone and all that was begun is done.
    pub fn serve(self, settings: KeeperSettings) {
        // it ends with its front, not by what a terminal or an administrator tells everybody
        process::leave_terminal();
        signals::ignore(&[Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM, Signal::SIGUSR1]);
        // what a set-group-id start lends opens the queue, which is the front's
        if identity::drop_borrowed().is_err() {
            return;
        }
        title::set(b"canonify: keeper");
        if !settings.maps.files.is_empty() {
            let (paths, files) = (settings.maps.files.clone(), self.files);
            let thread = std::thread::Builder::new().name("map files".into());
            // without the thread maps that the front may not read stay closed, which it says
            let _ = thread.spawn(move || map_files::serve(&files, &paths));
        }
        server::serve(self.answers, settings);
    }
}

/// Forks the keeper of a process that nobody supervises. To be called before anything starts a thread (an error
/// otherwise), after the configuration was read; nothing happens in the front until the first request.
///
/// # Errors
/// When no process can be made.
pub fn start(config: Arc<Config>, maps: MapNeeds) -> io::Result<Keeper> {
    let (front, keeper) = ends()?;
    let (mut front, mut keeper) = (Some(front), Some(keeper));
    let settings = KeeperSettings::from(&*config).with_maps(maps);
    process::start_service(|| {
        drop(front.take());
        if let Some(keeper) = keeper.take() {
            keeper.serve(settings);
        }
    })?;
    front.map(Keeper::on).ok_or_else(|| io::Error::other("the keeper runs in the front"))
}

/// The front's end of a keeper on threads of this process, for whoever speaks the protocol byte by byte (tests,
/// the fuzzer). The keeper's thread ends when all is done behind the end of what is sent.
///
/// # Errors
/// When the system has no descriptors left, or no thread can be made.
pub fn raw_end(config: &Config) -> io::Result<(UnixStream, JoinHandle<()>)> {
    let (front, keeper) = passing::pair()?;
    let settings = KeeperSettings::from(config);
    let thread = std::thread::Builder::new().name("keeper".into());
    let thread = thread.spawn(move || server::serve(keeper, settings))?;
    Ok((front, thread))
}

impl Keeper {
    /// The front's handle. Nothing happens until the first request.
    pub fn on(end: FrontEnd) -> Self {
        let map_files = Arc::new(MapFiles::on(end.paths));
        let (accounts, aliases, forwarders) = Default::default();
        Self { link: Arc::new(Link::new(end.requests)), accounts, aliases, forwarders, map_files }
    }

    /// A keeper on threads of this process, under its uid: for tests and modes that deliver nothing.
    ///
    /// # Errors
    /// When the system gives no socket pair or no thread.
    pub fn in_process(config: Arc<Config>) -> io::Result<Self> {
        Ok(Self::on(FrontEnd { requests: raw_end(&config)?.0, paths: None }))
    }

    /// One request; `None` when the keeper is gone.
    async fn ask(&self, content: Ask, body: Option<Arc<File>>) -> Option<Reply> {
        self.ask_for_file(content, body).await.map(|(reply, _)| reply)
    }

    /// The same where the answer comes with an open file.
    async fn ask_for_file(&self, content: Ask, body: Option<Arc<File>>) -> Option<Answered> {
        let fds = u8::from(body.is_some());
        self.link.ask(|id| Frame { id, fds, content }.encode(), body).await
    }

    /// A look-up, which takes no longer than [`LOOK_UP_TIMEOUT`].
    ///
    /// # Errors
    /// Why there is no answer for now.
    async fn look_up(&self, content: Ask) -> Result<Reply, String> {
        match tokio::time::timeout(LOOK_UP_TIMEOUT, self.ask(content, None)).await {
            Ok(Some(reply)) => Ok(reply),
            Ok(None) => Err(GONE.into()),
            Err(_) => Err("the keeper does not answer".into()),
        }
    }

    /// Opens files of maps that the front may not read.
    pub fn map_files(&self) -> Arc<MapFiles> {
        self.map_files.clone()
    }

    /// Has the keeper died? Nothing works any more then: all that needs it fails for now.
    pub fn is_gone(&self) -> bool {
        self.link.is_gone()
    }

    /// Waits until the keeper is gone.
    pub async fn gone(&self) {
        self.link.gone().await;
    }

    /// The account of a user.
    pub async fn user(&self, name: &[u8]) -> UserAnswer {
        if let Some(user) = self.accounts.remembered(name).filter(|_| !self.is_gone()) {
            return Outcome::Done(Some(user));
        }
        match self.look_up(Ask::User(name.to_vec())).await {
            Ok(Reply::User(Ok(user))) => {
                if let Some(user) = &user {
                    self.accounts.remember(name, user);
                }
                Outcome::Done(user)
            }
            Ok(Reply::User(Err(why))) | Err(why) => Outcome::Later(why),
            Ok(_) => Outcome::Later(GONE.into()),
        }
    }

    /// The value of an alias: one look-up in the files of option AliasFile, in order, from number `first` on.
    pub async fn alias(&self, name: &[u8], first: u32) -> Outcome<AliasAnswer> {
        let asked = (name.to_vec(), first);
        if let Some(answer) = self.aliases.get(&asked).filter(|_| !self.is_gone()) {
            return Outcome::Done(answer);
        }
        match self.look_up(Ask::Alias(name.to_vec(), first)).await {
            Ok(Reply::Alias(Ok(answer))) => {
                self.aliases.put(asked, &answer);
                Outcome::Done(answer)
            }
            Ok(Reply::Alias(Err(why))) | Err(why) => Outcome::Later(why),
            Ok(_) => Outcome::Later(GONE.into()),
        }
    }

    /// The account whose full name this is (option MatchGECOS), blanks as they are there.
    pub async fn user_by_full_name(&self, name: &[u8]) -> UserAnswer {
        match self.look_up(Ask::FullName(name.to_vec())).await {
            Ok(Reply::User(Ok(user))) => Outcome::Done(user),
            Ok(Reply::User(Err(why))) | Err(why) => Outcome::Later(why),
            Ok(_) => Outcome::Later(GONE.into()),
        }
    }

    /// Is it worth trying to deliver to a user before anybody has asked for his `.forward`? Not where it is known that he has one, nor for
    /// names that a mailer may be told in another form.
    pub fn may_look_first(&self, user: &[u8]) -> bool {
        let plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
        user.iter().all(plain) && !self.forwarders.holds(user)
    }

    /// The first `.forward` of ForwardPath that exists. `detail` is `$h`; `limit`: how long that may take, zero for as long as it
    /// takes.
    pub async fn forward(&self, user: &[u8], detail: &[u8], limit: Duration) -> ListingAnswer {
        let answer = self.listing(Ask::Forward(user.to_vec(), detail.to_vec()), limit).await;
        if answer.result.is_ok() {
            self.forwarders.note(user);
        }
        answer
    }

    /// An `:include:` file, read with the rights of whoever named it; `limit` as for [`Self::forward`].
    pub async fn include(&self, path: &[u8], named_by: NamedBy, limit: Duration) -> ListingAnswer {
        self.listing(Ask::Include(path.to_vec(), named_by), limit).await
    }

    async fn listing(&self, ask: Ask, limit: Duration) -> ListingAnswer {
        let asked = self.ask(ask, None);
        let reply = match limit.is_zero() {
            true => Ok(asked.await),
            false => tokio::time::timeout(limit, asked).await,
        };
        match reply {
            Ok(Some(Reply::Listing(listing))) => listing,
            Ok(_) => ListingError::Later(GONE.into()).into(),
            Err(_) => ListingError::TimedOut.into(),
        }
    }

    /// A file that an option of TLS names, unless it is as it was `seen` last.
    pub async fn tls_file(&self, file: NamedFile, seen: Option<Signature>) -> TlsFileAnswer {
        match self.look_up(Ask::TlsFile(file, seen)).await {
            Ok(Reply::TlsFile(answer)) => answer,
            Ok(_) => TlsFileAnswer::Refused(GONE.into()),
            Err(why) => TlsFileAnswer::Refused(why),
        }
    }

    /// What the program of a map answers to a key: exit status and first line.
    pub async fn program(&self, map: &[u8], key: &[u8]) -> (Sysexit, Vec<u8>) {
        match self.ask(Ask::Program(map.to_vec(), key.to_vec()), None).await {
            Some(Reply::Program(status, line)) => (Sysexit(status), line),
            _ => (Sysexit::TEMPFAIL, Vec::new()),
        }
    }

    /// What follows from somebody's password, and why each has not answered who was asked: words for the log.
    pub async fn secret(&self, question: sasl::Question) -> (sasl::Answer, Vec<String>) {
        let unavailable = sasl::Answer::No(sasl::Refusal::Unavailable);
        match self.look_up(Ask::Secret(question)).await {
            Ok(Reply::Secret(told)) => told,
            Ok(_) => (unavailable, vec![GONE.into()]),
            Err(why) => (unavailable, vec![why]),
        }
    }

    /// A connection to the UNIX socket of a mail filter.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn filter(&self, name: &[u8]) -> io::Result<UnixStream> {
        let asked = self.ask_for_file(Ask::Filter(name.to_vec()), None);
        match tokio::time::timeout(LOOK_UP_TIMEOUT, asked).await {
            Ok(Some((Reply::Filter(Ok(())), fds))) => {
                let socket = fds.into_iter().next().ok_or_else(|| io::Error::other(GONE))?;
                Ok(UnixStream::from(socket))
            }
            Ok(Some((Reply::Filter(Err(why)), _))) => Err(io::Error::other(why)),
            Ok(_) => Err(io::Error::other(GONE)),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Starts the program of a mailer that is told its recipients in a dialogue: the connection to it, and one from which
    /// its exit status is read when it has ended (where that is no number it is why there is none).
    ///
    /// # Errors
    /// What came of it instead.
    pub async fn dialogue(&self, delivery: Delivery) -> Result<(UnixStream, UnixStream), MailerResult> {
        let asked = self.ask_for_file(Ask::Dialogue(Box::new(delivery)), None);
        match tokio::time::timeout(LOOK_UP_TIMEOUT, asked).await {
            Ok(Some((Reply::Dialogue(Ok(())), fds))) => match <[OwnedFd; 2]>::try_from(fds) {
                Ok([dialogue, end]) => Ok((dialogue.into(), end.into())),
                Err(_) => Err(MailerResult::later(GONE)),
            },
            Ok(Some((Reply::Dialogue(Err(result)), _))) => Err(result),
            Ok(_) => Err(MailerResult::later(GONE)),
            Err(_) => Err(MailerResult::later("the keeper does not answer")),
        }
    }

    /// Delivers; a body that `delivery` does not hold is read from the beginning of `file`, whatever its position is.
    /// When the keeper dies meanwhile every target is to be tried again.
    pub async fn deliver(&self, delivery: Delivery, file: Option<Arc<File>>) -> Vec<MailerResult> {
        let count = delivery.targets.len();
        if delivery.header.len() > MAX_REQUEST / 2 {
            let why = "Message header is too large for a local mailer";
            return vec![MailerResult::never(Sysexit::DATAERR, EnhancedStatus(5, 3, 4), why); count];
        }
        match self.ask(Ask::Deliver(Box::new(delivery)), file).await {
            Some(Reply::Delivered(reports)) if reports.len() == count => reports,
            _ => vec![MailerResult::later(GONE); count],
        }
    }
}

/// Longest look-up: name services may hang, whoever asks them must not.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(60);

const GONE: &str = "the keeper is gone";
