//! One log-in, tried: what a client that says AUTH is answered, and which step on the way there is at fault.
//!
//! In: a site, what `Sendmail.conf` says, who logs in how. Out: steps in the order in which they count, the reply and
//! the lines of the log. A real session and the real client of deliveries talk to each other in memory; the
//! password goes to those who are asked for it, and into nothing that is shown.

use super::layout::{Lines, Part, Style};
use super::log_in_step::LogInStep;
use super::passwords::{self, Passwords};
use super::session::{self, Asked};
use crate::keeper::{Keeper, PasswordSources};
use crate::logging::{Logger, Target};
use crate::rewrite::Site;
use crate::sasl::{
    self, ChannelFacts, ClientFacts, Conditions, Credentials, MECHANISMS, Mechanism, Proof, Question,
    Settings,
};
use crate::smtp::client::{Answer, ConnectionError, ServerConnection};
use crate::smtp::server::security::Channel;
use crate::smtp::server::{Client, Policy};
use crate::sys::random;
use bstr::ByteSlice;
use serde::Serialize;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Longer than those who know passwords may take.
const LIMIT: Duration = Duration::from_secs(300);
/// What the log says of AUTH it says up to here.
const LOG_LEVEL: u8 = 9;

/// Who logs in, and how.
pub struct LogIn {
    /// The client.
    pub client: Client,
    /// Does it speak TLS?
    pub protected: bool,
    /// `None`: the strongest that is offered, as clients choose.
    pub mechanism: Option<Vec<u8>>,
    /// The name that is said, and as whom the client acts.
    pub credentials: Credentials,
    /// What `Sendmail.conf` says, or what is wrong with it.
    pub settings: Result<Settings, String>,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct LogInReport {
    /// The steps, in order.
    pub steps: Vec<LogInStep>,
    /// Of a log-in that does not go well: who did not answer, else the first that failed.
    pub failed: Option<String>,
    /// What the client is answered.
    pub reply: String,
    /// Its code.
    pub code: u16,
    /// What the daemon logs.
    pub log: Vec<String>,
}

/// Tries it.
///
/// # Errors
/// There is no chance to be had, or the session broke off.
pub async fn log_in(site: &Arc<Site>, keeper: &Keeper, asked: LogIn) -> io::Result<LogInReport> {
    let mut steps = vec![configuration(site), site_file(&asked.settings)];
    let settings = asked.settings.clone().unwrap_or_else(|_| Settings::none());
    let sources = PasswordSources::new(&site.config, settings.clone());
    let passwords = Arc::new(Passwords::new(sources.clone()));
    let log = Logger::open(Target::Memory, b"", LOG_LEVEL);
    let (mut server, task) = connect(site, keeper, &asked, &settings, &passwords, &log);
    server.greeting(LIMIT).await.map_err(broken)?;
    server.hello(b"EHLO", b"client.example", true, LIMIT).await.map_err(broken)?;
    let mechanism = chosen(&asked, &server.mechanisms);
    steps.extend(backends(site, &asked, &sources, mechanism).await);
    steps.push(offer(site, &asked, &settings, &server.mechanisms, mechanism));
    let answer = say(&mut server, &asked, mechanism).await?;
    drop(server);
    // what the session has come to is known
    let _ = task.await;
    steps.extend(passwords.told());
    let reply = answer.first_line().as_bstr().to_string();
    steps.push(LogInStep::judged(answer.code == 235, "reply", reply.clone()));
    let first = steps.iter().find(|step| !step.good).map(|step| step.step.clone());
    // where one does not know the user and the next does not answer, it is the next that is to be mended
    let failed = passwords.silent().map(String::from).or(first).filter(|_| answer.code != 235);
    let shown = |line: Vec<u8>| line.find("AUTH").map(|at| line[at..].as_bstr().to_string());
    let log = log.lines().into_iter().filter_map(shown).collect();
    Ok(LogInReport { steps, failed, reply, code: answer.code, log })
}

fn broken(error: ConnectionError) -> io::Error {
    io::Error::other(format!("the session broke off: {error:?}"))
}

fn connect(
    site: &Arc<Site>,
    keeper: &Keeper,
    asked: &LogIn,
    settings: &Settings,
    passwords: &Arc<Passwords>,
    log: &Logger,
) -> (ServerConnection, tokio::task::JoinHandle<()>) {
    let mut client = asked.client.clone();
    if asked.protected {
        client.security.channel = Channel::Protected;
    }
    let policy = Policy::from_config(&site.config).with_sasl(settings.clone());
    let passwords = Some(passwords.clone());
    let acceptor = Asked { site: site.clone(), keeper: keeper.clone(), log: log.clone(), passwords };
    let (session, stream) = session::begin(policy, acceptor, client);
    let task = tokio::spawn(async move {
        session.serve().await;
    });
    (ServerConnection::new(Box::new(stream), &host(site), b""), task)
}

/// `$j`
fn host(site: &Site) -> Vec<u8> {
    site.config.expand(site.config.macro_value("j").unwrap_or_default())
}

fn realm(site: &Site) -> Vec<u8> {
    site.config.options.auth_realm.clone().unwrap_or_else(|| host(site))
}

fn configuration(site: &Site) -> LogInStep {
    let options = &site.config.options;
    let wanted = options.auth_mechanisms.as_deref().unwrap_or_default();
    let text = format!(
        "AuthMechanisms {}; AuthOptions {}; realm {}",
        wanted.as_bstr(),
        options.auth_options.as_bstr(),
        realm(site).as_bstr()
    );
    match wanted.is_empty() {
        true => LogInStep::bad("configuration", "AuthMechanisms names nothing: AUTH is not offered"),
        false => LogInStep::good("configuration", text),
    }
}

fn site_file(settings: &Result<Settings, String>) -> LogInStep {
    let name = "Sendmail.conf";
    let settings = match settings {
        Ok(settings) => settings,
        Err(why) => return LogInStep::bad(name, format!("{why}: the daemon offers no AUTH")),
    };
    let words: Vec<&str> = settings.methods.iter().map(|method| method.word()).collect();
    let file = settings.file.as_deref().unwrap_or("there is none, what holds without one");
    let list = settings.mechanisms.as_deref().map(|list| format!("; mech_list {}", list.as_bstr()));
    let text = format!("{file}: pwcheck_method {}{}", words.join(" "), list.unwrap_or_default());
    match settings.unknown_methods.join(&b' ') {
        unknown if unknown.is_empty() => LogInStep::good(name, text),
        unknown => LogInStep::bad(name, format!("{text}; nothing here knows {}", unknown.as_bstr())),
    }
}

/// The mechanism that was asked for, or that a client would take.
fn chosen(asked: &LogIn, offered: &[u8]) -> Option<&'static Mechanism> {
    let is_offered = |row: &&Mechanism| names(offered, row.name);
    match &asked.mechanism {
        Some(name) => sasl::find(name),
        None => MECHANISMS.iter().find(is_offered),
    }
}

fn names(list: &[u8], name: &str) -> bool {
    list.fields().any(|word| word.eq_ignore_ascii_case(name.as_bytes()))
}

/// What the mechanism is given: nobody shows a certificate here.
fn conditions(asked: &LogIn, settings: &Settings) -> Conditions {
    Conditions {
        protected: asked.protected,
        tokens: settings.token_program.is_some(),
        // the channel is only said to be protected: there is nothing to be bound to
        ..Conditions::default()
    }
}

/// Who would be asked for the password: is he there?
async fn backends(
    site: &Site,
    asked: &LogIn,
    sources: &PasswordSources,
    mechanism: Option<&Mechanism>,
) -> Vec<LogInStep> {
    let conditions = conditions(asked, &sources.settings);
    let mechanism = mechanism.filter(|row| asked.settings.is_ok() && row.is_possible(&conditions));
    let Some(mechanism) = mechanism else { return Vec::new() };
    let proof = match (mechanism.takes_token(), mechanism.says_password()) {
        (true, _) => Proof::Token(Vec::new()),
        (false, true) => Proof::Password(Vec::new()),
        // any of those that are not passwords stands for the others
        (false, false) => Proof::CramMd5(Vec::new()),
    };
    let who = Question { name: asked.credentials.id.clone(), realm: realm(site), proof };
    let methods = sources.settings.asked(&who.proof);
    let mut steps = Vec::new();
    for method in methods {
        steps.push(passwords::look(sources, method, &who).await);
    }
    steps
}

/// Is the mechanism offered to this client? If not: what takes it away?
fn offer(
    site: &Site,
    asked: &LogIn,
    settings: &Settings,
    offered: &[u8],
    mechanism: Option<&Mechanism>,
) -> LogInStep {
    let way = if asked.protected { "under TLS" } else { "in the clear" };
    let Some(mechanism) = mechanism else {
        let known: Vec<&str> = MECHANISMS.iter().map(|row| row.name).collect();
        let why = match &asked.mechanism {
            Some(name) => format!("{} is not known here; there are {}", name.as_bstr(), known.join(" ")),
            None => format!("none is offered {way}"),
        };
        return LogInStep::bad("mechanism", why);
    };
    let name = mechanism.name;
    if names(offered, name) {
        return LogInStep::good(
            "mechanism",
            format!("{name} is offered {way}, as one of {}", offered.as_bstr()),
        );
    }
    let options = &site.config.options;
    let letters = sasl::under_tls(&options.auth_options, asked.protected);
    let unmet = letters.iter().find(|letter| !mechanism.satisfies(&[**letter])).copied();
    let why = if !names(options.auth_mechanisms.as_deref().unwrap_or_default(), name) {
        String::from("option AuthMechanisms does not name it")
    } else if settings.mechanisms.as_ref().is_some_and(|list| !names(list, name)) {
        String::from("mech_list of Sendmail.conf does not name it")
    } else if let Some(what) = (mechanism.lacks)(&conditions(asked, settings)) {
        format!("it needs {what}")
    } else if unmet == Some(b'p') && mechanism.satisfies(&without_p(&letters)) {
        String::from("AuthOptions p allows it under TLS alone (--tls)")
    } else if let Some(letter) = unmet {
        format!("it is not what AuthOptions {} asks for", char::from(letter))
    } else {
        String::from("ruleset srv_features or the listener's modifiers take it away")
    };
    LogInStep::bad("mechanism", format!("{name} is not offered {way}: {why}"))
}

fn without_p(letters: &[u8]) -> Vec<u8> {
    sasl::under_tls(letters, true)
}

async fn say(
    server: &mut ServerConnection,
    asked: &LogIn,
    mechanism: Option<&'static Mechanism>,
) -> io::Result<Answer> {
    let Some(mechanism) = mechanism else {
        let name = asked.mechanism.as_deref().unwrap_or_default();
        // what is no word of the command's would say something else
        let name: Vec<u8> = name.iter().copied().filter(u8::is_ascii_graphic).collect();
        return server.command(&[b"AUTH ", &name[..]].concat(), LIMIT).await.map_err(broken);
    };
    let random = random::bytes().map_err(io::Error::other)?;
    let (credentials, host) = (asked.credentials.clone(), server.host.clone());
    let facts = ClientFacts { credentials, host, random, channel: ChannelFacts::default() };
    server.authenticate(mechanism, facts, LIMIT).await.map_err(broken)
}

/// The report for a terminal.
pub fn log_in_text(report: &LogInReport, style: Style) -> String {
    let mut lines = Lines::new(style);
    let width = report.steps.iter().map(|step| step.step.len()).max().unwrap_or_default();
    for step in &report.steps {
        let name = format!("{:width$}  ", step.step);
        let (part, word) = if step.good { (Part::Good, "ok      ") } else { (Part::Bad, "FAILED  ") };
        lines.line(0, &[(Part::Name, &name), (part, word), (Part::Plain, &step.text)]);
    }
    for line in &report.log {
        lines.line(0, &[(Part::Faint, "log: "), (Part::Plain, line)]);
    }
    match &report.failed {
        Some(step) => lines.line(0, &[(Part::Bad, "not logged in: "), (Part::Plain, step)]),
        None => lines.line(0, &[(Part::Good, "logged in")]),
    }
    lines.text
}
