//! Passwords: those of a sasldb2 or a passwd-style file, which only root may read, and those that saslauthd, Dovecot and PAM know.
//!
//! In: what an exchange must know of one password ([`Question`]). Out: just that. The front never sees a password that
//! its client has not said itself.

use crate::db::bdb::{Kind, Reader};
use crate::sasl::{Answer, Method, PasswordFile, Proof, Question, Refusal, Settings, derive};
use crate::schema::Sysexit;
use crate::sys::identity::{Identity, is_root};
use crate::sys::process::Program;
use crate::sys::safe::{self, Blame, Rules};
use crate::sys::{accounts, first_line_about};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long saslauthd, Dovecot or a program may take: they may have to ask others.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(50);
/// After a wrong password: whoever asks, even a front that was taken over, guesses slowly.
const PAUSE: Duration = Duration::from_millis(100);
/// Where a program that knows tokens, or a module of PAM, finds others.
const PATH: &[u8] = b"/usr/local/bin:/usr/bin:/bin";
/// As which service we ask: its rules are PAM's, and saslauthd's and Dovecot's may be of their own for it.
pub const SERVICE: &str = "smtp";

/// Who knows passwords, and under which rules they are asked.
#[derive(Clone, Debug)]
pub struct PasswordSources {
    /// Who they are.
    pub settings: Settings,
    /// Option DontBlameSendmail.
    pub(super) blame: Blame,
    /// Option DefaultUser: as whom the program runs that knows tokens.
    pub(super) runs_as: Identity,
}

impl PasswordSources {
    /// The answer to a question, with the rights of whoever asks here, and why each has not answered who was to: words for the operator. It may take
    /// a minute.
    pub fn answer(&self, question: &Question) -> (Answer, Vec<String>) {
        let (mut answer, mut silent) = (Answer::No(Refusal::NoMethod), Vec::new());
        // LDAP servers are the front's to ask: what they say needs no rights, and is not for root to read
        let asked = self.settings.asked(&question.proof).into_iter().filter(|method| *method != Method::Ldap);
        for method in asked {
            let (next, words) = self.ask(method, question);
            silent.extend((next == SILENT).then(|| format!("{}: {words}", method.word())));
            answer = answer.followed_by(next);
            if !matches!(answer, Answer::No(_)) {
                return (answer, silent);
            }
        }
        // where nobody was asked nothing was guessed
        if matches!(question.proof, Proof::Password(_) | Proof::Token(_))
            && answer != Answer::No(Refusal::NoMethod)
        {
            std::thread::sleep(PAUSE);
        }
        (answer, silent)
    }

    /// What one of them answers, and its own words for it; without an answer, why there is none.
    pub fn ask(&self, method: Method, question: &Question) -> (Answer, String) {
        let settings = &self.settings;
        match (method, &question.proof) {
            (Method::Database, _) => of_database(settings, question),
            (Method::PasswordFile, _) => match self.password_file() {
                Ok(text) => said(PasswordFile(&text).answer(question), "the user's line is of no use"),
                Err(refusal) => said(SILENT, refusal),
            },
            (Method::Saslauthd, Proof::Password(text)) => {
                told(ask_saslauthd(&settings.saslauthd, question, text))
            }
            (Method::Dovecot, Proof::Password(text)) => told(ask_dovecot(&settings.dovecot, question, text)),
            (Method::Pam, Proof::Password(text)) => ask_pam(question, text),
            (Method::TokenProgram, Proof::Token(token)) => self.owner(token),
            _ => said(Answer::No(Refusal::NoMethod), ""),
        }
    }

    /// A program is given the token, and says whose it is. Only [`Sysexit::NOPERM`] and [`Sysexit::NOUSER`] are refusals: a program that breaks refuses
    /// nobody.
    fn owner(&self, token: &[u8]) -> (Answer, String) {
        let Some(program) = self.token_program() else { return said(Answer::No(Refusal::NoMethod), "") };
        let (status, owner) = first_line_about(&program, &[token, b"\n"].concat(), ANSWER_TIMEOUT);
        // what the program prints may be of the token: the log has its status alone
        match (status, owner.trim_ascii()) {
            (Sysexit::OK, owner) if !owner.is_empty() => said(Answer::User(owner.to_vec()), ""),
            (Sysexit::NOPERM | Sysexit::NOUSER, _) => said(Answer::No(Refusal::Wrong), ""),
            (status, _) => said(SILENT, format!("exit status {}", status.0)),
        }
    }

    /// The program that knows tokens, with nobody's rights and none of our surroundings; no shell reads its words.
    pub fn token_program(&self) -> Option<Program> {
        let line = self.settings.token_program.as_deref()?;
        let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let argv: Vec<Vec<u8>> = words.map(<[u8]>::to_vec).collect();
        Some(Program {
            path: argv.first().filter(|path| path.starts_with(b"/"))?.clone(),
            argv,
            environment: vec![(b"PATH".to_vec(), PATH.to_vec())],
            identity: is_root().then(|| self.runs_as.clone()),
            directories: vec![b"/".to_vec()],
            ..Program::default()
        })
    }

    /// The text of the passwd-style file, which others may neither read nor write.
    ///
    /// # Errors
    /// It cannot be read, or must not be used.
    pub fn password_file(&self) -> Result<Vec<u8>, safe::Refusal> {
        safe::read(&accounts::path(&self.settings.password_file), &Rules::passwords(self.blame))
    }
}

/// The key is user, realm and what of him, with NULs between.
fn of_database(settings: &Settings, question: &Question) -> (Answer, String) {
    if !settings.has_database {
        return said(Answer::No(Refusal::NoMethod), "");
    }
    let (user, realm) = question.account();
    let key = [user, realm, b"userPassword"].join(&0);
    let found = match Reader::open(&accounts::path(&settings.database), Some(Kind::Hash)) {
        Ok(reader) => reader.get(&key),
        // nobody has been given a password yet
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    match found {
        Ok(Some(password)) => said(derive(&password, &question.proof), ""),
        Ok(None) => said(Answer::No(Refusal::NoUser), ""),
        Err(error) => said(SILENT, error),
    }
}

/// What somebody else says of a password.
fn told(answer: io::Result<bool>) -> (Answer, String) {
    match answer {
        Ok(true) => said(Answer::Right, ""),
        Ok(false) => said(Answer::No(Refusal::Wrong), ""),
        Err(error) => said(SILENT, error),
    }
}

/// Of an answer that is none.
const SILENT: Answer = Answer::No(Refusal::Unavailable);

/// An answer; if it is none, why.
fn said(answer: Answer, why: impl ToString) -> (Answer, String) {
    let why = if answer == SILENT { why.to_string() } else { String::new() };
    (answer, why)
}

fn connect(path: &[u8]) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(accounts::path(path))?;
    stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
    Ok(stream)
}

/// Four counted texts; the answer is one, and begins with OK or NO.
fn ask_saslauthd(path: &[u8], question: &Question, password: &[u8]) -> io::Result<bool> {
    let (user, realm) = question.account();
    let mut request = Vec::new();
    for text in [user, password, SERVICE.as_bytes(), realm] {
        let length = u16::try_from(text.len()).map_err(io::Error::other)?;
        request.extend_from_slice(&length.to_be_bytes());
        request.extend_from_slice(text);
    }
    let mut stream = connect(path)?;
    stream.write_all(&request)?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut said = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut said)?;
    match said.get(..2) {
        Some(b"OK") => Ok(true),
        Some(b"NO") => Ok(false),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// PAM's answer, and which step of it has said what. Its modules run in a process of their own with our rights: one that crashes refuses nobody.
fn ask_pam(question: &Question, password: &[u8]) -> (Answer, String) {
    let user = question.account().0;
    // an account without a password is one for a terminal, not for the network: saslauthd refuses both, too
    if user.is_empty() || password.is_empty() || [user, password].iter().any(|text| text.contains(&0)) {
        return (Answer::No(Refusal::Wrong), String::from("a name and a password are needed"));
    }
    let (status, said) = first_line_about(&pam_process(), &[user, password].join(&0), ANSWER_TIMEOUT);
    // a module may end its process with any status: only a line beside it makes it an answer
    let said = String::from_utf8_lossy(&said).into_owned();
    match status {
        _ if said.is_empty() => (SILENT, "a module has crashed, or has not ended within 50 seconds".into()),
        Sysexit::OK => (Answer::Right, said),
        Sysexit::NOPERM => (Answer::No(Refusal::Wrong), said),
        _ => (SILENT, said),
    }
}

/// This program again, whichever file now has its name.
fn pam_process() -> Program {
    Program {
        path: b"/proc/self/exe".to_vec(),
        argv: ["canonify", "ask-pam", "--service", SERVICE].map(|word| word.as_bytes().to_vec()).into(),
        environment: vec![(b"PATH".to_vec(), PATH.to_vec())],
        directories: vec![b"/".to_vec()],
        ..Program::default()
    }
}

/// Dovecot's protocol of authentication clients, version 1: PLAIN with its response at once.
fn ask_dovecot(path: &[u8], question: &Question, password: &[u8]) -> io::Result<bool> {
    let stream = connect(path)?;
    let response = STANDARD.encode([b"", &question.name[..], password].join(&0));
    let hello = format!("VERSION\t1\t1\nCPID\t{}\n", std::process::id());
    let request = format!("AUTH\t1\tPLAIN\tservice={SERVICE}\tsecured\tresp={response}\n");
    (&stream).write_all([hello, request].concat().as_bytes())?;
    let mut lines = BufReader::new(stream.take(MAX_DIALOGUE));
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let words: Vec<&[u8]> = line.trim_ascii_end().split(|byte| *byte == b'\t').collect();
        match words.first() {
            Some(&b"OK") => return Ok(true),
            Some(&b"FAIL") if words.contains(&&b"temp"[..]) => return Err(io::ErrorKind::WouldBlock.into()),
            Some(&b"FAIL") => return Ok(false),
            _ => {}
        }
    }
}

/// More than this Dovecot does not say.
const MAX_DIALOGUE: u64 = 65536;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// Whoever does not answer is named, and why; that is for the operator alone, and says nothing of the password.
    #[test]
    fn who_does_not_answer_is_told_of() {
        let dir = tempfile::tempdir().expect("a directory");
        let gone = dir.path().join("gone").into_os_string().into_encoded_bytes();
        std::fs::write(dir.path().join("file"), "alice:{NOSUCH}x\n").expect("a file");
        let of = |method| Settings {
            methods: vec![method],
            saslauthd: gone.clone(),
            dovecot: gone.clone(),
            database: dir.path().as_os_str().as_encoded_bytes().to_vec(),
            password_file: gone.clone(),
            ..Settings::none()
        };
        let question = Question {
            name: b"alice".to_vec(),
            realm: b"site.example".to_vec(),
            proof: Proof::Password(b"very secret".to_vec()),
        };
        for method in [Method::Saslauthd, Method::Dovecot, Method::PasswordFile] {
            let (answer, silent) = PasswordSources::new(&Config::default(), of(method)).answer(&question);
            assert_eq!(answer, Answer::No(Refusal::Unavailable));
            let begin = format!("{}: No such file or directory", method.word());
            assert!(silent.len() == 1 && silent[0].starts_with(&begin), "{silent:?}");
        }
        let database = Settings { has_database: true, ..of(Method::Database) };
        let (answer, silent) = PasswordSources::new(&Config::default(), database).answer(&question);
        assert_eq!((answer, silent.len()), (Answer::No(Refusal::Unavailable), 1), "{silent:?}");
        assert!(silent[0].starts_with("auxprop: ") && !silent[0].contains("secret"), "{silent:?}");
    }
}
