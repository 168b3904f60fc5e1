//! StatusFile: what a daemon counts, and what mailstats shows of it.

use crate::scratch::{CANONIFY, Scratch};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

fn mailstats(words: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(CANONIFY).arg("mailstats").args(words).output().expect("canonify runs");
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

fn send(scratch: &Scratch) {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, scratch.port)).expect("it listens");
    let mut lines = BufReader::new(stream.try_clone().expect("a socket")).lines();
    let mut said = |text: &str| {
        (&stream).write_all(text.as_bytes()).expect("it reads");
        let mut line = lines.next().expect("an answer").expect("an answer");
        while line.as_bytes().get(3) == Some(&b'-') {
            line = lines.next().expect("an answer").expect("an answer");
        }
        assert!(line.starts_with(['2', '3']), "{line}");
    };
    said("");
    said("EHLO client.example\r\n");
    said("MAIL FROM:<>\r\n");
    said(&format!("RCPT TO:<{}>\r\n", scratch.user));
    said("DATA\r\n");
    said("Subject: counted\r\n\r\nx\r\n.\r\n");
    said("QUIT\r\n");
}

#[test]
fn a_message_is_counted_where_a_file_is() {
    let scratch = Scratch::new(9);
    let file = scratch.etc("statistics");
    fs::write(&file, "").expect("our file");
    let cf = fs::read_to_string(scratch.cf()).expect("our cf");
    fs::write(scratch.cf(), format!("{cf}\nO StatusFile={}\n", file.display())).expect("our cf");
    let daemon = scratch.start();
    send(&scratch);
    let cf = scratch.cf();
    // The file is written now and then: a connection may stand in it before its message does.
    let counted = " T        1          1        1          1        0       0       0";
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut said = mailstats(&["-C", &cf, "-P"]).1;
    while !said.lines().any(|line| line == counted) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
        said = mailstats(&["-C", &cf, "-P"]).1;
    }
    drop(daemon);
    assert!(said.lines().any(|line| line == counted), "{said}");
    let table = mailstats(&["-C", &cf]).1;
    assert!(
        table.starts_with("Statistics from ") && table.contains("          1K        1          1K"),
        "{table}"
    );
    assert_eq!(mailstats(&["-C", &cf, "-p"]).0, Some(0));
    assert_eq!(fs::read(&file).expect("our file"), b"");
    fs::write(&file, "something else").expect("our file");
    let said = mailstats(&["-C", &cf]);
    assert_eq!(said, (Some(71), format!("mailstats: incorrect magic number in {}\n", file.display())));
}
