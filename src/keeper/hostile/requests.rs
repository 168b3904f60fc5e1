//! Requests that make sense and ask for what nobody named.

use super::*;

#[test]
fn what_is_named_is_done() {
    let mut scene = Scene::new();
    let tool = format!("echo tool >>{}/out/ran", scene.dir.path().display());
    let forward = format!("echo forward >>{}/out/ran", scene.dir.path().display());
    let hint = NamedBy { user: Vec::new(), alias: b"tool".to_vec() };
    assert_eq!(scene.exit("prog", tool.as_bytes(), Some(hint)), 0);
    let wrong_hint = NamedBy { user: Vec::new(), alias: b"other".to_vec() };
    assert_eq!(scene.exit("prog", tool.as_bytes(), Some(wrong_hint)), 0);
    let me = scene.by("ME");
    assert_eq!(scene.exit("prog", forward.as_bytes(), Some(me.clone())), scene.allowed);
    let ran = if scene.allowed == 0 { "tool\ntool\nforward\n" } else { "tool\ntool\n" };
    assert_eq!(scene.written(), [ran]);
    let kept = scene.bytes("out/kept");
    assert_eq!(scene.exit("*file*", &kept, Some(NamedBy::default())), 0);
    let (list, inner, mine) = (scene.bytes("list"), scene.bytes("inner"), scene.bytes("mine"));
    assert!(scene.include(&list, NamedBy { user: Vec::new(), alias: b"list".to_vec() }).is_ok());
    assert!(scene.include(&list, NamedBy::default()).is_ok());
    assert_eq!(scene.include(&mine, me), Ok(b"carol\n".to_vec()));
    // the owner of the list that names it, where that is no root
    let owner = if is_root() { NamedBy::default() } else { scene.by("ME") };
    assert_eq!(scene.include(&inner, owner), Ok(b"bob\n".to_vec()));
}

#[test]
fn who_has_a_forward_that_nobody_has_read_gets_nothing() {
    let mut scene = Scene::new();
    let me = scene.me.clone();
    let mut unread = delivery("local", me.as_bytes(), b"", None);
    unread.targets[0].unread_forward = true;
    let there = scene.deliver(unread.clone());
    assert!(there[0].has_forward, "{there:?}");
    assert!(!scene.path("mail").join(&me).exists());
    std::fs::remove_file(scene.path(&format!("forward.{me}"))).expect("removed");
    let gone = scene.deliver(unread);
    assert_eq!((gone[0].exit, gone[0].has_forward), (0, false), "{gone:?}");
    assert_eq!(std::fs::read_dir(scene.path("mail").join(&me).join("new")).expect("a Maildir").count(), 1);
}

#[test]
fn commands_that_nobody_named() {
    let mut scene = Scene::new();
    let out = scene.path("out").display().to_string();
    let tool = format!("echo tool >>{out}/ran");
    let forward = format!("echo forward >>{out}/ran");
    let attacks: Vec<(&str, Vec<u8>, Option<NamedBy>)> = vec![
        ("any command", b"id".to_vec(), Some(NamedBy::default())),
        ("any command, named by nobody at all", b"id".to_vec(), None),
        ("an empty command", Vec::new(), Some(NamedBy::default())),
        ("a named command and more", format!("{tool}; id").into(), Some(NamedBy::default())),
        ("a named command behind another", format!("id; {tool}").into(), Some(NamedBy::default())),
        ("a named command with a line of its own", format!("{tool}\nid").into(), Some(NamedBy::default())),
        ("a named command in other quotes", format!("'{tool}'").into(), Some(NamedBy::default())),
        ("a named command with a backslash", tool.replace(" >>", " \\>>").into(), Some(NamedBy::default())),
        ("a part of a named command", b"echo tool".to_vec(), Some(NamedBy::default())),
        ("an alias's command as a user", tool.clone().into(), Some(scene.by("ME"))),
        ("a user's command as the DefaultUser", forward.clone().into(), Some(NamedBy::default())),
        ("a user's command as root", forward.clone().into(), Some(scene.by("root"))),
        ("any command as root", b"id".to_vec(), Some(scene.by("root"))),
        ("a user's command as somebody unknown", forward.clone().into(), Some(scene.by("no-such-user-here"))),
        ("any command as oneself", b"id".to_vec(), Some(scene.by("ME"))),
        (
            "an alias that names something else",
            b"id".to_vec(),
            Some(NamedBy { user: Vec::new(), alias: b"tool".to_vec() }),
        ),
        (
            "an alias without an end",
            b"id".to_vec(),
            Some(NamedBy { user: Vec::new(), alias: vec![b'a'; 1 << 20] }),
        ),
        ("a user that is a path", b"id".to_vec(), Some(scene.by("../../etc/passwd"))),
        ("a user with a NUL", b"id".to_vec(), Some(scene.by("root\0"))),
        ("a macro in the command", b"\x81g".to_vec(), Some(NamedBy::default())),
    ];
    for (attack, command, by) in attacks {
        let exit = scene.exit("prog", &command, by);
        assert_eq!(exit, NOPERM, "{attack}");
        assert!(scene.is_well(), "{attack}");
    }
    let mut two = delivery("prog", tool.as_bytes(), b"", Some(NamedBy::default()));
    two.targets.push(Target { user: b"id >out/owned".to_vec(), ..two.targets[0].clone() });
    let results = scene.deliver(two);
    assert_eq!(
        results.iter().map(|result| result.exit).collect::<Vec<_>>(),
        [NOPERM, NOPERM],
        "a second command beside a named one"
    );
    assert_eq!(scene.written(), [""; 0]);
}

#[test]
fn files_and_places_that_nobody_named() {
    let mut scene = Scene::new();
    let (out, me) = (scene.path("out").display().to_string(), scene.me.clone());
    let files = [
        ("any file", format!("{out}/other")),
        ("a system file", String::from("/etc/passwd")),
        ("a named file by a detour", format!("{out}/../out/kept")),
        ("a file beside a named one", format!("{out}/kept2")),
        ("a Maildir in place of a file", format!("{out}/kept/")),
        ("a relative path", String::from("out/kept")),
        ("no path", String::new()),
    ];
    for (attack, file) in files {
        assert_eq!(scene.exit("*file*", file.as_bytes(), Some(NamedBy::default())), NOPERM, "{attack}");
        assert!(scene.is_well(), "{attack}");
    }
    let places: [(&str, &str, &[u8], i32); 9] = [
        ("a directory above, as $h", "folder", b"../out/x", CANTCREAT),
        ("an absolute path, as $h", "folder", b"/etc", CANTCREAT),
        ("the directory above itself, as $h", "folder", b"..", CANTCREAT),
        ("a user that is a path", "local:../out", b"", NOUSER),
        ("a user with a NUL", "local:joe\0", b"", NOUSER),
        ("a mailer that is not there", "nothing", b"", CONFIG),
        ("a mailer of the network", "smtp", b"there", CONFIG),
        ("no name of a mailer", "", b"", CONFIG),
        ("a mailer with a macro for a name", "\u{81}u", b"", CONFIG),
    ];
    for (attack, mailer, host, expected) in places {
        let (mailer, user) = mailer.split_once(':').unwrap_or((mailer, &me));
        let results = scene.deliver(delivery(mailer, user.as_bytes(), host, None));
        assert_eq!(results[0].exit, expected, "{attack}");
        assert!(scene.is_well(), "{attack}");
    }
    // the configuration's /dev/null runs nothing
    assert_ne!(scene.exit("*include*", b"x", None), 0, "the mailer of lists");
    assert_eq!(scene.written(), [""; 0]);
    assert_eq!(std::fs::read_dir(scene.path("mail")).expect("a directory").count(), 0);
}

#[test]
fn words_of_programs() {
    let mut scene = Scene::new();
    let me = scene.me.clone();
    let mut told = delivery("told", b"\x81g\x9aux\x9b", b"", None);
    told.macros = vec![(b'g', b"\x81g\x81g".to_vec()), (b'u', b"macro".to_vec())];
    assert_eq!(scene.deliver(told)[0].exit, 0);
    let words = scene.written().concat();
    assert!(!words.is_empty() && !words.contains("macro"), "a macro in place of the recipient: {words:?}");
    assert!(words.ends_with("\u{fffd}g\u{fffd}g|"), "a value that names itself is filled in once: {words:?}");
    let mut two = delivery("told", b"a", b"", None);
    two.targets.push(two.targets[0].clone());
    assert_eq!(scene.deliver(two)[0].exit, NOPERM, "two recipients where the mailer takes one");
    let many = Delivery { targets: vec![Target::default(); 20_000], ..delivery("many", b"", b"", None) };
    assert_eq!(scene.deliver(many).len(), 20_000, "recipients without number");
    assert!(
        scene.deliver(Delivery { targets: Vec::new(), ..delivery("many", b"", b"", None) }).is_empty(),
        "no recipient"
    );
    for host in [&b"-x"[..], b"A=b", b"/tmp/rc", b"tmp/rc", b"/etc/../tmp/rc"] {
        let expected = if is_root() { NOPERM } else { 0 };
        let exit = scene.deliver(delivery("root", me.as_bytes(), host, None))[0].exit;
        assert_eq!(
            exit == NOPERM,
            expected == NOPERM,
            "a word for a program of root: {}",
            host.escape_ascii()
        );
        assert!(scene.is_well());
    }
}

#[test]
fn dialogues_that_no_mailer_has() {
    let mut scene = Scene::new();
    let me = scene.me.clone();
    for (attack, mailer, host, expected) in [
        ("the shell", "prog", &b""[..], CONFIG),
        ("a file", "*file*", b"", CONFIG),
        ("a program for each recipient", "told", b"", CONFIG),
        ("a Maildir", "local", b"", CONFIG),
        ("another host", "smtp", b"there", CONFIG),
        ("no mailer", "nothing", b"", CONFIG),
        ("an option for a program of root", "talks", b"-x", if is_root() { NOPERM } else { 0 }),
    ] {
        let asked = scene.ask(Ask::Dialogue(Box::new(delivery(mailer, me.as_bytes(), host, None))));
        let exit = match asked {
            Reply::Dialogue(Ok(())) => 0,
            Reply::Dialogue(Err(result)) => result.exit,
            other => panic!("{other:?}"),
        };
        assert_eq!(exit, expected, "{attack}");
        assert!(scene.is_well(), "{attack}");
    }
    let mut two = delivery("talks", b"", b"", None);
    two.targets.push(two.targets[0].clone());
    assert!(matches!(scene.ask(Ask::Dialogue(Box::new(two))), Reply::Dialogue(Err(_))), "two hosts");
}

#[test]
fn lists_that_nobody_named() {
    let mut scene = Scene::new();
    let dir = scene.dir.path().display().to_string();
    let mine = scene.bytes("mine");
    let attacks: Vec<(&str, Vec<u8>, NamedBy)> = vec![
        ("any file of a user", scene.bytes("secret"), scene.by("ME")),
        ("any file of the DefaultUser", scene.bytes("secret"), NamedBy::default()),
        (
            "any file, with an alias that names another",
            scene.bytes("secret"),
            NamedBy { user: Vec::new(), alias: b"list".to_vec() },
        ),
        ("a user's .forward", scene.bytes(&format!("forward.{}", scene.me)), scene.by("ME")),
        ("the alias file", scene.bytes("aliases"), NamedBy::default()),
        ("passwords", b"/etc/shadow".to_vec(), scene.by("root")),
        ("passwords of the DefaultUser", b"/etc/shadow".to_vec(), NamedBy::default()),
        (
            "a named list by a detour",
            format!("{dir}/../{}/list", scene.dir.path().file_name().expect("a name").display()).into(),
            NamedBy::default(),
        ),
        ("a named list with a slash more", format!("{dir}//list").into(), NamedBy::default()),
        ("a named list with a blank", format!("{dir}/list ").into(), NamedBy::default()),
        ("a relative path", b"list".to_vec(), NamedBy::default()),
        ("a device", b"/dev/zero".to_vec(), NamedBy::default()),
        ("no path", Vec::new(), NamedBy::default()),
        ("a path with a NUL", b"/etc/passwd\0".to_vec(), NamedBy::default()),
        ("a list of one user as another", mine.clone(), scene.by("no-such-user-here")),
        ("a list of one user as root", mine, scene.by("root")),
    ];
    for (attack, path, by) in attacks {
        assert_eq!(
            scene.include(&path, by),
            Err(ListingError::Refused(String::from("Permission denied"))),
            "{attack}"
        );
        assert!(scene.is_well(), "{attack}");
    }
}

#[test]
fn details_and_names_without_sense() {
    let mut scene = Scene::new();
    let me = scene.me.clone().into_bytes();
    let own = scene.forward(&me, b"");
    assert!(own.is_ok());
    let secret = [b"x:", &scene.bytes("secret")[..]].concat();
    let details = [&b"x:y"[..], b"/../secret", b"\0", b"\x81z", b"../x", &[b'a'; 100_000], &secret];
    for detail in details {
        let found = scene.forward(&me, detail);
        assert!(found == own || found.is_err(), "{}", detail[..detail.len().min(40)].escape_ascii());
        assert!(scene.is_well());
    }
    for user in [&b"no-such-user-here"[..], b"", b"../x", b"a:b", b"\0", b"\xff\xfe", &[b'x'; 100_000]] {
        assert_eq!(scene.forward(user, b""), Err(ListingError::Absent));
        assert_eq!(scene.ask(Ask::User(user.to_vec())), Reply::User(Ok(None)));
    }
    for (key, first) in [(&b"x"[..], u32::MAX), (b"\0", 0), (&[b'k'; 1 << 20], 0), (b"", 7)] {
        assert!(matches!(scene.ask(Ask::Alias(key.to_vec(), first)), Reply::Alias(Ok(_))));
    }
    assert!(scene.is_well());
}

/// As root: what an alias names runs as the DefaultUser, and a `.forward` of somebody else counts for nothing.
#[test]
fn identities_as_root() {
    if !is_root() {
        eprintln!("SKIPPED: other users' rights are had by root only");
        return;
    }
    let mut scene = Scene::new();
    let place = scene.dir.path().display().to_string();
    let command = format!("id -u >>{place}/out/uid");
    std::fs::write(scene.path("aliases"), format!("uid: \"|{command}\"\n")).expect("a file");
    assert_eq!(scene.exit("prog", command.as_bytes(), Some(NamedBy::default())), 0);
    assert_eq!(std::fs::read_to_string(scene.path("out/uid")).expect("written"), "1\n");
    let mine = scene.bytes("mine");
    let me = scene.by("ME");
    assert!(scene.include(&mine, me.clone()).is_ok());
    let forward = scene.path(&format!("forward.{}", scene.me));
    std::os::unix::fs::chown(&forward, Some(2), Some(2)).expect("root");
    assert!(scene.include(&mine, me).is_err(), "a list that another's .forward names");
}

#[test]
fn lists_that_name_themselves() {
    let mut scene = Scene::new();
    let list = scene.bytes("list");
    let line = [b":include:", &list[..], b"\n"].concat();
    std::fs::write(scene.path("list"), line.repeat(30)).expect("a file");
    let begun = std::time::Instant::now();
    assert!(scene.include(&list, NamedBy::default()).is_ok());
    let secret = scene.bytes("secret");
    assert!(scene.include(&secret, NamedBy::default()).is_err());
    assert!(begun.elapsed() < Duration::from_secs(20));
}
