//! Old wounds of such programs (SECURITY.md's table), tried against the program or the library; and that the table
//! names no test that does not exist.

use crate::scratch::{CANONIFY, Scratch, free_port};
use canonify::addr::{Operators, ScanProblem, Table, prescan};
use canonify::config::{LoadOptions, MailerId, load};
use canonify::engine::Scope;
use canonify::logging::{Logger, Priority, Target};
use canonify::message::{EncodingField, Header, HeaderKind, Headers, OutputStyle, put_headers};
use canonify::net::Resolver;
use canonify::rewrite::{Rewriter, Site};
use canonify::smtp::server::Client;
use canonify::sys::safe::Blame;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Files of a folder, its folders' too.
fn files_below(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files_below(&entry.path(), found),
            _ => {
                found.push(String::from_utf8_lossy(&fs::read(entry.path()).unwrap_or_default()).into_owned())
            }
        }
    }
}

/// The words in backticks of a cell.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

const STATES: [&str; 4] = ["closed", "closed by construction", "not applicable", "open"];

/// Every row of the table has a state, and the tests that it names are there.
#[test]
fn the_table_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("SECURITY.md")).expect("SECURITY.md");
    let mut sources = Vec::new();
    files_below(&root.join("src"), &mut sources);
    files_below(&root.join("tests"), &mut sources);
    let sources = sources.concat();
    let mut seen = BTreeSet::new();
    for row in page.lines().filter(|line| line.starts_with("| SEC-")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [id, _, state, tests] = cells[..] else { panic!("four cells: {row}") };
        let state = state.split(':').next().unwrap_or(state);
        assert!(STATES.contains(&state), "{id}: state {state:?}");
        assert!(seen.insert(id.to_owned()), "{id} stands there twice");
        let names: Vec<&str> = quoted(tests).collect();
        assert!(
            !names.is_empty() || !matches!(state, "closed" | "closed by construction"),
            "{id} has no test"
        );
        for name in names {
            let exists = match name.strip_prefix("tests/live/") {
                Some(file) => root.join("tests/live").join(file).is_file(),
                None => sources.contains(&format!("fn {name}(")),
            };
            assert!(exists, "{id}: there is no test {name}");
        }
    }
    let wanted = (1..=8).chain(20..=26).chain(50..=75).map(|number| format!("SEC-{number:03}"));
    assert_eq!(seen, wanted.collect(), "rows");
}

fn sendmail(scratch: &Scratch, words: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(CANONIFY);
    command.args(["sendmail", "-C", &scratch.cf()]).args(words).env("CANONIFY_LOG", "stderr");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("canonify runs");
    let mut pipe = child.stdin.take().expect("a pipe");
    // a program that refuses the words does not read
    let _ = pipe.write_all(input);
    drop(pipe);
    child.wait_with_output().expect("it ends")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// What a session on standard input answers.
fn session(scratch: &Scratch, lines: &[&str]) -> String {
    said(&sendmail(scratch, &["-bs"], (lines.join("\r\n") + "\r\n").as_bytes()))
}

fn alias(scratch: &Scratch, line: &str) {
    let mut text = fs::read_to_string(scratch.etc("aliases")).expect("aliases");
    text.push_str(line);
    fs::write(scratch.etc("aliases"), text).expect("writable");
    assert!(sendmail(scratch, &["-bi"], b"").status.success());
}

/// The files of the inbox, once there are so many.
fn arrived(scratch: &Scratch, count: usize) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let mut found = Vec::new();
        files_below(&scratch.inbox(), &mut found);
        if found.len() >= count {
            return found;
        }
        assert!(Instant::now() < deadline, "{} of {count} messages", found.len());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A program that an alias names gets neither the caller's variables nor descriptors (SEC-006, SEC-063).
#[test]
fn sec_006_sec_063_programs_inherit_nothing() {
    let scratch = Scratch::new(free_port());
    // as root, the program runs as DefaultUser
    let folder = scratch.path("spied");
    fs::create_dir(&folder).expect("our directory");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("our directory");
    let seen = folder.join("seen");
    let script = format!("env >{0}; umask >>{0}; ls /proc/self/fd >>{0}.fd; cat >/dev/null", seen.display());
    alias(&scratch, &format!("spy: \"|{script}\"\n"));
    let opened = fs::File::open("/dev/null").expect("it is there");
    let inherited = nix::unistd::dup(&opened).expect("a descriptor that stays open in children");
    let mut command = Command::new(CANONIFY);
    command
        .args(["sendmail", "-C", &scratch.cf(), "-odi", "spy"])
        .env("LD_PRELOAD", "")
        .env("IFS", "x")
        .env("SECRET", "yes");
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    drop(inherited);
    assert!(status.expect("canonify runs").success());
    let text = fs::read_to_string(&seen).expect("the program has run");
    assert!(!text.contains("SECRET") && !text.contains("LD_") && !text.contains("IFS="), "{text}");
    assert!(text.lines().any(|line| matches!(line, "0022" | "0077")), "{text}");
    let descriptors = fs::read_to_string(folder.join("seen.fd")).expect("the program has run");
    // ls has one of its own
    assert!(
        descriptors.lines().all(|line| line.parse::<u32>().is_ok_and(|number| number <= 3)),
        "{descriptors}"
    );
}

#[test]
fn sec_022_strangers_name_no_files_and_programs() {
    let scratch = Scratch::new(free_port());
    let text = session(
        &scratch,
        &[
            "EHLO c",
            "MAIL FROM:<>",
            "RCPT TO:<\"|/bin/true\">",
            "RCPT TO:</etc/passwd>",
            "RCPT TO:<\"/etc/passwd\"@site.example>",
            "RCPT TO:<:include:/etc/passwd>",
            "RCPT TO:<\"|/bin/true\"@site.example>",
            "QUIT",
        ],
    );
    assert!(!text.contains("Recipient ok"), "{text}");
    assert!(text.contains("Cannot mail directly to"), "{text}");
}

#[test]
fn sec_023_a_link_is_no_mailbox() {
    let scratch = Scratch::new(free_port());
    let (target, link) = (scratch.path("target"), scratch.path("link"));
    fs::write(&target, "untouched").expect("writable");
    symlink(&target, &link).expect("a link");
    alias(&scratch, &format!("linked: {}\n", link.display()));
    sendmail(&scratch, &["-odi", "linked"], b"Subject: x\n\nbody\n");
    assert_eq!(fs::read_to_string(&target).expect("readable"), "untouched");
}

/// All words that sendmail knows are known, in any case, one after another; `safe` takes all back.
#[test]
fn sec_026_every_word_of_dont_blame_sendmail_is_known() {
    let words = "AssumeSafeChown CertOwner ClassFileInUnsafeDirPath DontWarnForwardFileInUnsafeDirPath ErrorHeaderInUnsafeDirPath \
        FileDeliveryToHardLink FileDeliveryToSymLink ForwardFileInGroupWritableDirPath ForwardFileInUnsafeDirPath ForwardFileInUnsafeDirPathSafe \
        GroupReadableDefaultAuthInfoFile GroupReadableKeyFile GroupReadableSASLDBFile GroupWritableAliasFile GroupWritableDirPathSafe \
        GroupWritableForwardFile GroupWritableForwardFileSafe GroupWritableIncludeFile GroupWritableIncludeFileSafe GroupWritableSASLDBFile \
        HelpFileInUnsafeDirPath IncludeFileInGroupWritableDirPath IncludeFileInUnsafeDirPath IncludeFileInUnsafeDirPathSafe InsufficientEntropy \
        LinkedAliasFileInWritableDir LinkedClassFileInWritableDir LinkedForwardFileInWritableDir LinkedIncludeFileInWritableDir \
        LinkedMapInWritableDir LinkedServiceSwitchFileInWritableDir MapInUnsafeDirPath NonRootSafeAddr RunProgramInUnsafeDirPath \
        RunWritableProgram TrustStickyBit WorldWritableAliasFile WorldWritableForwardFile WorldWritableIncludeFile WriteMapToHardLink \
        WriteMapToSymLink WriteStatsToHardLink WriteStatsToSymLink";
    let mut blame = Blame::empty();
    for word in words.split_whitespace() {
        let before = blame;
        assert!(blame.add(word.to_ascii_uppercase().as_bytes()).is_empty(), "{word}");
        assert_ne!(blame, before, "{word}");
    }
    assert!(blame.add(b"safe").is_empty() && blame.is_empty());
    assert_eq!(blame.add(b"NoSuchWord"), [b"NoSuchWord".to_vec()]);
}

#[test]
fn sec_051_debug_values_are_numbers_in_range() {
    let scratch = Scratch::new(free_port());
    for value in
        ["-d99999999999999999999.1", "-d-5.7", "-d4294967295", "-d1-4294967295.9", "-d256.256", "-d,,.,-"]
    {
        let output = sendmail(&scratch, &[value, "-bt"], b"");
        assert!(output.status.code().is_some_and(|code| code < 101), "{value}: {:?}", output.status);
    }
}

/// Who can open a file can hold a lock on it.
#[test]
fn sec_052_others_lock_nothing() {
    let scratch = Scratch::new(free_port());
    let daemon = scratch.start();
    sendmail(&scratch, &["-odq", "someone@elsewhere.example"], b"Subject: x\n\nbody\n");
    let mut files = vec![scratch.path("sendmail.pid")];
    files
        .extend(fs::read_dir(scratch.path("mqueue")).expect("the queue").flatten().map(|entry| entry.path()));
    files.extend(fs::read_dir(scratch.path("etc")).expect("etc").flatten().map(|entry| entry.path()).filter(
        |path| {
            path.extension().is_some_and(|extension| extension == "db")
                && path.to_string_lossy().contains("aliases")
        },
    ));
    for path in files {
        let Ok(about) = fs::metadata(&path) else { continue };
        assert_eq!(about.mode() & 0o006, 0, "{}: {:o}", path.display(), about.mode());
    }
    drop(daemon);
}

/// The header of one field, as the local mailer gets it, and what the log is told.
fn rendered(name: &str, value: &[u8]) -> (Vec<u8>, Vec<String>) {
    const CF: &[u8] = b"V10\nMlocal, P=/bin/true, F=l, S=0, R=0, A=x $u\nMprog, P=/bin/true, F=l, A=x $u\nS0\nR$*\t$#local $: $1\n";
    let mut environment = canonify::maps::environment();
    let config = Arc::new(load(b"site.cf", CF, &mut environment, &LoadOptions::default()).config);
    let site = Site::new(config, Arc::new(Resolver::fixed(Vec::new())));
    let mut scope = Scope::default();
    let mut rewriter = Rewriter::quiet(&site, &mut scope);
    let mut field = Header::generated(name.as_bytes(), value);
    field.kind = HeaderKind::of(name.as_bytes());
    let style = OutputStyle {
        mailer: MailerId(0),
        delete_bcc: false,
        encoding: EncodingField::Kept,
        sender_domain: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let header = runtime.block_on(put_headers(&mut rewriter, &Headers(vec![field]), &style));
    (header, rewriter.alerts.iter().map(|alert| String::from_utf8_lossy(alert).into_owned()).collect())
}

#[test]
fn sec_055_comments_without_end_are_dropped() {
    let comment = vec![b'c'; 6000];
    let nested = [&[b'('; 200][..], b"x", &[b')'; 200]].concat();
    for comment in [[b"(", &comment[..], b")"].concat(), nested, b"(x) ".repeat(2000)] {
        let (header, alerts) = rendered("From", &[b" ", &comment[..], b" a@b.example"].concat());
        assert_eq!(String::from_utf8_lossy(&header), "From: <a@b.example>\n");
        assert_eq!(alerts, ["Dropped invalid comments from header address"]);
    }
    assert_eq!(rendered("From", b" (short) a@b.example").1, [""; 0]);
}

#[test]
fn sec_056_byte_255_is_a_letter() {
    for text in [&b"a\xffb@c.example"[..], b"\xff", b"\xff\xff@\xff", b"\"\xff\"@c", b"(\xff) a@b", b"a\xff"]
    {
        let (header, _) = rendered("To", &[b" ", text].concat());
        assert!(header.starts_with(b"To: ") && header.ends_with(b"\n"));
        let scan = prescan(&Operators::default(), text, 0, Table::External, false);
        assert!(scan.tokens.iter().all(|token| !matches!(token.as_bytes()[0], 0x80..=0x9f)), "{text:?}");
    }
}

#[test]
fn sec_057_addresses_have_limits() {
    let problems = |text: &[u8]| prescan(&Operators::default(), text, 0, Table::External, false).problems;
    assert!(
        problems(&b"a.".repeat(600)).contains(&ScanProblem::TooManyTokens)
            || problems(&b"a.".repeat(600)).contains(&ScanProblem::AddressTooLong)
    );
    assert!(problems(&[b'a'; 300]).contains(&ScanProblem::TokenTooLong));
    assert!(!problems(&[b'a'; 9000]).is_empty());
    let scratch = Scratch::new(free_port());
    let long = format!("MAIL FROM:<{}@b.example>", "a.".repeat(800));
    let text = session(&scratch, &["EHLO c", &long, "RSET", "QUIT"]);
    assert!(!text.contains("Sender ok") && text.contains("250 2.0.0 Reset state"), "{text}");
}

#[test]
fn sec_059_log_lines_are_bounded() {
    let log = Logger::open(Target::Memory, b"sendmail", 9);
    log.always(Priority::Info, None, &[b'%'; 100_000]);
    log.always(Priority::Info, None, b"%s%n\n\0\x1b[2J");
    let lines = log.lines();
    let (last, pieces) = lines.split_last().expect("lines");
    assert!(pieces.len() > 100 && pieces.iter().all(|line| line.len() <= 1024));
    assert_eq!(last, b"%s%n\\n\\000\\033[2J");
}

/// Nothing here follows the structure of MIME: what is nested is text.
#[test]
fn sec_060_nesting_is_text() {
    let scratch = Scratch::new(free_port());
    let parts =
        (0..200).map(|depth| format!("Content-Type: multipart/mixed; boundary=\"b{depth}\"\n\n--b{depth}\n"));
    let message = format!("Subject: nested\nMIME-Version: 1.0\n{}text\n", parts.collect::<String>());
    let output = sendmail(&scratch, &["-odi", "-f", "a@site.example", &scratch.user], message.as_bytes());
    assert!(output.status.success(), "{}", said(&output));
    assert!(arrived(&scratch, 1)[0].contains("--b199\n"));
}

/// A name server may call any address localhost.
#[tokio::test]
async fn sec_061_localhost_is_the_loopback_interface() {
    let rows = [("66.2.0.192.in-addr.arpa", "PTR", "localhost"), ("localhost", "A", "127.0.0.1")];
    let resolver = Resolver::fixed(rows.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())).to_vec());
    let client =
        Client::resolve("192.0.2.66:4711".parse().expect("an address"), &Default::default(), &resolver).await;
    assert_ne!(client.name, b"localhost");
    assert!(client.display.ends_with(b" (may be forged)"), "{}", String::from_utf8_lossy(&client.display));
}

#[test]
fn sec_065_http_is_not_spoken_here() {
    let scratch = Scratch::new(free_port());
    for word in ["GET / HTTP/1.0", "POST /", "CONNECT mx.example:25 HTTP/1.0", "USER anonymous"] {
        let text = session(&scratch, &[word, "MAIL FROM:<a@b.example>"]);
        assert!(text.contains("421 4.7.0 ") && text.contains(" Rejecting open proxy "), "{text}");
        assert!(!text.contains("Sender ok"), "{text}");
    }
}

#[test]
fn sec_071_doors_of_old_are_gone() {
    let scratch = Scratch::new(free_port());
    let text = session(
        &scratch,
        &[
            "EHLO c",
            "WIZ",
            "DEBUG",
            "SHOWQ",
            "MAIL FROM:<|/bin/true>",
            "MAIL FROM:<\"|/bin/sh\"@site.example>",
            "QUIT",
        ],
    );
    assert_eq!(text.matches("500 5.5.1 Command unrecognized").count(), 3, "{text}");
    assert!(text.contains("\"wiz\" command from"), "{text}");
    let aliases = fs::read_to_string(scratch.etc("aliases")).expect("aliases");
    assert!(!aliases.contains("decode"));
}

/// A newline in words of the command line forges no line anywhere.
#[test]
fn sec_072_newlines_forge_nothing() {
    let scratch = Scratch::new(free_port());
    let words = [
        "-odq",
        "-f",
        "a\nSevil@b.example",
        "-F",
        "x\nBcc: y",
        "-p",
        "SMTP:h\nX: y",
        "r\nR:evil@elsewhere.example",
    ];
    let output = sendmail(&scratch, &words, b"Subject: a\rb\rX-Forged: y\n\nbody\n");
    let text = said(&output);
    for word in ["a Sevil@b.example", "x Bcc: y", "r R:evil@elsewhere.example"] {
        let alert = format!("POSSIBLE ATTACK from [UNKNOWN]: newline in string \"{word}\"");
        assert!(text.contains(&alert), "{alert}\n{text}");
    }
    let mut files = Vec::new();
    files_below(&scratch.path("mqueue"), &mut files);
    let control = files.iter().find(|text| text.starts_with('V')).expect("a qf");
    for line in control.lines() {
        assert!(
            !line.starts_with("Sevil") && !line.starts_with("R:evil") && !line.contains('\r'),
            "{control}"
        );
        assert!(
            !line.starts_with("X-Forged") && !line.starts_with("Bcc") && !line.starts_with("X:"),
            "{control}"
        );
    }
}

/// Who hands a message in is named by the system, not by himself.
#[test]
fn sec_075_submissions_name_the_real_user() {
    let scratch = Scratch::new(free_port());
    let user = &scratch.user;
    let output = sendmail(&scratch, &["-odi", "-f", "boss@elsewhere.example", user], b"Subject: x\n\nbody\n");
    assert!(output.status.success(), "{}", said(&output));
    let message = arrived(&scratch, 1).remove(0);
    assert!(message.contains(&format!("(from {user}@localhost)")), "{message}");
    let flagged = message.contains(&format!("{user} set sender to boss@elsewhere.example using -f"));
    // root is trusted
    assert_eq!(flagged, !nix::unistd::getuid().is_root(), "{message}");
}
