//! What a test file asks.

use super::answer::{Answer, Wanted, WantedKind};
use super::settings::{self, Settings};
use super::words::{self, Word, Words, Wrong};
use crate::diag::{Diagnostic, Place, Severity, nearest, shown};
use crate::message::HeaderKind;
use crate::rewrite::AddressKind;

/// The forms of a line, for `--help`.
pub const USAGE: &str = "\
A line asks, and says behind => what the answer is to be; # begins a comment:

  rcpt ADDRESS      => accept | reject [CODE] [STATUS] [\"TEXT\"] | defer …
  mail SENDER       => the same, for MAIL
  message ADDRESS   => the same, at the end of a message (give it fields: header \"Subject: x\")
  resolve ADDRESS   => MAILER [[HOST] USER]     * stands for anything
  header NAME ADDRESS via MAILER => ADDRESS     what From:, To: … become on that way
  envelope sender|recipient ADDRESS via MAILER => ADDRESS
  map MAP KEY       => VALUE | nothing
  ruleset SETS TEXT => TEXT                     as in test mode, blanks do not count
  class NAME WORD   => yes | no

Behind a question, or on a line of their own for all that follow:
  from IP[=NAME]   helo NAME   sender ADDRESS   auth ID   tls VERIFY   header \"Name: value\"";

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum Query {
    /// RCPT.
    Recipient(String),
    /// MAIL.
    Sender(String),
    /// A whole message to this recipient.
    Message(String),
    /// Rulesets 3 and 0.
    Resolve(String),
    /// An address as a mailer writes it.
    Form { kind: AddressKind, address: String },
    /// A map.
    Map { map: String, key: String },
    /// Rulesets after each other.
    Rulesets { sets: String, text: String },
    /// Is a word in a class?
    Class { class: String, word: String },
}

/// One question, and what its answer is to be.
#[derive(Clone, Debug)]
pub struct Test {
    /// From 1.
    pub line: u32,
    /// The line without its comment.
    pub text: String,
    pub(super) query: Query,
    pub(super) settings: Settings,
    /// `None`: nothing is said of it yet.
    pub(super) wanted: Option<Wanted>,
    /// Where the answer stands.
    pub(super) column: u32,
}

impl Test {
    /// Is this what it asks for? Where nothing is said of the answer, any is right.
    pub fn agrees_with(&self, answer: &Answer) -> bool {
        match (&self.wanted, answer) {
            (_, Answer::None(_)) => false,
            (Some(wanted), answer) => wanted.is(answer),
            (None, _) => true,
        }
    }
}

/// All tests of one file.
#[derive(Clone, Debug)]
pub struct TestFile {
    /// As the user named it.
    pub name: String,
    /// Its lines.
    pub lines: Vec<String>,
    /// In order.
    pub tests: Vec<Test>,
}

/// A kind of question.
struct Verb {
    name: &'static str,
    /// The words that it takes.
    takes: &'static [&'static str],
    answer: WantedKind,
    query: fn(&[Word]) -> Result<Query, Wrong>,
}

const VERBS: &[Verb] = &[
    Verb {
        name: "rcpt",
        takes: &["ADDRESS"],
        answer: WantedKind::Verdict,
        query: |words| Ok(Query::Recipient(words[0].text.clone())),
    },
    Verb {
        name: "mail",
        takes: &["SENDER"],
        answer: WantedKind::Verdict,
        query: |words| Ok(Query::Sender(words[0].text.clone())),
    },
    Verb {
        name: "message",
        takes: &["ADDRESS"],
        answer: WantedKind::Verdict,
        query: |words| Ok(Query::Message(words[0].text.clone())),
    },
    Verb {
        name: "resolve",
        takes: &["ADDRESS"],
        answer: WantedKind::Triple,
        query: |words| Ok(Query::Resolve(words[0].text.clone())),
    },
    Verb { name: "header", takes: &["NAME", "ADDRESS"], answer: WantedKind::Text, query: header },
    Verb {
        name: "envelope",
        takes: &["sender|recipient", "ADDRESS"],
        answer: WantedKind::Text,
        query: envelope,
    },
    Verb {
        name: "map",
        takes: &["MAP", "KEY"],
        answer: WantedKind::Text,
        query: |words| Ok(Query::Map { map: words[0].text.clone(), key: words[1].text.clone() }),
    },
    Verb {
        name: "ruleset",
        takes: &["SETS", "TEXT"],
        answer: WantedKind::Tokens,
        query: |words| Ok(Query::Rulesets { sets: words[0].text.clone(), text: words[1].text.clone() }),
    },
    Verb {
        name: "class",
        takes: &["NAME", "WORD"],
        answer: WantedKind::Member,
        query: |words| Ok(Query::Class { class: words[0].text.clone(), word: words[1].text.clone() }),
    },
];

fn header(words: &[Word]) -> Result<Query, Wrong> {
    let field = HeaderKind::of(words[0].text.trim_end_matches(':').as_bytes());
    let kind = match field {
        kind if kind.intersects(HeaderKind::SENDER) => AddressKind::HEADER_SENDER,
        kind if kind.intersects(HeaderKind::RECIPIENT) => AddressKind::HEADER_RECIPIENT,
        _ => {
            let message = format!("{} holds no addresses that are rewritten", words[0].text);
            return Err((words[0].column, message, Some("From, Sender, Reply-To, To, Cc …".into())));
        }
    };
    Ok(Query::Form { kind, address: words[1].text.clone() })
}

fn envelope(words: &[Word]) -> Result<Query, Wrong> {
    let kind = match words[0].text.as_str() {
        "sender" => AddressKind::SENDER,
        "recipient" => AddressKind::RECIPIENT,
        _ => return Err((words[0].column, "write sender or recipient here".into(), None)),
    };
    Ok(Query::Form { kind, address: words[1].text.clone() })
}

impl TestFile {
    /// Reads a test file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(name: &str, text: &[u8]) -> Result<Self, Vec<Diagnostic>> {
        let lines: Vec<String> = text.split(|byte| *byte == b'\n').map(shown).collect();
        let mut settings = Settings::default();
        let (mut tests, mut wrong) = (Vec::new(), Vec::new());
        for (index, line) in lines.iter().enumerate() {
            match read_line(index, line, &mut settings) {
                Ok(test) => tests.extend(test),
                Err(found) => wrong.push(diagnostic(name, index, line, found)),
            }
        }
        if wrong.is_empty() { Ok(Self { name: name.to_owned(), lines, tests }) } else { Err(wrong) }
    }
}

fn diagnostic(name: &str, index: usize, line: &str, (column, message, help): Wrong) -> Diagnostic {
    let place = Place { file: name.to_owned(), line: words::column(index), column };
    Diagnostic { severity: Severity::Error, message, place, excerpt: Some(line.to_owned()), help }
}

fn read_line(index: usize, line: &str, settings: &mut Settings) -> Result<Option<Test>, Wrong> {
    let words = words::words(line)?;
    let Some(first) = words.question.first() else {
        return match words.answer {
            None => Ok(None),
            Some(_) => Err((1, "there is no question before =>".into(), None)),
        };
    };
    let verb = VERBS.iter().find(|verb| verb.name == first.text && !first.quoted);
    // `header "Name: value"` on its own is a setting
    let alone =
        words.answer.is_none() && words.question.len().is_multiple_of(2) && settings::is_setting(first);
    match verb {
        _ if alone && (verb.is_none() || words.question.len() == 2) => {
            settings::read(&words.question, settings)?;
            Ok(None)
        }
        Some(verb) => read_test(verb, &words, settings).map(|(query, settings, wanted)| {
            let answer = words.answer.as_ref().and_then(|answer| answer.first());
            let column = answer.map_or(words::column(words.question_end), |word| word.column);
            let text = line[..words.end].trim().to_owned();
            Some(Test { line: words::column(index), text, query, settings, wanted, column })
        }),
        None => {
            let near = nearest(&first.text, VERBS.iter().map(|verb| verb.name));
            let all: Vec<&str> = VERBS.iter().map(|verb| verb.name).collect();
            let help = match near.first() {
                Some(near) => format!("did you mean `{near}'?"),
                None => format!("a line begins with one of {}", all.join(", ")),
            };
            Err((first.column, format!("unknown question `{}'", first.text), Some(help)))
        }
    }
}

fn read_test(
    verb: &Verb,
    words: &Words,
    settings: &Settings,
) -> Result<(Query, Settings, Option<Wanted>), Wrong> {
    let rest = &words.question[1..];
    if rest.len() < verb.takes.len() {
        let message = format!("`{}' lacks its {}", verb.name, verb.takes[rest.len()]);
        return Err((words::column(words.question_end), message, None));
    }
    let (subjects, said) = rest.split_at(verb.takes.len());
    let mut settings = settings.clone();
    settings::read(said, &mut settings)?;
    let query = (verb.query)(subjects)?;
    if matches!(query, Query::Form { .. }) && settings.mailer.is_none() {
        let help = Some("add via and the mailer: via esmtp".into());
        return Err((words.question[0].column, "the form depends on the mailer".into(), help));
    }
    let wanted = words.answer.as_ref().map(|answer| Wanted::read(verb.answer, answer));
    Ok((query, settings, wanted.transpose()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(line: &str) -> (u32, String) {
        let wrong = TestFile::parse("x.test", line.as_bytes()).expect_err("wrong").remove(0);
        (wrong.place.column, wrong.message)
    }

    #[test]
    fn questions_are_read_with_who_asks() {
        let text = "# a comment\nfrom 192.0.2.9=mx.example helo mx.example\nrcpt joe@x.example => accept\n\n\
                    header \"Subject: hello\"\nheader From www via esmtp => www@x.example\n";
        let file = TestFile::parse("x.test", text.as_bytes()).expect("well-formed");
        assert_eq!(file.tests.iter().map(|test| test.line).collect::<Vec<_>>(), [3, 6]);
        assert_eq!(file.tests[0].settings.helo, "mx.example");
        assert_eq!(file.tests[1].settings.headers, ["Subject: hello"]);
        assert_eq!(file.tests[0].column, 23);
    }

    #[test]
    fn mistakes_are_told_where_they_are() {
        assert_eq!(wrong("rctp joe => accept"), (1, "unknown question `rctp'".into()));
        assert_eq!(wrong("rcpt joe form 192.0.2.1 => accept"), (10, "`form' says nothing here".into()));
        assert_eq!(wrong("rcpt joe from 192.0.2 => accept"), (15, "192.0.2 is no IP address".into()));
        assert_eq!(wrong("rcpt joe => maybe").0, 13);
        assert_eq!(wrong("header Subject joe via esmtp => x").0, 8);
        assert_eq!(wrong("header From joe => x"), (1, "the form depends on the mailer".into()));
        assert_eq!(wrong("map access"), (11, "`map' lacks its KEY".into()));
        assert_eq!(wrong("=> accept").0, 1);
    }
}
