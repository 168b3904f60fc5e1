//! A whole session with STARTTLS and AUTH whose client says everything at once and in the clear: never a panic, always an end; behind the
//! reply to STARTTLS nothing that came before a handshake is answered, and nobody logs in who does not know the password.
#![no_main]

use canonify::config::{Config, LoadOptions, load};
use canonify::envelope::{Envelope, QueueId};
use canonify::keeper::Keeper;
use canonify::logging::{Logger, Target};
use canonify::net::Resolver;
use canonify::rewrite::{Address, Site};
use canonify::sasl;
use canonify::schema::Reply;
use canonify::smtp::server::{Acceptor, Client, MemorySink, Policy, QueueRun, Server, Session, Verified};
use canonify::tls::Tls;
use libfuzzer_sys::fuzz_target;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};

/// More commands than these make a session slow, which is as it should be.
const MAX_LINES: usize = 12;
const CF: &[u8] = b"V10\nDjh.example\nO AuthMechanisms=PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256\n\
    O OperatorChars=.:%@!^/[]+\nMlocal, P=/bin/true, F=l, A=x $u\nS0\nR$*\t$#local $: $1\n";

struct Nobody;

impl Acceptor for Nobody {
    type Sink = MemorySink;

    fn next_id(&self) -> QueueId {
        QueueId::default()
    }
    fn now(&self) -> i64 {
        17
    }
    fn create_body(&self, _envelope: &mut Envelope) -> Result<MemorySink, Reply> {
        Ok(MemorySink::default())
    }
    fn has_room(&self, _size: u64) -> bool {
        true
    }
    async fn secret(&self, question: sasl::Question) -> sasl::Answer {
        sasl::derive(b"correct horse battery staple", &question.proof)
    }
    async fn verify(&self, _envelope: &mut Envelope, address: Address) -> Verified {
        Verified::Good(address)
    }
    async fn accept(&self, _envelope: Envelope, _interactive: bool) -> Result<(), Reply> {
        Ok(())
    }
    fn discard(&self, _envelope: &Envelope) {}
    async fn expand(&self, _envelope: &mut Envelope, _text: &[u8], _expand: bool) -> (Vec<Reply>, usize) {
        Default::default()
    }
    fn run_queue(&self, _run: QueueRun) -> bool {
        false
    }
}

/// Certificate and key of the project's tests, where a keeper may read them.
fn options_of_tls(config: &mut Config) {
    let folder = std::env::temp_dir().join(format!("canonify-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a directory");
    let at = |name: &str| Some(folder.join(name).into_os_string().into_encoded_bytes());
    for name in ["site.pem", "site.key", "ca.pem"] {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/tls").join(name);
        std::fs::copy(source, folder.join(name)).expect("a copy");
        std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(0o600)).expect("a mode");
    }
    config.options.dont_blame_sendmail = vec![b"TrustStickyBit,GroupWritableDirPathSafe".to_vec()];
    let options = &mut config.options;
    (options.server_cert_file, options.server_key_file) = (at("site.pem"), at("site.key"));
    (options.ca_cert_file, options.ca_cert_path) = (at("ca.pem"), at("hashed"));
}

static WORLD: LazyLock<(Runtime, Arc<Server>)> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut config = load(b"site.cf", CF, &mut canonify::maps::environment(), &LoadOptions::default()).config;
    options_of_tls(&mut config);
    let config = Arc::new(config);
    let log = Logger::open(Target::Nothing, b"", 0);
    let server = runtime.block_on(async {
        let keeper = Keeper::in_process(config.clone()).expect("a keeper");
        let tls = Tls::new(&config, &keeper, &log);
        tls.server().await.expect("a certificate");
        let policy = Policy::from_config(&config);
        let site = Arc::new(Site::new(config, Arc::new(Resolver::fixed(Vec::new()))));
        Server::new(site, policy, log).with_tls(tls)
    });
    (runtime, Arc::new(server))
});

fuzz_target!(|input: &[u8]| {
    if input.iter().filter(|byte| **byte == b'\n').count() > MAX_LINES {
        return;
    }
    let (runtime, server) = &*WORLD;
    let said = runtime.block_on(async {
        let (mut near, far) = tokio::io::duplex(1 << 20);
        let session = tokio::spawn(Session::new(server.clone(), Nobody, Client::default(), far).serve());
        near.write_all(input).await.expect("room");
        near.shutdown().await.expect("an end");
        let mut said = Vec::new();
        near.read_to_end(&mut said).await.expect("an end");
        session.await.expect("no panic");
        said
    });
    assert!(!said.windows(6).any(|window| window == b"\n235 2"), "logged in without the password");
    let ready = b"220 2.0.0 Ready to start TLS\r\n";
    if let Some(at) = said.windows(ready.len()).position(|window| window == ready) {
        let behind = &said[at + ready.len()..];
        // an alert of TLS is no text
        let replies = behind.split(|byte| *byte == b'\n').filter(|line| line.len() > 4 && line[..3].iter().all(u8::is_ascii_digit));
        assert_eq!(replies.count(), 0, "answered behind STARTTLS: {}", behind.escape_ascii());
    }
});
