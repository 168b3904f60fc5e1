//! Both sides of every mechanism talk to each other, and to the examples of the standards.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bstr::ByteSlice;

fn server_facts() -> ServerFacts {
    let realm = b"site.example".to_vec();
    ServerFacts {
        host: b"mail.site.example".to_vec(),
        realm,
        now: 17,
        random: [b'r'; 36],
        channel: ChannelFacts::default(),
    }
}

fn client_facts(password: &[u8]) -> ClientFacts {
    let (user, id) = (b"alice".to_vec(), b"alice".to_vec());
    let credentials = Credentials { user, id, password: password.to_vec(), ..Credentials::default() };
    let (host, channel) = (b"mail.site.example.".to_vec(), ChannelFacts::default());
    ClientFacts { credentials, host, random: [b'c'; 36], channel }
}

fn answer(question: &Question) -> Answer {
    match question.account() {
        (b"alice", b"site.example") => derive(b"s\xc3\xa4cret", &question.proof),
        _ => Answer::No(Refusal::NoUser),
    }
}

/// Until it is known who it is.
fn run(mechanism: &Mechanism, password: &[u8]) -> Step {
    run_for(mechanism, client_facts(password))
}

fn run_for(mechanism: &Mechanism, client: ClientFacts) -> Step {
    met((mechanism.client)(client), (mechanism.server)(&server_facts()))
}

fn met(mut client: Box<dyn ClientExchange>, mut server: Box<dyn Exchange>) -> Step {
    let mut step = server.respond(client.initial().as_deref());
    for _ in 0..6 {
        step = match step {
            Step::Challenge(challenge) => {
                let response = client.respond(&challenge).expect("a server that knows the password");
                server.respond(Some(&response))
            }
            Step::Ask(question) => server.answered(answer(&question)),
            end => return end,
        };
    }
    panic!("no end")
}

/// Those that need nothing but a password.
fn with_passwords() -> impl Iterator<Item = &'static Mechanism> {
    MECHANISMS.iter().filter(|row| row.is_possible(&Conditions::default()))
}

#[test]
fn a_certificate_says_who_the_client_is_whatever_it_says_itself() {
    let mechanism = find(b"EXTERNAL").expect("a row");
    let subject = b"/O=Site/CN=ann+40site.example".to_vec();
    for said in [&b""[..], b"bob", b"=,\""] {
        let channel = ChannelFacts { subject: Some(subject.clone()), ..ChannelFacts::default() };
        let mut server = (mechanism.server)(&ServerFacts { channel, ..server_facts() });
        assert_eq!(server.respond(None), Step::Challenge(Vec::new()));
        assert_eq!(server.respond(Some(said)), Step::Done(subject.clone()));
        assert!(matches!(server.respond(Some(said)), Step::Failed(_)));
    }
    let mut nobody = (mechanism.server)(&server_facts());
    assert!(matches!(nobody.respond(Some(b"bob")), Step::Failed(_)));
    let list = |certificate| {
        offered(b"PLAIN external", None, b"", &Conditions { certificate, ..Conditions::default() }).names
    };
    assert_eq!(
        (list(true), list(false)),
        (vec![b"PLAIN".to_vec(), b"external".to_vec()], vec![b"PLAIN".to_vec()])
    );
}

#[test]
fn who_knows_the_password_is_known_and_nobody_else() {
    for mechanism in with_passwords() {
        assert_eq!(run(mechanism, b"s\xc3\xa4cret"), Step::Done(b"alice".to_vec()), "{}", mechanism.name);
        let Step::Failed(failure) = run(mechanism, b"s\xc3\xa4cres") else { panic!("{}", mechanism.name) };
        assert_eq!((failure.code, failure.temporary), (Code::Authentication, false), "{}", mechanism.name);
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    for mechanism in MECHANISMS {
        for said in [
            &b""[..],
            b"x",
            b"\0",
            b"\0\0",
            b"\0\0\0",
            b",,,",
            b"n,,",
            b"n,,n=,r=",
            b"=",
            b"\"",
            b"a=\"\\",
            b" ",
        ] {
            let mut server = (mechanism.server)(&server_facts());
            let mut step = server.respond(None);
            for _ in 0..4 {
                step = match step {
                    Step::Challenge(_) => server.respond(Some(said)),
                    Step::Ask(question) => server.answered(answer(&question)),
                    end => {
                        assert!(matches!(end, Step::Failed(_)), "{} {said:?}", mechanism.name);
                        break;
                    }
                };
            }
        }
        let mut client = (mechanism.client)(client_facts(b"secret"));
        for said in [&b""[..], b"=", b"r=", b"r=c,s=!,i=0", b"nonce=\"", b"rspauth=x", b"v=x"] {
            client.respond(said);
        }
    }
}

/// RFC 2195, section 2; RFC 2831, section 4; RFC 5802, section 5; RFC 7677, section 3.
#[test]
fn the_examples_of_the_standards() {
    let Answer::Digest(digest) =
        derive(b"tanstaaftanstaaf", &Proof::CramMd5(b"<1896.697170952@postoffice.reston.mci.net>".to_vec()))
    else {
        panic!("a digest")
    };
    assert_eq!(hash::hex(&digest), b"b913a602c7eda7a495b4e6e7334d3890");
    let salt = b"A%\xc2G\xe4:\xb1\xe9<m\xffv";
    let keys = ScramKeys::of(Hash::Sha1, b"pencil", salt, 4096);
    assert_eq!(hash::hex(&keys.stored), b"e9d94660c39d65c38fbad91c358f14da0eef2bd6");
    assert_eq!(hash::hex(&keys.server), b"0fe09258b3ac852ba502cc62ba903eaacdbf7d31");
}

/// What a server says to these messages, the first of which the client is to send at once.
fn failure(mechanism: &str, messages: &[&str]) -> Option<Vec<u8>> {
    let messages: Vec<_> = messages.iter().map(|message| Some(*message)).collect();
    failure_after(mechanism, &messages)
}

/// The same; `None`: the client waits for a challenge.
fn failure_after(mechanism: &str, messages: &[Option<&str>]) -> Option<Vec<u8>> {
    let mut server = (find(mechanism.as_bytes()).expect("a row").server)(&server_facts());
    let mut step = Step::Challenge(Vec::new());
    for message in messages {
        step = server.respond(message.map(str::as_bytes));
        if let Step::Ask(question) = step {
            step = server.answered(answer(&question));
        }
    }
    match step {
        Step::Failed(failure) => Some(failure.detail),
        _ => None,
    }
}

/// One that is bound to these, and offers to be bound.
fn bound_to(bindings: &[(&'static [u8], &[u8])]) -> ChannelFacts {
    let bindings = bindings.iter().map(|(kind, binding)| (*kind, binding.to_vec())).collect();
    ChannelFacts { bindings, offers_binding: true, ..ChannelFacts::default() }
}

/// RFC 5802, section 6: what is bound to one connection is good for no other.
#[test]
fn scram_plus_is_bound_to_its_connection() {
    const EXPORTER: &[u8] = b"tls-exporter";
    const END_POINT: &[u8] = b"tls-server-end-point";
    let ours = bound_to(&[(EXPORTER, b"session"), (END_POINT, b"certificate")]);
    for name in [&b"SCRAM-SHA-1-PLUS"[..], b"SCRAM-SHA-256-PLUS"] {
        let mechanism = find(name).expect("a row");
        let run = |channel: ChannelFacts, password: &[u8]| {
            let client = (mechanism.client)(ClientFacts { channel, ..client_facts(password) });
            let server = (mechanism.server)(&ServerFacts { channel: ours.clone(), ..server_facts() });
            met(client, server)
        };
        let done = Step::Done(b"alice".to_vec());
        for binding in [(EXPORTER, &b"session"[..]), (END_POINT, b"certificate")] {
            assert_eq!(run(bound_to(&[binding]), b"s\xc3\xa4cret"), done);
            let Step::Failed(failure) = run(bound_to(&[binding]), b"wrong") else { panic!("{binding:?}") };
            assert_eq!(failure.code, Code::Authentication);
        }
        let others = [(EXPORTER, &b"sessiom"[..]), (EXPORTER, b""), (b"tls-unique", b"session")];
        for binding in others {
            let end = run(bound_to(&[binding]), b"s\xc3\xa4cret");
            assert!(matches!(end, Step::Failed(_)), "{binding:?}: {end:?}");
        }
        // without a binding, though the mechanism is one that binds
        assert!(matches!(run(ChannelFacts::default(), b"s\xc3\xa4cret"), Step::Failed(_)));
    }
}

/// A client that could be bound and was not offered it has been lied to.
#[test]
fn whoever_was_told_of_no_binding_is_refused() {
    for (flag, offers, good) in [("n", true, true), ("y", false, true), ("y", true, false)] {
        let channel = ChannelFacts { offers_binding: offers, ..ChannelFacts::default() };
        let row = find(b"SCRAM-SHA-256").expect("a row");
        let mut server = (row.server)(&ServerFacts { channel, ..server_facts() });
        let step = server.respond(Some(format!("{flag},,n=alice,r=x").as_bytes()));
        assert_eq!(matches!(step, Step::Ask(_)), good, "{flag} {offers}: {step:?}");
    }
    let conditions = Conditions { protected: true, ..Conditions::default() };
    let all = b"SCRAM-SHA-256-PLUS SCRAM-SHA-256";
    assert!(asks_binding(all) && !asks_binding(b"SCRAM-SHA-256 PLUS"));
    assert_eq!(offered(all, None, b"", &conditions).names, [b"SCRAM-SHA-256".to_vec()]);
    assert_eq!(offered(all, None, b"", &Conditions { binding: true, ..conditions }).names.len(), 2);
}

/// What Cyrus SASL takes at most, and what it says of more.
#[test]
fn names_and_messages_have_limits() {
    let ended = |mechanism: &str, said: &[Vec<u8>]| {
        let mut server = (find(mechanism.as_bytes()).expect("a row").server)(&server_facts());
        let (mut step, mut said) = (server.respond(None), said.iter());
        loop {
            step = match step {
                Step::Challenge(_) => server.respond(Some(said.next().expect("an end"))),
                Step::Ask(question) => server.answered(answer(&question)),
                Step::Failed(failure) => return (failure.code, failure.detail.to_str_lossy().into_owned()),
                end @ Step::Done(_) => panic!("{end:?}"),
            };
        }
    };
    let (x, alice, secret) = (|count| vec![b'x'; count], b"alice".to_vec(), b"s\xc3\xa4cret".to_vec());
    let digest = |user: Vec<u8>, author: Vec<u8>| {
        let author = [b"\",authzid=\"", &author[..]].concat();
        let rest = [&author[..], b"\",nonce=\"", STANDARD.encode([b'r'; 36]).as_bytes()].concat();
        [b"username=\"", &user[..], &rest, b"\",nc=1,cnonce=c,digest-uri=\"smtp/h\",response=r"].concat()
    };
    let rows = [
        ("LOGIN", vec![x(1024), x(1024)], Code::NoUser, "checkpass failed"),
        ("LOGIN", vec![x(1025)], Code::BadProtocol, "username too long (>1024 characters)"),
        (
            "LOGIN",
            vec![alice, x(1025)],
            Code::BadProtocol,
            "clientinlen is > 1024 characters in LOGIN plugin",
        ),
        (
            "PLAIN",
            vec![[x(0), x(1024), secret.clone()].join(&0)],
            Code::NoUser,
            "Password verification failed",
        ),
        (
            "PLAIN",
            vec![[x(0), x(1025), secret.clone()].join(&0)],
            Code::Overflow,
            "Unable to find a callback: 32775",
        ),
        (
            "PLAIN",
            vec![[&x(1025)[..], b"alice", &secret].join(&0)],
            Code::Overflow,
            "Unable to find a callback: 32775",
        ),
        (
            "PLAIN",
            vec![[&x(1025)[..], b"alice", b"no"].join(&0)],
            Code::Authentication,
            "Password verification failed",
        ),
        ("CRAM-MD5", vec![x(1024)], Code::BadProtocol, "need authentication name"),
        ("CRAM-MD5", vec![x(1025)], Code::BadProtocol, "CRAM-MD5 input longer than 1024 bytes"),
        ("DIGEST-MD5", vec![x(4096)], Code::Authentication, "Parse error"),
        ("DIGEST-MD5", vec![x(4097)], Code::BadProtocol, ""),
        ("DIGEST-MD5", vec![digest(x(1024), x(0))], Code::NoUser, "unable to canonify user and get auxprops"),
        (
            "DIGEST-MD5",
            vec![digest(x(1025), x(0))],
            Code::Overflow,
            "unable to canonify user and get auxprops",
        ),
        (
            "DIGEST-MD5",
            vec![digest(b"alice".to_vec(), x(1025))],
            Code::Overflow,
            "unable to canonify authorization ID",
        ),
        (
            "SCRAM-SHA-1",
            vec![[b"n,,n=", &x(1025)[..], b",r=c"].concat()],
            Code::Overflow,
            "unable to canonify user and get auxprops",
        ),
        (
            "SCRAM-SHA-1",
            vec![[b"n,a=", &x(1025)[..], b",n=alice,r=c"].concat()],
            Code::Overflow,
            "unable to canonify authorization ID",
        ),
        (
            "SCRAM-SHA-1",
            vec![x(2049)],
            Code::BadProtocol,
            "SCRAM-SHA-1 input longer than (MAX_CLIENTIN_LEN) bytes",
        ),
        (
            "SCRAM-SHA-256",
            vec![[b"n,,n=alice,r=", &x(2036)[..]].concat()],
            Code::BadProtocol,
            "SCRAM-SHA-256 input longer than (MAX_CLIENTIN_LEN) bytes",
        ),
    ];
    for (mechanism, said, code, detail) in rows {
        assert_eq!(ended(mechanism, &said), (code, detail.to_owned()), "{mechanism} {:?}", said[0].len());
    }
}

/// The words of Cyrus SASL, which tell what a client does wrong.
#[test]
fn scram_says_what_is_wrong() {
    let first = "n,,n=alice,r=x";
    for (messages, why) in [
        (&["", ""][..], "SCRAM-SHA-1 input expected"),
        (&["n,,n=a,r="], "Invalid SCRAM-SHA-1 input"),
        (&["x,,n=alice,r=x"], "The initial SCRAM-SHA-1 client response needs to start with 'y', 'n' or 'p'"),
        (&["nn,,n=alice,r=x"], "',' expected in SCRAM-SHA-1 input"),
        (&["n,x=1,n=alice,r=x"], "',' expected in SCRAM-SHA-1 input"),
        (&["n,a=b=x,n=alice,r=x"], "Invalid authorization identity encoding in SCRAM-SHA-1 input"),
        (&["n,,m=1,n=alice,r=x"], "Unsupported mandatory extension to SCRAM-SHA-1"),
        (&["n,,x=alice,r=x"], "Username (n=) expected in SCRAM-SHA-1 input"),
        (&["n,,n=alice,x=1"], "Nonce expected after the username in SCRAM-SHA-1 input"),
        (&["n,,n=a=3x,r=x"], "Invalid username encoding in SCRAM-SHA-1 input"),
        (&["n,,n= ,r=x"], "unable to canonify user and get auxprops"),
        (&["p,,n=alice,r=x"], "The initial 'p' needs to be followed by '=' in SCRAM-SHA-1 input"),
        (&["p=tls-unique,,n=alice,r=x", "c=cD10bHMtdW5pcXVlLCw=,r=x,p=AAAA"], "Invalid SCRAM-SHA-1 input"),
        (&[first, ""], "SCRAM-SHA-1 input expected"),
        (&[first, "r=x,p=AAAA"], "Channel binding expected in SCRAM-SHA-1 input"),
        (&[first, "c=biws"], "At least nonce is expected in SCRAM-SHA-1 input"),
        (&[first, "c=!!,r=x,p=AAAA"], "Invalid base64 encoding of the channel bindings in SCRAM-SHA-1"),
        (&[first, "c=biws,p=AAAA"], "Nonce expected in SCRAM-SHA-1 input"),
        (&[first, "c=biws,r=x"], "At least proof is expected in SCRAM-SHA-1 input"),
        (&[first, "c=biws,r=x,p=AAAA"], "Nonce mismatch SCRAM-SHA-1 input"),
    ] {
        let said = failure("SCRAM-SHA-1", messages).map(|said| String::from_utf8_lossy(&said).into_owned());
        assert_eq!(said.as_deref(), Some(why), "{messages:?}");
    }
    let other = failure("SCRAM-SHA-256", &[first, "c=eXl5,r=x,p=AAAA"]).expect("another header");
    assert!(other.ends_with(b"received in the GS2 header of SCRAM-SHA-256. Expected \"n,,\""));
}

/// The words of Cyrus SASL for a response to the challenge; `NONCE` is the server's.
#[test]
fn digest_md5_says_what_is_wrong() {
    const REST: &str = "cnonce=\"c\",nc=1,digest-uri=\"smtp/x\",response=0";
    for (said, why) in [
        ("", "input expected in DIGEST-MD5, step 2"),
        ("x", "Parse error"),
        ("a=b c", "Parse error"),
        ("username=\"alice\"x", "Parse error"),
        ("username=\"alice", "Parse error"),
        ("x=\0, y", "required parameters missing: username"),
        ("USERNAME = alice", "required parameters missing: nonce"),
        ("username=\"alice\",nonce=\"NONCE\",nc=0", "required parameters missing: noncecount"),
        ("username=\"alice\",nonce=\"NONCE\",nc=1", "required parameters missing: cnonce"),
        ("username=\"alice\",nonce=\"NONCE\",nc=1,cnonce=\"\"", "required parameters missing: digesturi"),
        ("nc=0x1", "error converting hex to int"),
        ("realm=\"\",realm=\"\"", "duplicate realm: authentication aborted"),
        ("qop=auth,qop=auth", "duplicate qop: authentication aborted"),
        ("digest-uri=\"imap/x\"", "bad digest-uri: doesn't match service"),
        ("digest-uri=\"SMTP/x\",digest-uri=\"y\"", "duplicate digest-uri: authentication aborted"),
        ("maxbuf=16", "maxbuf parameter too small"),
        ("maxbuf=16777216", "maxbuf parameter too big"),
        ("maxbuf=", "invalid maxbuf parameter"),
        ("maxbuf=17,maxbuf=17", "duplicate maxbuf: authentication aborted"),
        ("charset=latin1", "client doesn't support UTF-8"),
        ("username=\"alice\",nonce=\"x\",REST", "nonce changed: authentication aborted"),
        ("username=\"alice\",nonce=\"NONCE\",qop=x,REST", "protocol violation: client requested invalid qop"),
        ("username=\"\",nonce=\"NONCE\",REST", "unable to canonify user and get auxprops"),
        (
            "nonce=\"x\",username=\"bob\",username=\"alice\",nonce=\"NONCE\",REST",
            "client response doesn't match what we generated (tried bogus)",
        ),
    ] {
        let nonce = STANDARD.encode(server_facts().random);
        let response = said.replace("NONCE", &nonce).replace("REST", REST);
        let found = failure_after("DIGEST-MD5", &[None, Some(&response)]);
        assert_eq!(
            found.map(|said| String::from_utf8_lossy(&said).into_owned()).as_deref(),
            Some(why),
            "{said}"
        );
    }
}

/// Whoever names a realm is known with it, and asked about with it: the password of one realm is good for no other.
#[test]
fn digest_md5_looks_up_whom_it_lets_in() {
    let mut server = (find(b"DIGEST-MD5").expect("a row").server)(&server_facts());
    let Step::Challenge(challenge) = server.respond(None) else { panic!("a challenge") };
    let mut facts = client_facts(b"s\xc3\xa4cret");
    facts.credentials.id = b"alice@site.example".to_vec();
    facts.credentials.realm = Some(b"admin.example".to_vec());
    let mut client = (find(b"DIGEST-MD5").expect("a row").client)(facts);
    let challenge = challenge.replace(b"site.example", b"admin.example");
    let response = client.respond(&challenge).expect("a response");
    let Step::Ask(question) = server.respond(Some(&response)) else { panic!("a question") };
    assert_eq!(question.account(), (&b"alice@site.example"[..], &b"admin.example"[..]));
}

/// A client may name nobody as whom to act, and reckon with that (Perl's Authen::SASL).
#[test]
fn digest_md5_takes_an_empty_authzid() {
    let mut facts = client_facts(b"s\xc3\xa4cret");
    facts.credentials.user.clear();
    let mechanism = find(b"DIGEST-MD5").expect("a row");
    assert_eq!(run_for(mechanism, facts), Step::Done(b"alice".to_vec()));
}

#[test]
fn option_letters_leave_what_satisfies_them() {
    let all = b"PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 scram-sha-256 FOO";
    for (letters, left) in [
        ("", "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 scram-sha-256"),
        ("p", "CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 scram-sha-256"),
        ("a", "SCRAM-SHA-1 scram-sha-256"),
        ("m", "DIGEST-MD5 SCRAM-SHA-1 scram-sha-256"),
        ("c", "PLAIN LOGIN"),
        ("d", ""),
        ("f", ""),
        ("Ay", "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 scram-sha-256"),
    ] {
        let names = offered(all, None, letters.as_bytes(), &Conditions::default()).names;
        assert_eq!(names.join(&b' '), left.as_bytes(), "{letters}");
    }
    let few = offered(all, Some(b"plain cram-md5"), b"", &Conditions::default());
    assert_eq!((few.available, few.names.join(&b' ')), (2, b"PLAIN CRAM-MD5".to_vec()));
}

#[test]
fn the_words_of_authinfo() {
    let read = |text: &'static str| credentials(text.split('|').map(str::as_bytes));
    let found = read("\"U:act\"|\"i:log\"|\"P=c2VjcmV0\"|\"M:PLAIN LOGIN\"").expect("all there");
    assert_eq!(
        (&found.user[..], &found.id[..], &found.password[..]),
        (&b"act"[..], &b"log"[..], &b"secret"[..])
    );
    assert_eq!(read("U:one|P:x").map(|found| found.id), Some(b"one".to_vec()));
    for wrong in ["U:x", "P:x", "I:x|P=!", "I:x|P:y|X:z", "OK"] {
        assert_eq!(read(wrong), None, "{wrong}");
    }
}

#[test]
fn the_lines_of_default_auth_info() {
    let read = |text: &str| credentials_of_file(text.as_bytes());
    let found =
        read("# us\nact\n log\t\nsecret\nrealm\nLOGIN PLAIN\n").expect("five lines").expect("a password");
    assert_eq!(
        (&found.user[..], &found.id[..], &found.password[..]),
        (&b"act"[..], &b"log"[..], &b"secret"[..])
    );
    assert_eq!(
        (found.realm.as_deref(), found.mechanisms.as_deref()),
        (Some(&b"realm"[..]), Some(&b"LOGIN PLAIN"[..]))
    );
    let found = read("\nlog\nsecret\n\nLOGIN").expect("five lines").expect("a password");
    assert_eq!((&found.user[..], found.realm, found.mechanisms.is_some()), (&b"log"[..], None, true));
    assert_eq!(read("act\nlog\n"), Ok(None));
    assert_eq!(read("act\nlog\n\n"), Ok(None));
    assert_eq!((read(""), read("act\n")), (Err("authentication id"), Err("password")));
}

#[test]
fn the_file_says_where_passwords_are() {
    let text = b"# x\npwcheck_method: saslauthd auxprop\nMECH_LIST:plain login\nsasldb_path:\t/srv/db\n";
    let settings = Settings::parse(text).expect("good lines");
    assert_eq!(settings.methods, [Method::Saslauthd, Method::Database]);
    assert_eq!(
        (settings.mechanisms.as_deref(), &settings.database[..]),
        (Some(&b"plain login"[..]), &b"/srv/db"[..])
    );
    assert_eq!(Settings::parse(b"a: b\nno colon\n"), Err(2));
    let text = b"pwcheck_method: passwd-file PAM ldap\nldap_servers: ldapi://%2Frun%2Fldapi ldap://a\nldap_dn: uid=%u\nldap_bind_pw: a b\n";
    let settings = Settings::parse(text).expect("words");
    assert_eq!(settings.methods, [Method::PasswordFile, Method::Pam, Method::Ldap]);
    let searcher = Some((Vec::new(), b"a b".to_vec()));
    let servers = b"ldapi://%2Frun%2Fldapi ldap://a".to_vec();
    let ldap = LdapSettings { servers, name: Some(b"uid=%u".to_vec()), searcher, ..LdapSettings::default() };
    assert_eq!(settings.ldap, ldap);
    let text =
        b"ldap_start_tls: Yes\nldap_tls_cacert_file: /a\nldap_tls_cacert_dir: /b\nldap_tls_check_peer: 0\n";
    let ldap = LdapSettings {
        start_tls: true,
        authorities: (Some(b"/a".to_vec()), Some(b"/b".to_vec())),
        checks_certificate: Some(false),
        ..LdapSettings::default()
    };
    assert_eq!(Settings::parse(text).expect("words").ldap, ldap);
}

#[test]
fn who_did_not_answer_may_know_better() {
    use Refusal::{NoMethod, NoUser, Unavailable, Wrong};
    for (first, second, both) in [
        (Unavailable, Wrong, Unavailable),
        (Wrong, Unavailable, Unavailable),
        (NoUser, Wrong, Wrong),
        (Wrong, NoMethod, Wrong),
        (NoMethod, NoUser, NoUser),
    ] {
        assert_eq!(
            Answer::No(first).followed_by(Answer::No(second)),
            Answer::No(both),
            "{first:?} {second:?}"
        );
    }
    assert_eq!(Answer::No(Unavailable).followed_by(Answer::Right), Answer::Right);
}

#[test]
fn the_log_names_users_and_no_passwords() {
    for (mechanism, said, shown) in [
        ("PLAIN", &b"\0alice\0secret"[..], &b"alice"[..]),
        ("plain", b"bob\0alice\0secret", b"bob/alice"),
        ("LOGIN", b"alice", b"alice"),
        ("CRAM-MD5", b"alice 0123", b"alice"),
        ("DIGEST-MD5", b"username=\"alice\",realm=\"x\"", b"alice"),
        ("DIGEST-MD5", b"username=\"al\\\"ice", b"al\\\\\"ice"),
        ("DIGEST-MD5", b"realm=\"x\",username=\"alice\"", b""),
        ("SCRAM-SHA-1", b"n,,n=alice,r=x", b""),
        ("OAUTHBEARER", b"n,a=alice,\x01auth=Bearer secret\x01\x01", b"alice"),
        ("XOAUTH2", b"user=alice\x01auth=Bearer secret\x01\x01", b"alice"),
    ] {
        assert_eq!(shown_user(mechanism.as_bytes(), said), shown, "{mechanism}");
    }
}
