//! Bytes, descriptors and numbers of requests.

use super::*;

/// One frame whose content is bytes.
fn frame(content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32).to_le_bytes()[..], content].concat()
}

#[test]
fn frames_that_make_no_sense_end_the_connection() {
    let ask = |content: Ask, fds: u8| Frame { id: 1, fds, content }.encode();
    let user = ask(Ask::User(b"x".to_vec()), 0);
    let mut longer = user.clone();
    longer[0] += 1;
    longer.push(0);
    let deliver = || Ask::Deliver(Box::new(delivery("local", b"x", b"", None)));
    let attacks: Vec<(&str, Vec<u8>)> = vec![
        ("a length without end", vec![0xff; 4]),
        ("a frame too long", (9u32 << 20).to_le_bytes().to_vec()),
        ("a frame of nothing", vec![0; 4]),
        ("a request that is none", frame(&[1, 0, 0x7f])),
        ("a number without end", frame(&[0xff; 20])),
        ("a string longer than its frame", frame(&[1, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, b'x'])),
        ("bytes behind a request", longer),
        ("a delivery without its body", ask(deliver(), 0)),
        ("a descriptor that does not come", ask(deliver(), 1)),
        ("two descriptors that do not come", ask(deliver(), 2)),
        ("a descriptor for a look-up", ask(Ask::User(b"x".to_vec()), 1)),
        ("text", b"EHLO me\r\nMAIL FROM:<>\r\n".to_vec()),
    ];
    for (attack, bytes) in attacks {
        let mut scene = Scene::new();
        passing::send(&scene.socket, &bytes, &[]).expect("sent");
        assert!(scene.is_ended(), "{attack}");
    }
    let mut scene = Scene::new();
    passing::send(&scene.socket, &user[..user.len() - 1], &[]).expect("sent");
    let _ = scene.socket.shutdown(std::net::Shutdown::Write);
    assert!(scene.is_ended(), "a frame that ends too early");
}

#[test]
fn descriptors_that_nobody_asked_for() {
    let mut scene = Scene::new();
    let null = File::open("/dev/null").expect("it is there");
    let one = Frame { id: 1, fds: 0, content: Ask::User(b"x".to_vec()) }.encode();
    passing::send(&scene.socket, &one, &[null.as_fd()]).expect("sent");
    assert!(scene.answer().is_some(), "a descriptor beside a look-up");
    let full = vec![null.as_fd(); passing::MAX_DESCRIPTORS];
    let _ = passing::send(&scene.socket, &one, &full);
    assert!(scene.is_ended(), "more descriptors than there is use for");
    let mut scene = Scene::new();
    let two =
        Frame { id: 1, fds: 2, content: Ask::Deliver(Box::new(delivery("local", b"x", b"", None))) }.encode();
    passing::send(&scene.socket, &two, &[null.as_fd(), null.as_fd()]).expect("sent");
    assert!(scene.is_ended(), "two bodies");
}

#[test]
fn bodies_that_are_none() {
    let mut scene = Scene::new();
    let me = scene.me.clone().into_bytes();
    let (pipe, _end) = nix::unistd::pipe().expect("a pipe");
    let (stream, _other) = passing::pair().expect("a pair");
    let write_only = File::create(scene.path("write-only")).expect("a file");
    let open = |path: &str| OwnedFd::from(File::open(path).expect("it is there"));
    let bodies: Vec<(&str, OwnedFd)> = vec![
        ("a pipe that nobody writes to", pipe),
        ("a socket", stream.into()),
        ("a directory", open("/")),
        ("a device without end", open("/dev/zero")),
        ("a file that cannot be read", write_only.into()),
    ];
    for (attack, body) in bodies {
        let results = scene.deliver_body(delivery("local", &me, b"", None), body);
        assert_eq!(results[0].exit, TEMPFAIL, "{attack}");
        assert!(scene.is_well(), "{attack}");
    }
    let large = memory::file(&[b'x'; 40]).expect("memory").into();
    assert_eq!(
        scene.deliver_body(delivery("small", b"x", b"", None), large)[0].exit,
        DATAERR,
        "larger than M="
    );
    assert!(scene.is_well());
}

#[test]
fn requests_without_number_are_all_answered() {
    let mut scene = Scene::new();
    let socket = scene.socket.try_clone().expect("a descriptor");
    let writer = std::thread::spawn(move || {
        for id in 0..3000 {
            let content = match id % 3 {
                0 => Ask::Alias(b"other".to_vec(), 0),
                1 => Ask::User(b"root".to_vec()),
                _ => Ask::Include(b"/nowhere".to_vec(), NamedBy::default()),
            };
            // the same number twice is the front's own trouble
            let frame = Frame { id: id / 2, fds: 0, content };
            passing::send(&socket, &frame.encode(), &[]).expect("sent");
        }
    });
    assert_eq!((0..3000).filter(|_| scene.answer().is_some()).count(), 3000);
    writer.join().expect("sent");
    assert!(matches!(scene.ask_with(Ask::Alias(b"other".to_vec(), 0), &[]), Some(Reply::Alias(Ok(_)))));
}

/// Somebody's slow programs keep only that one's mail waiting.
#[test]
fn slow_deliveries_keep_no_look_up_waiting() {
    let mut scene = Scene::new();
    let aliases = format!("slow: \"|sleep 2; echo >>{}/out/ran\"\nother: ann\n", scene.dir.path().display());
    std::fs::write(scene.path("aliases"), &aliases).expect("a file");
    let command = format!("sleep 2; echo >>{}/out/ran", scene.dir.path().display());
    for id in 100..160 {
        let content =
            Ask::Deliver(Box::new(delivery("prog", command.as_bytes(), b"", Some(NamedBy::default()))));
        let body = memory::file(b"x\n").expect("memory");
        passing::send(&scene.socket, &Frame { id, fds: 1, content }.encode(), &[body.as_fd()]).expect("sent");
    }
    let begun = std::time::Instant::now();
    let ask = Frame { id: 7, fds: 0, content: Ask::Alias(b"other".to_vec(), 0) };
    passing::send(&scene.socket, &ask.encode(), &[]).expect("sent");
    let before = std::iter::from_fn(|| scene.answer()).take_while(|(id, _)| *id != 7).count();
    assert!(before < 20, "{before} deliveries of one share were answered before, in {:?}", begun.elapsed());
}
