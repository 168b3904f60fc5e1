//! mail.local: appends a message to the mailboxes of users, or does so as an LMTP server on its standard input.
//!
//! In: a message and who it is for, on the command line or by LMTP (`lmtp.rs`). Out: mailboxes in mbox format
//! (`mailbox.rs`), an exit status or an answer for each recipient. Never here: aliases, .forward, where mail goes.

mod lmtp;
mod mailbox;
mod text;

use super::caller::Caller;
use super::maptool::{self, Letter, flag, option};
use super::process::{complain, exit};
use crate::schema::Sysexit;
use clap::Command;
use mailbox::{Mailboxes, NotDelivered};
use std::ffi::OsString;
use std::io::Read;
use std::process::ExitCode;

const USAGE: &str = "usage: mail.local [-7] [-b] [-d] [-l] [-f from|-r from] [-h filename] user ...";

const LETTERS: &[Letter] = &[
    flag(b'7', "with -l: do not offer 8BITMIME"),
    flag(b'b', "a mailbox that is full is an error for good, not for now"),
    flag(b'd', "this is a delivery: nothing else is"),
    option(b'D', "DATABASE", "where users are looked up: pw, the system's accounts"),
    option(b'f', "SENDER", "the sender's name"),
    option(b'h', "FILE", "into this file of the user's home directory instead of /var/mail"),
    flag(b'l', "speak LMTP on standard input and output"),
    option(b'r', "SENDER", "the same as -f"),
];

/// Its command line.
pub(super) fn command() -> Command {
    maptool::command("mail.local", "store mail in mailboxes", LETTERS).long_about(
        "Appends the message on standard input to the mailbox of each user, with a line `From SENDER DATE' before it and an empty line behind \
         it; a line that begins with `From ' behind an empty one gets a `>'. The mailbox is locked with flock and with USER.lock beside it, \
         and holds a message whole or not at all. It ends with 69 if a user got nothing, with 75 if that may change.",
    )
}

/// What the command line asks for.
#[derive(Default)]
struct Request {
    seven_bit: bool,
    full_is_final: bool,
    lmtp: bool,
    sender: Option<Vec<u8>>,
    file: Option<Vec<u8>>,
    users: Vec<Vec<u8>>,
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    exit(read(args).and_then(|request| run(&request)).map_or_else(|status| status, |()| Sysexit::OK))
}

fn read(args: Vec<OsString>) -> Result<Request, Sysexit> {
    let usage =
        |problem: &[u8]| maptool::usage(problem, &format!("mail.local: {USAGE}"), Sysexit::UNAVAILABLE);
    let words = maptool::getopt(args, LETTERS).map_err(|problem| usage(&problem))?;
    let mut request = Request { users: words.rest, ..Request::default() };
    for (letter, value) in words.options {
        match letter {
            b'7' => request.seven_bit = true,
            b'b' => request.full_is_final = true,
            b'l' => request.lmtp = true,
            b'h' => request.file = Some(value),
            b'D' if value != b"pw" => {
                let name = String::from_utf8_lossy(&value).into_owned();
                complain(&format!("mail.local: Can not open mailbox database {name}: Service unavailable"));
                return Err(Sysexit::UNAVAILABLE);
            }
            b'f' | b'r' if request.sender.is_some() => return Err(usage(b"mail.local: Multiple -f options")),
            b'f' | b'r' => request.sender = Some(value),
            _ => {}
        }
    }
    if request.users.is_empty() && !request.lmtp { Err(usage(b"")) } else { Ok(request) }
}

fn run(request: &Request) -> Result<(), Sysexit> {
    let mailboxes = Mailboxes { file: request.file.as_deref(), full_is_final: request.full_is_final };
    if request.lmtp {
        if !request.users.is_empty() {
            super::show::print("421 Users should not be specified in command line if LMTP required\r\n");
            return Err(Sysexit::TEMPFAIL);
        }
        return lmtp::serve(&mailboxes, request.seven_bit);
    }
    let mut message = Vec::new();
    if let Err(error) = std::io::stdin().lock().read_to_end(&mut message) {
        return Err(told(&NotDelivered::later(crate::sys::errno_text(&error).into_bytes())));
    }
    let sender = request.sender.clone().unwrap_or_else(|| Caller::of_process().name);
    let text = text::as_mailbox(&sender, &message);
    let mut status = Ok(());
    for user in &request.users {
        if let Err(why) = mailboxes.deliver(user, &text) {
            // for now outweighs for good: the mail stays
            let new = told(&why);
            status = if status == Err(Sysexit::TEMPFAIL) { status } else { Err(new) };
        }
    }
    status
}

fn told(why: &NotDelivered) -> Sysexit {
    complain(&format!("mail.local: {}", String::from_utf8_lossy(&why.text)));
    if why.for_now { Sysexit::TEMPFAIL } else { Sysexit::UNAVAILABLE }
}
