//! EXTERNAL (RFC 4422, appendix A): TLS has shown who the client is; it says no more than as whom it acts.

use super::exchange::{ClientExchange, ClientFacts, Exchange, OneMessage, ServerFacts, Step};
use super::failure::Failure;
use super::name::MAX_NAME;

pub(super) fn server(facts: &ServerFacts) -> Box<dyn Exchange> {
    Box::new(Server { subject: facts.channel.subject.clone() })
}

struct Server {
    subject: Option<Vec<u8>>,
}

impl Exchange for Server {
    /// As whom the client acts gives it no rights: who it is is said by its certificate.
    fn respond(&mut self, response: Option<&[u8]>) -> Step {
        match (self.subject.take(), response) {
            (None, _) => Step::Failed(Failure::protocol("")),
            (subject, None) => {
                self.subject = subject;
                Step::Challenge(Vec::new())
            }
            (_, Some(name)) if name.len() > MAX_NAME => Step::Failed(Failure::name_too_long()),
            (Some(subject), _) => Step::Done(subject),
        }
    }
}

pub(super) fn client(facts: ClientFacts) -> Box<dyn ClientExchange> {
    Box::new(OneMessage(facts.credentials.user))
}
