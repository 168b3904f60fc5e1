//! PLAIN (RFC 4616): on behalf of whom, who, the password, with NULs between.

use super::exchange::{ClientExchange, ClientFacts, Exchange, OneMessage, ServerFacts, Step};
use super::failure::{Code, Failure};
use super::name::{MAX_NAME, canonical};
use super::secret::{Answer, Proof, Question};

const REFUSED: &str = "Password verification failed";

pub(super) fn server(facts: &ServerFacts) -> Box<dyn Exchange> {
    Box::new(Server { realm: facts.realm.clone(), user: Vec::new(), acts_for_nobody: false })
}

struct Server {
    realm: Vec<u8>,
    user: Vec<u8>,
    /// As whom the client says it acts is no name.
    acts_for_nobody: bool,
}

impl Exchange for Server {
    fn respond(&mut self, response: Option<&[u8]>) -> Step {
        let Some(response) = response else { return Step::Challenge(Vec::new()) };
        let words: Vec<&[u8]> = response.split(|byte| *byte == 0).collect();
        let failed = |text: &str| Step::Failed(Failure::protocol(text));
        let (user, password) = match words.as_slice() {
            [author, user, password] => {
                self.acts_for_nobody = author.len() > MAX_NAME;
                (*user, *password)
            }
            [] | [_] => return failed("Can only find author (no password)"),
            [_, _] => return failed("Can only find author/en (no password)"),
            // with the line end that Cyrus SASL's words have
            _ => return failed("Got more data than we were expecting in the PLAIN plugin\n"),
        };
        let Some(user) = canonical(user) else {
            return Step::Failed(Failure::new(Code::Generic, "All-whitespace username."));
        };
        if user.len() > MAX_NAME {
            return Step::Failed(Failure::name_too_long());
        }
        self.user = user.to_vec();
        Step::Ask(Question::new(user, &self.realm, Proof::Password(password.to_vec())))
    }

    fn answered(&mut self, answer: Answer) -> Step {
        if self.acts_for_nobody && answer == Answer::Right {
            return Step::Failed(Failure::name_too_long());
        }
        verdict(&self.user, answer, REFUSED)
    }
}

/// What follows from the answer to [`Proof::Password`].
pub(super) fn verdict(user: &[u8], answer: Answer, refused: &str) -> Step {
    match answer {
        Answer::Right => Step::Done(user.to_vec()),
        Answer::No(refusal) => Step::Failed(Failure::refused(refusal, refused)),
        Answer::Digest(_) | Answer::Keys(_) | Answer::User(_) => {
            Step::Failed(Failure::new(Code::Generic, refused))
        }
    }
}

pub(super) fn client(facts: ClientFacts) -> Box<dyn ClientExchange> {
    let credentials = &facts.credentials;
    Box::new(OneMessage([&credentials.user[..], &credentials.id, &credentials.password].join(&0)))
}
