//! What is wanted, what was got, and whether they agree.

use super::words::{self, Word, Wrong};

/// Which answers a question has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum WantedKind {
    Verdict,
    Triple,
    Text,
    Tokens,
    Member,
}

/// What a client is told, in one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Disposition {
    /// 2xx.
    Accept,
    /// 4xx.
    Defer,
    /// 5xx.
    Reject,
}

const DISPOSITIONS: &[(&str, Disposition, char)] = &[
    ("accept", Disposition::Accept, '2'),
    ("defer", Disposition::Defer, '4'),
    ("reject", Disposition::Reject, '5'),
];

/// The answer that a test asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// A reply of this kind, with these of its parts.
    Verdict {
        /// What becomes of it.
        disposition: Disposition,
        /// Three digits.
        code: Option<String>,
        /// `5.7.1`
        status: Option<String>,
        /// A part of its text.
        text: Option<String>,
    },
    /// Mailer, host and user; `None`: whatever it is.
    Triple([Option<String>; 3]),
    /// A text; `None`: nothing is found.
    Text(Option<String>),
    /// A workspace.
    Tokens(String),
    /// Is the word a member?
    Member(bool),
}

/// What the site answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// A reply of SMTP.
    Reply(String),
    /// Mailer, host, user.
    Triple([String; 3]),
    /// A text; `None`: nothing was found.
    Text(Option<String>),
    /// Is the word a member?
    Member(bool),
    /// There is no answer, for this reason.
    None(String),
}

impl Wanted {
    /// Reads what stands behind `=>`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(kind: WantedKind, words: &[Word]) -> Result<Self, Wrong> {
        let Some(first) = words.first() else { return Err((0, "there is no answer behind =>".into(), None)) };
        let most = match kind {
            WantedKind::Verdict => 4,
            WantedKind::Triple => 3,
            WantedKind::Text | WantedKind::Tokens | WantedKind::Member => 1,
        };
        if let Some(word) = words.get(most) {
            let help = (most == 1).then(|| "put quotes around an answer with blanks".to_owned());
            return Err((word.column, format!("`{}' is too much here", word.text), help));
        }
        Ok(match kind {
            WantedKind::Verdict => verdict(first, &words[1..])?,
            WantedKind::Triple => triple(words),
            WantedKind::Tokens => Self::Tokens(first.text.clone()),
            WantedKind::Text if first.text == "nothing" && !first.quoted => Self::Text(None),
            WantedKind::Text => Self::Text(Some(first.text.clone())),
            WantedKind::Member => match first.text.as_str() {
                "yes" => Self::Member(true),
                "no" => Self::Member(false),
                _ => return Err((first.column, "write yes or no here".into(), None)),
            },
        })
    }

    /// Is this what was wanted?
    pub(super) fn is(&self, answer: &Answer) -> bool {
        match (self, answer) {
            (Self::Verdict { disposition, code, status, text }, Answer::Reply(reply)) => {
                let (got_code, got_status, got_text) = parts(reply);
                let same =
                    |wanted: &Option<String>, got| wanted.as_deref().is_none_or(|wanted| wanted == got);
                disposition_of(reply) == Some(*disposition)
                    && same(code, got_code)
                    && same(status, got_status)
                    && text.as_deref().is_none_or(|text| got_text.contains(text))
            }
            (Self::Triple(wanted), Answer::Triple(got)) => {
                let bare = |host: &str| host.trim_end_matches('.').to_ascii_lowercase();
                let is = |at: usize, same: &dyn Fn(&str, &str) -> bool| {
                    wanted[at].as_deref().is_none_or(|wanted| same(wanted, &got[at]))
                };
                is(0, &|wanted, got| wanted.trim_matches('*').eq_ignore_ascii_case(got))
                    && is(1, &|wanted, got| bare(wanted) == bare(got))
                    && is(2, &|wanted, got| wanted == got)
            }
            (Self::Text(wanted), Answer::Text(got)) => wanted == got,
            (Self::Tokens(wanted), Answer::Text(Some(got))) => {
                let solid = |text: &str| text.split_whitespace().collect::<String>();
                solid(wanted) == solid(got)
            }
            (Self::Member(wanted), Answer::Member(got)) => wanted == got,
            _ => false,
        }
    }
}

fn verdict(first: &Word, rest: &[Word]) -> Result<Wanted, Wrong> {
    let row = DISPOSITIONS.iter().find(|(word, ..)| *word == first.text && !first.quoted);
    let Some((_, disposition, digit)) = row else {
        let message = format!("`{}' is no answer to this", first.text);
        return Err((first.column, message, Some("accept, reject or defer".into())));
    };
    let (mut code, mut status, mut text) = (None, None, None);
    for word in rest {
        let digits = word.text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let place = match word.text.matches('.').count() {
            0 if digits && word.text.len() == 3 && !word.quoted => &mut code,
            2 if digits && !word.quoted => &mut status,
            _ if word.quoted => &mut text,
            _ => {
                let help = "a code (550), a status (5.7.1), or a part of the text in quotes";
                return Err((
                    word.column,
                    format!("`{}' is no part of a reply", word.text),
                    Some(help.into()),
                ));
            }
        };
        if !word.quoted && !word.text.starts_with(*digit) {
            let message = format!("{} is no answer that begins with {digit}", word.text);
            return Err((word.column, message, None));
        }
        *place = Some(word.text.clone());
    }
    Ok(Wanted::Verdict { disposition: *disposition, code, status, text })
}

/// Mailer; mailer and user; mailer, host and user. An error has its status in the place of a host.
fn triple(words: &[Word]) -> Wanted {
    let word = |at: usize| {
        let word: Option<&Word> = words.get(at);
        word.filter(|word| word.quoted || word.text != "*").map(|word| word.text.clone())
    };
    let is_error = words[0].text.trim_matches('*') == "error";
    match words.len() {
        2 if !is_error => Wanted::Triple([word(0), None, word(1)]),
        _ => Wanted::Triple([word(0), word(1), word(2)]),
    }
}

fn disposition_of(reply: &str) -> Option<Disposition> {
    let first = reply.chars().next().map(|c| if c == '3' { '2' } else { c })?;
    DISPOSITIONS.iter().find(|(.., digit)| *digit == first).map(|(_, disposition, _)| *disposition)
}

/// Code, enhanced status and text of a reply, without the address in front.
fn parts(reply: &str) -> (&str, &str, &str) {
    let (code, rest) = reply.split_at_checked(3).unwrap_or((reply, ""));
    let rest = rest.trim_start_matches([' ', '-']);
    let word = rest.split(' ').next().unwrap_or_default();
    let is_status =
        word.matches('.').count() == 2 && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let (status, text) = if is_status { (word, rest[word.len()..].trim_start()) } else { ("", rest) };
    (code, status, text.split_once(">... ").map_or(text, |(_, text)| text))
}

impl Answer {
    /// As it is written behind `=>`; `None` where there is no answer.
    pub(super) fn written(&self) -> Option<String> {
        Some(match self {
            Self::Reply(reply) => {
                let (code, status, text) = parts(reply);
                let disposition = disposition_of(reply)?;
                let (word, ..) = DISPOSITIONS.iter().find(|(_, row, _)| *row == disposition)?;
                match disposition {
                    Disposition::Accept => (*word).to_owned(),
                    _ => {
                        let text = words::quoted(text);
                        [word, code, status, &text]
                            .into_iter()
                            .filter(|part| !part.is_empty())
                            .collect::<Vec<_>>()
                            .join(" ")
                    }
                }
            }
            Self::Triple([mailer, host, user]) => {
                let [mailer, host, user] = [mailer, host, user].map(|text| words::written(text));
                if host == "\"\"" { format!("{mailer} {user}") } else { format!("{mailer} {host} {user}") }
            }
            Self::Text(None) => "nothing".to_owned(),
            Self::Text(Some(text)) => words::quoted(text),
            Self::Member(true) => "yes".to_owned(),
            Self::Member(false) => "no".to_owned(),
            Self::None(_) => return None,
        })
    }

    /// For a reader.
    pub fn shown(&self) -> String {
        match self {
            Self::Reply(reply) | Self::None(reply) => reply.clone(),
            other => other.written().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(kind: WantedKind, wanted: &str, answer: &Answer) -> bool {
        let words = words::words(&format!("x => {wanted}")).expect("well-formed").answer.expect("one");
        Wanted::read(kind, &words).expect("well-formed").is(answer)
    }

    #[test]
    fn replies_are_compared_by_what_is_said_of_them() {
        let reply = Answer::Reply("550 5.7.1 <a@b>... Relaying denied".into());
        let verdicts =
            ["reject", "reject 5.7.1", "reject 550 5.7.1 \"Relaying denied\"", "reject \"denied\""];
        assert!(verdicts.iter().all(|wanted| is(WantedKind::Verdict, wanted, &reply)));
        let others = ["accept", "defer", "reject 5.1.1", "reject 551", "reject \"denied!\""];
        assert!(!others.iter().any(|wanted| is(WantedKind::Verdict, wanted, &reply)));
        assert_eq!(reply.written().as_deref(), Some("reject 550 5.7.1 \"Relaying denied\""));
    }

    #[test]
    fn triples_need_not_be_whole() {
        let answer = Answer::Triple(["esmtp".into(), "x.example.".into(), "joe@x.example".into()]);
        let agree = ["esmtp", "esmtp joe@x.example", "esmtp X.example joe@x.example", "* x.example *"];
        assert!(agree.iter().all(|wanted| is(WantedKind::Triple, wanted, &answer)));
        assert!(!is(WantedKind::Triple, "esmtp y.example *", &answer));
        let error = Answer::Triple(["error".into(), "5.1.1".into(), "User unknown".into()]);
        assert!(is(WantedKind::Triple, "error 5.1.1", &error));
    }

    #[test]
    fn what_was_got_is_what_it_is_recorded_as() {
        let answers = [
            (WantedKind::Verdict, Answer::Reply("451 4.7.1 Greylisted \"now\"".into())),
            (WantedKind::Triple, Answer::Triple(["local".into(), String::new(), "a b".into()])),
            (WantedKind::Text, Answer::Text(Some("nothing".into()))),
            (WantedKind::Text, Answer::Text(None)),
            (WantedKind::Member, Answer::Member(false)),
        ];
        for (kind, answer) in answers {
            assert!(is(kind, &answer.written().expect("an answer"), &answer), "{answer:?}");
        }
    }
}
