//! Handshakes in memory, with the certificates of testdata/tls.

use super::certificate::CertificateNames;
use super::established::Verify;
use super::material::Material;
use super::settings::{Settings, Side};
use super::trust::{Trust, Usage, revocation_list};
use super::*;
use crate::config::Config;
use crate::keeper::Keeper;
use crate::keeper::{Files, TlsFile};
use crate::logging::{Logger, Target};
use bstr::ByteSlice;
use rustls::client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use rustls::{HandshakeKind, NamedGroup};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/testdata/tls/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn certificate(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(&file(name)).expect("a certificate")
}

/// One side with these options; files are named as in testdata.
fn material(side: Side, change: impl FnOnce(&mut Config)) -> Option<Material> {
    material_and_words(side, change).0
}

/// The same, and what the log would say.
fn material_and_words(side: Side, change: impl FnOnce(&mut Config)) -> (Option<Material>, Vec<String>) {
    let mut config = Config::default();
    change(&mut config);
    let settings = Settings::new(&config, side);
    let files = settings.files().into_iter().map(|name| {
        let text = String::from_utf8(name.1.clone()).expect("a name");
        let content = if name.0 == TlsFile::Directory { Ok(Vec::new()) } else { Ok(file(&text[1..])) };
        (name, content)
    });
    let files: Files = files.collect();
    if settings.is_off() {
        return (None, Vec::new());
    }
    let (material, notes) = Material::read(&settings, &files);
    (material, notes.iter().map(|note| note.text.to_str_lossy().into_owned()).collect())
}

#[test]
fn a_file_of_cas_without_a_certificate_is_no_good() {
    let broken = |config: &mut Config| {
        server(config, "site");
        trusts(config, "site.key");
    };
    let (material, words) = material_and_words(Side::Server, broken);
    assert!(material.is_none());
    assert_eq!(words, ["STARTTLS=server, error: load verify locs /none, /site.key failed: 0"]);
    let (material, words) = material_and_words(Side::Client, |config| trusts(config, "site.key"));
    assert!(material.is_some(), "a client goes on, and trusts nobody");
    assert_eq!(words, ["STARTTLS=client, error: load verify locs /none, /site.key failed: 0"]);
}

/// What one option takes for a directory may be another one's file: OpenSSL finds nothing in a directory that is none.
#[test]
fn a_file_is_what_each_option_takes_it_for() {
    for directory in ["/ca.pem", "/site.pem", "/site.key"] {
        let (material, words) = material_and_words(Side::Server, |config| {
            server(config, "site");
            config.options.ca_cert_path = path(directory);
        });
        assert!(material.is_some(), "{directory}: {words:?}");
        let client = |config: &mut Config| {
            client(config, "site", "ca.pem");
            config.options.crl_file = path("/site.pem");
        };
        let words = material_and_words(Side::Client, client).1;
        assert_eq!(words, ["STARTTLS=client, error: PEM_read_bio_X509_CRL(/site.pem)=failed"]);
    }
}

fn path(name: &str) -> Option<Vec<u8>> {
    Some(name.as_bytes().to_vec())
}

fn trusts(config: &mut Config, ca: &str) {
    config.options.ca_cert_file = path(&format!("/{ca}"));
    config.options.ca_cert_path = path("/none");
}

fn server(config: &mut Config, name: &str) {
    config.options.server_cert_file = path(&format!("/{name}.pem"));
    config.options.server_key_file = path(&format!("/{name}.key"));
    trusts(config, "ca.pem");
}

fn client(config: &mut Config, name: &str, ca: &str) {
    config.options.client_cert_file = path(&format!("/{name}.pem"));
    config.options.client_key_file = path(&format!("/{name}.key"));
    trusts(config, ca);
}

type Outcome = (Result<Established, HandshakeError>, Result<Established, HandshakeError>);

/// What client and server find, and that bytes go both ways.
async fn meet(client: &Material, server: &Material, wish: &Wish) -> Outcome {
    let (near, far) = tokio::io::duplex(1 << 16);
    let plain = Wish::default();
    let (ours, theirs) =
        tokio::join!(client.connect(&plain, b"mail.site.example.", near), server.accept(wish, far));
    match (ours, theirs) {
        (Ok((mut near, client)), Ok((mut far, server))) => {
            near.write_all(b"to the server").await.expect("sent");
            far.write_all(b"to the client").await.expect("sent");
            let mut text = [0; 13];
            far.read_exact(&mut text).await.expect("received");
            near.read_exact(&mut text).await.expect("received");
            (Ok(client), Ok(server))
        }
        (ours, theirs) => (ours.map(|one| one.1), theirs.map(|one| one.1)),
    }
}

#[tokio::test]
async fn both_sides_are_told_what_they_have() {
    let server = material(Side::Server, |config| server(config, "site")).expect("a server");
    let client = material(Side::Client, |config| client(config, "other", "ca.pem")).expect("a client");
    let (ours, theirs) = meet(&client, &server, &Wish::default()).await;
    let (ours, theirs) = (ours.expect("a session"), theirs.expect("a session"));
    assert_eq!((ours.version, ours.cipher, ours.bits), ("TLSv1.3", "TLS_AES_256_GCM_SHA384", 256));
    assert_eq!((ours.verify, theirs.verify), (Verify::Ok, Verify::Fail("self-signed certificate")));
    assert_eq!(ours.certificate.subject, b"/O=Site/CN=site.example");
    assert_eq!(ours.certificate.cn_issuer, b"ca.example");
    assert_eq!(theirs.certificate.cn_subject, b"other.example");
    assert_eq!(ours.fingerprint.len(), 47);
}

/// One who lets only certificates in that are good is told why another was not, however little the log shows.
#[tokio::test]
async fn the_log_says_at_every_level_why_a_certificate_is_no_good() {
    let server = material(Side::Server, |config| server(config, "site")).expect("a server");
    let other = material(Side::Client, |config| client(config, "other", "ca.pem")).expect("a client");
    let nobody = material(Side::Client, |config| trusts(config, "ca.pem")).expect("a client");
    for (level, client, wanted) in
        [(1, &other, 1), (8, &other, 1), (9, &other, 2), (1, &nobody, 0), (9, &nobody, 1)]
    {
        let established = meet(client, &server, &Wish::default()).await.1.expect("a session");
        let log = Logger::open(Target::Memory, b"test", level);
        established.log(&log, b"peer [192.0.2.1]");
        let lines = log.lines();
        assert_eq!(lines.len(), wanted, "LogLevel {level}");
        let said = lines.concat();
        let good = said.contains_str("verifymsg=self-signed certificate") && said.contains_str("verify=FAIL");
        assert_eq!(good, std::ptr::eq(client, &other), "LogLevel {level}: {}", said.as_bstr());
        assert_eq!(said.contains_str("relay=peer [192.0.2.1]"), wanted > 0);
    }
}

/// RFC 9266 and RFC 5929: openssl says the digests of the certificates.
#[tokio::test]
async fn a_session_has_what_binds_to_it() {
    let server = material(Side::Server, |config| server(config, "site")).expect("a server");
    let client = material(Side::Client, |config| client(config, "other", "ca.pem")).expect("a client");
    let wish = Wish { bound: true, ..Wish::default() };
    let (one, other) = (meet(&client, &server, &wish).await.1, meet(&client, &server, &wish).await.1);
    let (one, other) = (one.expect("a session").bindings, other.expect("a session").bindings);
    assert_eq!(one.exporter.as_ref().map(Vec::len), Some(32));
    assert_ne!(one.exporter, other.exporter);
    let digest = <sha2::Sha256 as sha2::Digest>::digest(certificate("site.pem"));
    assert_eq!((one.end_point.as_deref(), one.end_point == other.end_point), (Some(&digest[..]), true));
    let features = SessionFeatures::parse(b"Options=SSL_OP_NO_TLSv1_3", &mut |_| ()).expect("features");
    let older = meet(&client, &server, &Wish { features, ..wish }).await.1;
    assert_eq!(older.expect("a session").bindings.exporter, None);
    let unbound = meet(&client, &server, &Wish::default()).await.1;
    assert_eq!(unbound.expect("a session").bindings, ChannelBindings::default());
}

#[tokio::test]
async fn who_is_not_asked_shows_nothing() {
    let server = material(Side::Server, |config| server(config, "site")).expect("a server");
    let client = material(Side::Client, |config| client(config, "site", "other.pem")).expect("a client");
    let silent = Wish { ask: Some(false), ..Wish::default() };
    let (ours, theirs) = meet(&client, &server, &silent).await;
    assert_eq!(theirs.expect("a session").verify, Verify::Not);
    assert_eq!(ours.expect("a session").verify, Verify::Fail("unable to get local issuer certificate"));
}

#[tokio::test]
async fn sec_064_versions_and_ciphers_are_safe_or_there_is_no_session() {
    let server = material(Side::Server, |config| {
        server(config, "site");
        config.options.server_ssl_options = path("SSL_OP_NO_TLSv1_3");
        config.options.cipher_list = path("ECDHE-ECDSA-AES128-GCM-SHA256:RC4-SHA");
    });
    let server = server.expect("a server");
    let client = |words: &str| {
        let made = material(Side::Client, |config| {
            trusts(config, "ca.pem");
            config.options.client_ssl_options = path(words);
        });
        made.expect("a client")
    };
    let (ours, theirs) = meet(&client("SSL_OP_ALL"), &server, &Wish::default()).await;
    assert_eq!(ours.expect("a session").cipher, "ECDHE-ECDSA-AES128-GCM-SHA256");
    assert_eq!(theirs.expect("a session").verify, Verify::No);
    let (ours, theirs) = meet(&client("SSL_OP_NO_TLSv1_2"), &server, &Wish::default()).await;
    assert!(ours.is_err());
    assert_eq!(theirs.expect_err("no session").reason, "unsupported protocol");
    assert!(
        material(Side::Client, |config| {
            config.options.client_ssl_options = path("SSL_OP_NO_TLSv1_2 SSL_OP_NO_TLSv1_3");
        })
        .is_none()
    );
}

/// Keeps nothing, and counts what it was to keep.
#[derive(Debug, Default)]
struct Tickets(AtomicUsize);

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}

#[tokio::test]
async fn a_client_is_handed_one_ticket() {
    let server = material(Side::Server, |config| server(config, "site")).expect("a server");
    let client = material(Side::Client, |config| trusts(config, "ca.pem")).expect("a client");
    let tickets = Arc::new(Tickets::default());
    let mut config = client.client_config(&client.settings.protocols, false, None).expect("a configuration");
    config.resumption = Resumption::store(tickets.clone());
    let (near, far) = tokio::io::duplex(1 << 16);
    let name = ServerName::try_from("mail.site.example").expect("a name");
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let wish = Wish::default();
    let (near, far) = tokio::join!(connector.connect(name, near), server.accept(&wish, far));
    far.expect("a session").0.write_all(b"220").await.expect("sent");
    near.expect("a session").read_exact(&mut [0; 3]).await.expect("received");
    assert_eq!(tickets.0.load(Ordering::Relaxed), 1);
}

/// The second session needs no certificate on the wire, and both sides know the first one's all the same.
#[tokio::test]
async fn a_resumed_session_is_judged_anew() {
    for words in ["SSL_OP_ALL", "SSL_OP_NO_TLSv1_3"] {
        let server = material(Side::Server, |config| {
            server(config, "site");
            config.options.server_ssl_options = path(words);
        });
        let client = material(Side::Client, |config| client(config, "revoked", "ca.pem")).expect("a client");
        let server = server.expect("a server");
        let mut found = Vec::new();
        // another port of the same host is another server, whoever encrypts its tickets; and what has no address has no past
        for (port, resumed) in [
            (Some(25), false),
            (Some(25), true),
            (Some(587), false),
            (None, false),
            (None, false),
            (Some(25), true),
        ] {
            let (near, far) = tokio::io::duplex(1 << 16);
            let server_address = port.map(|port| SocketAddr::from(([192, 0, 2, 1], port)));
            let wish = Wish { server: server_address, ..Wish::default() };
            let (ours, theirs) =
                tokio::join!(client.connect(&wish, b"mail.site.example.", near), server.accept(&wish, far));
            let ((mut near, ours), (mut far, theirs)) =
                (ours.expect("a session"), theirs.expect("a session"));
            assert_eq!(near.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed), resumed, "{words}");
            // tickets come with the first bytes
            far.write_all(b"220").await.expect("sent");
            near.read_exact(&mut [0; 3]).await.expect("received");
            // what binds to a session is its own
            let bindings = ChannelBindings::default();
            found.push((ours, Established { bindings, ..theirs }));
        }
        assert!(found.iter().all(|one| *one == found[0]));
        assert_eq!((found[0].0.verify, found[0].1.verify), (Verify::Ok, Verify::Ok));
    }
}

/// Changed files are seen, and bad ones are refused.
#[tokio::test]
async fn files_are_read_again_when_they_change() {
    let dir = tempfile::tempdir().expect("a directory");
    let copy = |from: &str, to: &str| {
        let target = dir.path().join(to);
        std::fs::write(&target, file(from)).expect("a file");
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    };
    let at = |name: &str| Some(dir.path().join(name).into_os_string().into_encoded_bytes());
    for (from, to) in [("site.pem", "cert"), ("site.key", "key"), ("ca.pem", "ca")] {
        copy(from, to);
    }
    let mut config = Config::default();
    config.options.dont_blame_sendmail = vec![b"TrustStickyBit,GroupWritableDirPathSafe".to_vec()];
    let options = &mut config.options;
    (options.server_cert_file, options.server_key_file) = (at("cert"), at("key"));
    (options.ca_cert_file, options.ca_cert_path) = (at("ca"), at("none"));
    let config = Arc::new(config);
    let log = Logger::open(Target::Memory, b"test", 9);
    let keeper = Keeper::in_process(config.clone()).expect("a keeper");
    let tls = Tls::new(&config, &keeper, &log);
    let client = material(Side::Client, |config| trusts(config, "ca.pem")).expect("a client");
    let seen = async || {
        let server = tls.server().await;
        let server = server.unwrap_or_else(|| panic!("{}", log.lines().concat().escape_ascii()));
        meet(&client, &server, &Wish::default()).await.0.expect("a session").certificate.cn_subject
    };
    let later = async || {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(11)).await;
        tokio::time::resume(); // the keeper answers in its own time
    };
    assert_eq!(seen().await, b"site.example");
    copy("revoked.pem", "cert");
    assert_eq!(seen().await, b"site.example", "nobody has looked yet");
    later().await;
    assert_eq!(seen().await, b"site.example", "the key does not fit");
    copy("revoked.key", "key");
    later().await;
    assert_eq!(seen().await, b"revoked.example");
    std::fs::remove_file(dir.path().join("key")).expect("removed");
    later().await;
    assert_eq!(seen().await, b"revoked.example");
    let said = log.lines().concat();
    for text in
        ["SSL_CTX_check_private_key failed", "the old ones stay in use", "files have changed: read again"]
    {
        assert!(said.windows(text.len()).any(|part| part == text.as_bytes()), "{text}");
    }
}

#[test]
fn keys_and_certificates_must_fit() {
    assert!(
        material(Side::Server, |config| {
            server(config, "site");
            config.options.server_key_file = path("/other.key");
        })
        .is_none()
    );
    assert!(material(Side::Server, |config| config.options.server_cert_file = path("/site.pem")).is_none());
    // a client goes without
    assert!(
        material(Side::Client, |config| {
            client(config, "site", "ca.pem");
            config.options.client_key_file = path("/other.key");
        })
        .is_some()
    );
}

#[test]
fn chains_are_judged_at_a_time() {
    let list = |name: &str| {
        let list = CertificateRevocationListDer::from_pem_slice(&file(name)).expect("a list");
        revocation_list(&list).expect("a list")
    };
    let trust = |revoked| Trust::new(vec![certificate("ca.pem"), certificate("other.pem")], revoked);
    let at = |year: u64| UnixTime::since_unix_epoch(Duration::from_secs((year - 1970) * 31_556_952));
    let judge = |trust: &Trust, name: &str, year| trust.verify(&[certificate(name)], Usage::Server, at(year));
    let plain = trust(None);
    assert_eq!(judge(&plain, "site.pem", 2030), Ok(()));
    assert_eq!(judge(&plain, "site.pem", 2019), Err("certificate is not yet valid"));
    assert_eq!(judge(&plain, "site.pem", 2071), Err("certificate has expired"));
    assert_eq!(judge(&plain, "revoked.pem", 2030), Ok(()));
    // one that is trusted itself needs no CA
    assert_eq!(judge(&plain, "other.pem", 2030), Ok(()));
    let revoking = trust(Some(vec![list("ca.crl")]));
    assert_eq!(judge(&revoking, "revoked.pem", 2030), Err("certificate revoked"));
    assert_eq!(judge(&revoking, "site.pem", 2030), Ok(()));
    // an authority of whom there is no list
    assert_eq!(judge(&trust(Some(vec![list("names.crl")])), "revoked.pem", 2030), Ok(()));
    assert_eq!(judge(&Trust::default(), "site.pem", 2030), Err("unable to get local issuer certificate"));
}

#[test]
fn sec_062_names_with_a_nul_are_no_names() {
    let names = CertificateNames::of(&certificate("nul.pem")).expect("readable");
    assert_eq!(names.cn_subject, b"BadCertificateContainsNUL");
    assert_eq!(names.subject, b"/CN=bank.example+5Cx00evil.example");
    let names = CertificateNames::of(&certificate("site.pem")).expect("readable");
    let long = CertificateNames::of(&certificate("long.pem")).expect("readable");
    assert!(long.subject.ends_with(&[b'e'; 40]), "what does not fit is left out");
    assert_eq!(long.cn_subject, b"end.example");
    assert_eq!(names.alternatives, [&b"mail.site.example"[..], b"*.wild.example"]);
}
