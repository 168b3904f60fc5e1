//! The control socket (ControlSocketName): one command a connection, for whoever may open the socket.
//!
//! In: a line. Out: what sendmail answers to it; the supervisor hears of a restart or an end that is asked for. Never here: clients of
//! SMTP, and more than the commands of [`COMMANDS`].

use super::load;
use super::mta::Mta;
use crate::addr::one_line;
use crate::queue;
use crate::schema::span;
use crate::smtp::server::help_lines;
use crate::supervisor::Word;
use crate::sys::process::Pid;
use std::future::Future;
use std::io;
use std::os::unix::net;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

/// No command is longer.
const MAX_COMMAND: u64 = 1024;

/// What a command works with.
pub(super) struct Controlled {
    pub(super) mta: Arc<Mta>,
    /// The daemon's first process.
    pub(super) supervisor: Pid,
    /// The way to it.
    pub(super) orders: net::UnixStream,
}

/// What a command answers.
type Answer<'a> = Pin<Box<dyn Future<Output = Vec<u8>> + Send + 'a>>;

/// One command.
struct Command {
    name: &'static [u8],
    run: for<'a> fn(&'a Controlled) -> Answer<'a>,
    /// What the supervisor hears when it is answered.
    word: Option<Word>,
}

const COMMANDS: &[Command] = &[
    Command { name: b"help", run: |it| Box::pin(help(it)), word: None },
    Command { name: b"status", run: |it| Box::pin(async { status(it) }), word: None },
    Command { name: b"mstat", run: |it| Box::pin(mstat(it)), word: None },
    Command { name: b"memdump", run: |_| Box::pin(async { MEMDUMP.to_vec() }), word: None },
    Command { name: b"restart", run: |_| Box::pin(async { b"OK\r\n".to_vec() }), word: Some(Word::Restart) },
    Command { name: b"shutdown", run: |_| Box::pin(async { b"OK\r\n".to_vec() }), word: Some(Word::Stop) },
];

const MEMDUMP: &[u8] = b"Memory dump unavailable.\r\nTo fix, run sendmail with -dsm_check_heap.4\r\n";

/// Answers as long as it is polled.
pub(super) async fn serve(listener: net::UnixListener, controlled: Controlled) -> io::Result<()> {
    let listener = UnixListener::from_std(listener)?;
    let controlled = Arc::new(controlled);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(answer(stream, controlled.clone()));
    }
}

async fn answer(stream: UnixStream, controlled: Arc<Controlled>) {
    let patience = match span(controlled.mta.site.config.options.timeout.control) {
        Duration::ZERO => Duration::MAX,
        limit => limit,
    };
    // who says nothing, or does not read, goes without
    let _ = timeout(patience, converse(stream, &controlled)).await;
}

async fn converse(mut stream: UnixStream, controlled: &Controlled) {
    let mut line = Vec::new();
    let (reader, mut writer) = stream.split();
    let mut reader = reader.take(MAX_COMMAND);
    while !line.contains(&b'\n') && matches!(reader.read_buf(&mut line).await, Ok(1..)) {}
    let word = line.split(u8::is_ascii_whitespace).find(|word| !word.is_empty()).unwrap_or_default();
    let command = COMMANDS.iter().find(|command| word.eq_ignore_ascii_case(command.name));
    let text = match command {
        Some(command) => (command.run)(controlled).await,
        None => [b"Bad command (", &one_line(word)[..], b")\r\n"].concat(),
    };
    if writer.write_all(&text).await.is_err() {
        return;
    }
    let _ = writer.shutdown().await;
    if let Some(word) = command.and_then(|command| command.word) {
        word.say(&controlled.orders);
    }
}

async fn help(controlled: &Controlled) -> Vec<u8> {
    help_lines(&controlled.mta.server, b"control").await
}

/// Sessions and messages under way: each is a process with sendmail.
fn children(mta: &Mta) -> usize {
    mta.clients.count() + *mta.under_way.borrow()
}

/// What each of the processes does, or would do with sendmail.
fn tasks(controlled: &Controlled) -> Vec<String> {
    let (mta, front) = (&controlled.mta, std::process::id());
    let mut tasks = vec![format!("{} accepting connections", controlled.supervisor)];
    let sessions = mta.clients.addresses().into_iter();
    tasks.extend(sessions.map(|address| format!("{front} SMTP server child for {address}")));
    let messages = *mta.under_way.borrow();
    if messages > 0 {
        tasks.push(format!("{front} delivering {messages} messages"));
    }
    tasks.push(format!("{front} console socket child"));
    tasks
}

fn status(controlled: &Controlled) -> Vec<u8> {
    let mta = &controlled.mta;
    let options = &mta.site.config.options;
    let head = format!(
        "{}/{}/{}/{}",
        children(mta),
        options.max_daemon_children,
        load::free_kilobytes(options),
        crate::sys::load::average()
    );
    let lines = std::iter::once(head).chain(tasks(controlled));
    lines.map(|line| line + "\r\n").collect::<String>().into_bytes()
}

async fn mstat(controlled: &Controlled) -> Vec<u8> {
    let mta = controlled.mta.clone();
    let lengths = tokio::task::spawn_blocking(move || queue::lengths(mta.queue.options()));
    let (lengths, mta) = (lengths.await.unwrap_or_default(), &controlled.mta);
    let options = &mta.site.config.options;
    let mut lines = vec![
        format!("C:{}", children(mta)),
        format!("M:{}", options.max_daemon_children),
        format!("L:{}", crate::sys::load::average()),
    ];
    lines.extend(lengths.iter().map(|(group, messages)| format!("Q:{group}:{messages}")));
    lines.push(format!("D:0/./{}", load::free_kilobytes(options)));
    lines.extend(tasks(controlled).into_iter().map(|task| format!("P:{task}")));
    lines.into_iter().map(|line| line + "\r\n").collect::<String>().into_bytes()
}
