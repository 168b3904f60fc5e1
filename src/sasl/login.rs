//! LOGIN (draft-murchison-sasl-login): name and password, each when asked for. No standard, and widely used.

use super::exchange::{ClientExchange, ClientFacts, Exchange, ServerFacts, Step};
use super::failure::{Code, Failure};
use super::name::{MAX_NAME, before_nul, canonical};
use super::plain::verdict;
use super::secret::{Answer, Proof, Question};

const NAME_TOO_LONG: &str = "username too long (>1024 characters)";
const PASSWORD_TOO_LONG: &str = "clientinlen is > 1024 characters in LOGIN plugin";
const REFUSED: &str = "checkpass failed";

pub(super) fn server(facts: &ServerFacts) -> Box<dyn Exchange> {
    Box::new(Server { realm: facts.realm.clone(), user: None, asked: false })
}

struct Server {
    realm: Vec<u8>,
    user: Option<Vec<u8>>,
    /// The client was asked for its name: no answer is an answer then.
    asked: bool,
}

impl Exchange for Server {
    fn respond(&mut self, response: Option<&[u8]>) -> Step {
        let response = response.filter(|text| self.asked || !text.is_empty());
        self.asked = true;
        let Some(response) = response else { return Step::Challenge(b"Username:".to_vec()) };
        if response.len() > MAX_NAME {
            let what = if self.user.is_none() { NAME_TOO_LONG } else { PASSWORD_TOO_LONG };
            return Step::Failed(Failure::protocol(what));
        }
        let Some(user) = &self.user else {
            self.user = Some(response.to_vec());
            return Step::Challenge(b"Password:".to_vec());
        };
        match canonical(before_nul(user)) {
            Some(name) => {
                let password = before_nul(response).to_vec();
                let asked = Question::new(name, &self.realm, Proof::Password(password));
                self.user = Some(name.to_vec());
                Step::Ask(asked)
            }
            None if user.is_empty() => Step::Failed(Failure::new(Code::Generic, "All-whitespace username.")),
            None => Step::Failed(Failure::new(Code::Generic, REFUSED)),
        }
    }

    fn answered(&mut self, answer: Answer) -> Step {
        verdict(self.user.as_deref().unwrap_or_default(), answer, REFUSED)
    }
}

pub(super) fn client(facts: ClientFacts) -> Box<dyn ClientExchange> {
    Box::new(Client { facts, named: false })
}

struct Client {
    facts: ClientFacts,
    named: bool,
}

impl ClientExchange for Client {
    fn respond(&mut self, _challenge: &[u8]) -> Option<Vec<u8>> {
        let credentials = &self.facts.credentials;
        let said = if self.named { &credentials.password } else { &credentials.id };
        self.named = true;
        Some(said.clone())
    }
}
