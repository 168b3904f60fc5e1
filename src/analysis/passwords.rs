//! Those who know passwords, as a log-in that is only tried finds them.
//!
//! In: what `Sendmail.conf` says. Out: who of them is there, whom they know, and what each has answered. The answers
//! come of the keeper's own code, with the rights of whoever asks.

use super::log_in_step::LogInStep;
use crate::db::bdb::{Kind, Reader};
use crate::keeper::{PasswordSources, SERVICE};
use crate::net::{ldap_answer, look_for_ldap_user};
use crate::sasl::{Answer, Method, PasswordFile, Proof, Question, Refusal};
use crate::sys::{accounts, errno_text};
use bstr::ByteSlice;
use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;

/// What somebody has answered, and his own words for it, if he has some.
struct Told {
    method: Method,
    answer: Answer,
    words: Option<String>,
}

/// Where passwords are, and what was answered about one.
pub(super) struct Passwords {
    sources: PasswordSources,
    told: Mutex<Vec<Told>>,
}

impl Passwords {
    pub fn new(sources: PasswordSources) -> Self {
        Self { sources, told: Mutex::default() }
    }

    /// The keeper's answer; what each of those that it asks has said is kept.
    pub async fn answer(this: Arc<Self>, question: Question) -> Answer {
        let asked = tokio::task::spawn_blocking(move || this.ask(&question));
        asked.await.unwrap_or(Answer::No(Refusal::Unavailable))
    }

    fn ask(&self, question: &Question) -> Answer {
        let mut last = Answer::No(Refusal::NoMethod);
        for method in self.sources.settings.asked(&question.proof) {
            let told = self.ask_one(method, question);
            last = last.followed_by(told.answer.clone());
            self.told.lock().unwrap_or_else(PoisonError::into_inner).push(told);
            if !matches!(last, Answer::No(_)) {
                break;
            }
        }
        last
    }

    fn ask_one(&self, method: Method, question: &Question) -> Told {
        let (answer, words) = match method {
            Method::Ldap => {
                let asked = Handle::current().block_on(ldap_answer(&self.sources.settings.ldap, question));
                let silent = |why| (Answer::No(Refusal::Unavailable), why);
                asked.map_or_else(silent, |answer| (answer, String::new()))
            }
            method => self.sources.ask(method, question),
        };
        Told { method, answer, words: Some(words).filter(|words| !words.is_empty()) }
    }

    /// The first who was asked and did not answer.
    pub fn silent(&self) -> Option<&'static str> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let silent = told.iter().find(|told| told.answer == Answer::No(Refusal::Unavailable));
        silent.map(|told| told.method.word())
    }

    /// What each was asked and has answered, as steps.
    pub fn told(&self) -> Vec<LogInStep> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let step = |told: &Told| {
            let words = told.words.as_ref().map(|words| format!(" ({words})")).unwrap_or_default();
            let said = said(told.method, &told.answer);
            let said = said.map(|text| format!("{text}{words}")).map_err(|text| format!("{text}{words}"));
            LogInStep::of(format!("{}, asked", told.method.word()), said)
        };
        told.iter().map(step).collect()
    }
}

fn said(method: Method, answer: &Answer) -> Result<&'static str, &'static str> {
    match answer {
        Answer::User(_) => Ok("the token is good; its owner is to be whom the client names"),
        Answer::No(Refusal::Wrong) if method == Method::TokenProgram => Err("the token is refused"),
        Answer::Right => Ok("the password is right"),
        Answer::Digest(_) | Answer::Keys(_) => {
            Ok("the user is known; what the client says is held against the password")
        }
        Answer::No(Refusal::Wrong) => Err("user or password is wrong"),
        Answer::No(Refusal::NoUser) => Err("there is no such user"),
        Answer::No(Refusal::Unavailable) => Err("no answer"),
        Answer::No(Refusal::NoMethod) => Err("knows no passwords"),
    }
}

/// Is one of them there?
pub(super) async fn look(sources: &PasswordSources, method: Method, question: &Question) -> LogInStep {
    let (name, settings) = (method.word(), &sources.settings);
    let plain = matches!(question.proof, Proof::Password(_));
    let socket = |path: &[u8], setting: &str| {
        let place = path.as_bstr();
        match UnixStream::connect(accounts::path(path)) {
            Ok(_) => LogInStep::good(name, format!("{place}: somebody listens")),
            Err(error) => LogInStep::bad(
                name,
                format!("{place}: {}; {}", errno_text(&error), remedy(&error, name, setting)),
            ),
        }
    };
    match method {
        Method::Saslauthd => socket(&settings.saslauthd, "saslauthd_path"),
        Method::Dovecot => socket(&settings.dovecot, "dovecot_path"),
        Method::Pam => LogInStep::of(name, pam_service()),
        Method::Ldap => LogInStep::of(name, look_for_ldap_user(&settings.ldap, question).await),
        Method::TokenProgram => LogInStep::of(name, token_program(sources)),
        Method::PasswordFile => LogInStep::of(name, password_file(sources, question)),
        Method::Database if !settings.has_database => {
            LogInStep::bad(name, "auxprop_plugin does not name sasldb, the only one that is here")
        }
        Method::Database => match database(&settings.database, question.account()) {
            Ok(text) => LogInStep::good(name, text),
            Err(why) if plain || settings.methods.contains(&Method::Database) => LogInStep::bad(name, why),
            Err(why) => LogInStep::bad(
                name,
                format!(
                    "{why}; this mechanism needs the password itself, which pwcheck_method does not have: `mech_list: PLAIN LOGIN' offers no other"
                ),
            ),
        },
    }
}

fn remedy(error: &io::Error, name: &str, setting: &str) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("does {name} run? Where it listens is said by {setting}"),
        io::ErrorKind::PermissionDenied => String::from("ask as root, as the daemon does"),
        io::ErrorKind::ConnectionRefused => format!("{name} has ended and left its socket behind"),
        _ => format!("{setting} is to name the socket of {name}"),
    }
}

/// Has PAM rules for us? Without those of our own it takes those of `other`.
fn pam_service() -> Result<String, String> {
    let places = ["/etc", "/usr/lib"].map(|folder| format!("{folder}/pam.d/{SERVICE}"));
    match places.iter().find(|place| std::path::Path::new(place).exists()) {
        Some(place) => Ok(format!("{place} has the rules")),
        None => Err(format!("there is no {}: PAM goes by /etc/pam.d/other", places[0])),
    }
}

/// Is the program there?
fn token_program(sources: &PasswordSources) -> Result<String, String> {
    let Some(program) = sources.token_program() else {
        return Err(String::from("it is to be a path that begins with a slash, and its words"));
    };
    let about = std::fs::metadata(accounts::path(&program.path));
    match about {
        Ok(about) if about.is_file() && about.permissions().mode() & 0o111 != 0 => {
            Ok(format!("{} can be run", program.path.as_bstr()))
        }
        Ok(_) => Err(format!("{} is no program", program.path.as_bstr())),
        Err(error) => Err(format!("{}: {}", program.path.as_bstr(), errno_text(&error))),
    }
}

fn password_file(sources: &PasswordSources, question: &Question) -> Result<String, String> {
    let place = sources.settings.password_file.as_bstr();
    let text = sources.password_file().map_err(|refusal| format!("{place}: {refusal}"))?;
    let (file, (user, realm)) = (PasswordFile(&text), question.account());
    match file.has(question) {
        true => Ok(format!("{place}: {} users, {} among them", file.users(), user.as_bstr())),
        false => Err(format!(
            "{place}: {} users, and no {}@{}; `doveadm pw' makes what stands behind the colon of `{}:'",
            file.users(),
            user.as_bstr(),
            realm.as_bstr(),
            question.name.as_bstr()
        )),
    }
}

/// Who has a password in a sasldb2: this user? `Err`: what is wrong, and what helps.
fn database(path: &[u8], (user, realm): (&[u8], &[u8])) -> Result<String, String> {
    let (place, who) = (path.as_bstr(), [user, b"@", realm].concat());
    let add = format!("saslpasswd2 -c -f {place} -u {} {}", realm.as_bstr(), user.as_bstr());
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => format!("{place}: {}; {add} makes it", errno_text(&error)),
        _ => format!("{place}: {}", errno_text(&error)),
    };
    let (mut count, mut realms, mut found) = (0, BTreeSet::new(), false);
    let reader = Reader::open(&accounts::path(path), Some(Kind::Hash)).map_err(unreadable)?;
    let walked = reader.for_each(&mut |key, _| {
        if let [name, of, b"userPassword"] = key.split(|byte| *byte == 0).collect::<Vec<_>>().as_slice() {
            count += 1;
            found |= *name == user && *of == realm;
            if *name == user {
                realms.insert(of.as_bstr().to_string());
            }
        }
        true
    });
    walked.map_err(unreadable)?;
    if found {
        return Ok(format!("{place}: {count} users, {} among them", who.as_bstr()));
    }
    let elsewhere: Vec<String> = realms.iter().map(|realm| format!("{}@{realm}", user.as_bstr())).collect();
    match elsewhere.is_empty() {
        true => Err(format!("{place}: {count} users, and no {}; {add} adds it", who.as_bstr())),
        false => Err(format!(
            "{place}: no {}, but {}; log in as that, or let AuthRealm name that realm",
            who.as_bstr(),
            elsewhere.join(", ")
        )),
    }
}
