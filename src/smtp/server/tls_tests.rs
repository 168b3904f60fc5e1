//! Sessions that go on under TLS, in memory, with the certificates of testdata/tls.

use super::tests::{Memory, client_at, server_with};
use super::{Server, Session};
use crate::config::Config;
use crate::keeper::Keeper;
use crate::logging::{Logger, Target};
use crate::tls::{Tls, Wish};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

/// Certificate and key of the site where a keeper may read them.
fn tls() -> (tempfile::TempDir, Tls) {
    let dir = tempfile::tempdir().expect("a directory");
    let at = |name: &str| Some(dir.path().join(name).into_os_string().into_encoded_bytes());
    for name in ["site.pem", "site.key", "ca.pem"] {
        let target = dir.path().join(name);
        std::fs::copy(format!("{}/testdata/tls/{name}", env!("CARGO_MANIFEST_DIR")), &target)
            .expect("a copy");
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    }
    let mut config = Config::default();
    config.options.dont_blame_sendmail = vec![b"TrustStickyBit,GroupWritableDirPathSafe".to_vec()];
    let options = &mut config.options;
    (options.server_cert_file, options.server_key_file) = (at("site.pem"), at("site.key"));
    (options.ca_cert_file, options.ca_cert_path) = (at("ca.pem"), at("hashed"));
    let keeper = Keeper::in_process(Arc::new(config.clone())).expect("a keeper");
    let tls = Tls::new(&config, &keeper, &Logger::open(Target::Memory, b"test", 9));
    (dir, tls)
}

/// A reply, all lines.
async fn reply(stream: &mut (impl AsyncRead + Unpin), said: &mut Vec<u8>) -> String {
    let mut lines = BufReader::with_capacity(1, stream);
    said.clear();
    while said.rsplit(|byte| *byte == b'\n').nth(1).is_none_or(|line| line.get(3) == Some(&b'-')) {
        assert!(lines.read_until(b'\n', said).await.expect("readable") > 0, "{}", said.escape_ascii());
    }
    String::from_utf8_lossy(said).into_owned()
}

async fn say(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), text: &str) -> String {
    stream.write_all(format!("{text}\r\n").as_bytes()).await.expect("writable");
    stream.flush().await.expect("writable");
    reply(stream, &mut Vec::new()).await
}

#[tokio::test]
async fn sec_069_what_comes_before_the_handshake_does_not_count() {
    let (_dir, tls) = tls();
    let server = Arc::new(Server { tls: Some(tls.clone()), ..server_with(|_| ()) });
    let (mut near, far) = tokio::io::duplex(1 << 16);
    let session = tokio::spawn(Session::new(server, Memory::default(), client_at("192.0.2.1"), far).serve());
    assert!(reply(&mut near, &mut Vec::new()).await.starts_with("220 "));
    assert!(say(&mut near, "EHLO client.example").await.contains("250-STARTTLS\r\n"));
    let injected = "STARTTLS\r\nMAIL FROM:<injected@visitors.example>";
    assert_eq!(say(&mut near, injected).await, "220 2.0.0 Ready to start TLS\r\n");
    let material = tls.client().await.expect("a client");
    let (mut near, ours) = material.connect(&Wish::default(), b"mail.", near).await.expect("a session");
    assert_eq!(ours.certificate.cn_subject, b"site.example");
    assert!(say(&mut near, "RCPT TO:<alice@site.example>").await.starts_with("503 5.0.0 Need MAIL"));
    assert!(!say(&mut near, "EHLO client.example").await.contains("STARTTLS"));
    assert!(say(&mut near, "STARTTLS").await.starts_with("454 4.3.3 TLS not available after start"));
    assert!(say(&mut near, "QUIT").await.starts_with("221 2.0.0 "));
    session.await.expect("no panic");
}

#[tokio::test]
async fn without_a_handshake_the_session_ends() {
    let (_dir, tls) = tls();
    let server = Arc::new(Server { tls: Some(tls), ..server_with(|_| ()) });
    let (mut near, far) = tokio::io::duplex(1 << 16);
    let memory = Memory::default();
    let session = tokio::spawn(Session::new(server, memory.clone(), client_at("192.0.2.1"), far).serve());
    assert!(reply(&mut near, &mut Vec::new()).await.starts_with("220 "));
    assert!(say(&mut near, "STARTTLS").await.starts_with("220 2.0.0 "));
    near.write_all(b"EHLO client.example\r\nMAIL FROM:<x@visitors.example>\r\n").await.expect("writable");
    session.await.expect("no panic");
    assert!(memory.taken.lock().expect("no panic").is_empty());
}
