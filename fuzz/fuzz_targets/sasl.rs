//! Both sides of SASL hear any bytes: never a panic, an exchange ends, and who does not know the password is nobody. A client whose
//! server makes things up says its password in PLAIN and LOGIN alone. First byte: the mechanism; lines: base64, or else bytes as they are.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use canonify::sasl::{Answer, ChannelFacts, ClientFacts, Credentials, MECHANISMS, Refusal, ServerFacts, Step, derive};
use libfuzzer_sys::fuzz_target;

/// No input of the fuzzer's holds it.
const PASSWORD: &[u8] = b"correct horse battery staple \xc3\xa4\xff";
/// No mechanism asks for more.
const MAX_STEPS: usize = 8;

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fuzz_target!(|input: &[u8]| {
    let Some((chosen, text)) = input.split_first() else { return };
    let mechanism = &MECHANISMS[usize::from(*chosen) % MECHANISMS.len()];
    let said: Vec<Vec<u8>> =
        text.split(|byte| *byte == b'\n').map(|line| STANDARD.decode(line).unwrap_or_else(|_| line.to_vec())).collect();
    if said.iter().any(|line| holds(line, PASSWORD)) {
        return;
    }
    let facts = ServerFacts { host: b"h.example".to_vec(), realm: b"h.example".to_vec(), now: 17, random: [b'r'; 36], channel: ChannelFacts::default() };
    let mut server = (mechanism.server)(&facts);
    let mut responses = said.iter();
    let mut step = server.respond(responses.next().filter(|_| mechanism.takes_initial).map(Vec::as_slice));
    for _ in 0..MAX_STEPS {
        step = match step {
            Step::Challenge(_) => match responses.next() {
                Some(response) => server.respond(Some(response)),
                None => return client(mechanism, &said),
            },
            Step::Ask(question) => server.answered(match question.account() {
                (b"alice", b"h.example") => derive(PASSWORD, &question.proof),
                _ => Answer::No(Refusal::NoUser),
            }),
            Step::Done(user) => panic!("{} is taken for {}", mechanism.name, user.escape_ascii()),
            Step::Failed(_) => return client(mechanism, &said),
        };
    }
    panic!("{} has no end", mechanism.name);
});

fn client(mechanism: &canonify::sasl::Mechanism, said: &[Vec<u8>]) {
    let (user, id) = (b"alice".to_vec(), b"alice".to_vec());
    let credentials = Credentials { user, id, password: PASSWORD.to_vec(), ..Credentials::default() };
    let mut client = (mechanism.client)(ClientFacts { credentials, host: b"h.example.".to_vec(), random: [b'c'; 36], channel: ChannelFacts::default() });
    let mut ours = vec![client.initial()];
    ours.extend(said.iter().take(MAX_STEPS).map(|challenge| client.respond(challenge)));
    let shown = ours.iter().flatten().any(|response| holds(response, PASSWORD));
    assert!(!shown || mechanism.says_password(), "{} shows the password", mechanism.name);
}
