//! The front's end of the socket: requests out, answers in, many at a time.
//!
//! In: the bytes of requests with the files that go along. Out: the answer to each, or that the keeper is gone. Whoever
//! has a request sends it at once, and with it what others have meanwhile; the answers are read by a task of the
//! runtime that the sessions run in, so that no thread stands between a session and the keeper. The task begins with the
//! first request: the link may exist before a runtime does. All who ask at the same time do so in the same runtime: with it ends
//! the reading.
//! Never here: what is asked.

use super::frame::{Inbox, MAX_ANSWER};
use super::protocol::Reply;
use crate::sys::passing;
use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::unix::pipe::Receiver;
use tokio::sync::{oneshot, watch};

/// An answer with the descriptors that came along.
pub(super) type Answered = (Reply, Vec<OwnedFd>);

/// The socket, and who waits for what.
pub(super) struct Link(Arc<Shared>);

struct Shared {
    socket: UnixStream,
    outbox: Mutex<Outbox>,
    waiting: Mutex<Waiting>,
    /// Has the keeper gone?
    gone: watch::Sender<bool>,
}

#[derive(Default)]
struct Waiting {
    last: u64,
    answers: HashMap<u64, oneshot::Sender<Answered>>,
    /// Does a task read the answers?
    read: bool,
}

#[derive(Default)]
struct Outbox {
    requests: VecDeque<Batch>,
    /// Somebody sends, and goes on until nothing is left.
    sending: bool,
}

/// What is sent in one go.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    files: Vec<Arc<File>>,
}

/// Files sent at once.
const MAX_BATCH: usize = 32;

impl Outbox {
    /// What waits, as far as it goes along at once.
    fn next(&mut self) -> Option<Batch> {
        let mut batch = self.requests.pop_front()?;
        while let Some(more) = self.requests.pop_front_if(|_| batch.files.len() < MAX_BATCH) {
            batch.bytes.extend_from_slice(&more.bytes);
            batch.files.extend(more.files);
        }
        Some(batch)
    }
}

impl Batch {
    /// Takes off what has been sent.
    fn sent(&mut self, count: usize) {
        if count > 0 {
            self.bytes.drain(..count);
            self.files.clear();
        }
    }

    fn send(
        &self,
        by: impl Fn(&[u8], &[std::os::fd::BorrowedFd<'_>]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let fds: Vec<_> = self.files.iter().map(|file| file.as_fd()).collect();
        by(&self.bytes, &fds)
    }
}

/// What a read that does not wait has found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Filled {
    /// All that has come so far, if anything has.
    All,
    /// Bytes, behind which there may be more.
    Part,
    /// The other end is gone, or sends too many descriptors.
    Ended,
}

/// Reads once without waiting.
fn fill_now(inbox: &mut Inbox, socket: &UnixStream) -> Filled {
    let mut all = false;
    let filled = inbox.fill_by(|buffer, fds| {
        let count = passing::receive_now(socket, buffer, fds)?;
        // the kernel ends a read behind bytes that descriptors came with, whatever stands there
        all = count < buffer.len() && fds.is_empty();
        Ok(count)
    });
    match filled {
        Ok(true) if all => Filled::All,
        Ok(true) => Filled::Part,
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Filled::All,
        _ => Filled::Ended,
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Sends what waits, as long as the socket takes it; the rest is left to a thread that can wait.
    fn send_waiting(self: &Arc<Self>) {
        while let Some(mut batch) = self.next_batch() {
            match batch.send(|bytes, fds| passing::send_now(&self.socket, bytes, fds)) {
                Ok(count) => batch.sent(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return passing::close(&self.socket),
            }
            if !batch.bytes.is_empty() {
                return self.send_patiently(batch);
            }
        }
    }

    /// `None`: nothing waits, and nobody sends any more.
    fn next_batch(&self) -> Option<Batch> {
        let mut outbox = locked(&self.outbox);
        let next = outbox.next();
        outbox.sending = next.is_some();
        next
    }

    /// The keeper reads slower than it is asked.
    fn send_patiently(self: &Arc<Self>, rest: Batch) {
        let shared = self.clone();
        let thread = std::thread::Builder::new().name("to keeper".into());
        let spawned = thread.spawn(move || {
            let mut next = Some(rest);
            while let Some(batch) = next {
                let sent =
                    batch.send(|bytes, fds| passing::send(&shared.socket, bytes, fds).map(|()| bytes.len()));
                if sent.is_err() {
                    return passing::close(&shared.socket);
                }
                next = shared.next_batch();
            }
        });
        if spawned.is_err() {
            passing::close(&self.socket);
        }
    }

    async fn read_answers(&self) -> io::Result<()> {
        self.socket.set_nonblocking(true)?;
        // like a pipe it is only read from: who waited for room to write, too, would wake with each request that the keeper takes
        let socket = Receiver::from_owned_fd_unchecked(self.socket.try_clone()?.into())?;
        let mut inbox = Inbox::new(MAX_ANSWER);
        loop {
            socket.readable().await?;
            let mut filled = Filled::All;
            let _ = socket.try_io(|| {
                filled = fill_now(&mut inbox, &self.socket);
                match filled {
                    // only what comes from now on makes it readable again
                    Filled::All => Err(io::Error::from(io::ErrorKind::WouldBlock)),
                    _ => Ok(()),
                }
            });
            if filled == Filled::Ended {
                return Ok(());
            }
            self.hand_out(&mut inbox)?;
        }
    }

    fn hand_out(&self, inbox: &mut Inbox) -> io::Result<()> {
        while let Some((frame, fds)) = inbox.next::<Reply>().map_err(|_| io::ErrorKind::InvalidData)? {
            let waiting = locked(&self.waiting).answers.remove(&frame.id);
            if let Some(answer) = waiting {
                // whoever asked may have given up
                let _ = answer.send((frame.content, fds));
            }
        }
        Ok(())
    }
}

/// Reads answers, for as long as the runtime lives.
struct Reading(Arc<Shared>);

impl Drop for Reading {
    fn drop(&mut self) {
        // whoever waits learns that there is no answer
        let mut waiting = locked(&self.0.waiting);
        waiting.read = false;
        waiting.answers.clear();
    }
}

impl Link {
    /// Nothing happens until the first request.
    pub(super) fn new(socket: UnixStream) -> Self {
        let (outbox, waiting) = Default::default();
        Self(Arc::new(Shared { socket, outbox, waiting, gone: watch::Sender::new(false) }))
    }

    /// A place for the answer to a request, with its number; `None` when the keeper is gone. To be called in a runtime.
    fn enter(&self) -> Option<(u64, oneshot::Receiver<Answered>)> {
        let mut waiting = locked(&self.0.waiting);
        if self.is_gone() {
            return None;
        }
        self.read(&mut waiting);
        waiting.last += 1;
        let id = waiting.last;
        let (answer, answered) = oneshot::channel();
        waiting.answers.insert(id, answer);
        Some((id, answered))
    }

    fn read(&self, waiting: &mut Waiting) {
        if std::mem::replace(&mut waiting.read, true) {
            return;
        }
        let reading = Reading(self.0.clone());
        tokio::spawn(async move {
            let shared = &reading.0;
            // an end is an end, for whatever reason
            let _ = shared.read_answers().await;
            passing::close(&shared.socket);
            shared.gone.send_replace(true);
        });
    }

    /// One request, whose bytes are made of its number; `None` when the keeper is gone.
    pub(super) async fn ask(
        &self,
        encode: impl FnOnce(u64) -> Vec<u8>,
        file: Option<Arc<File>>,
    ) -> Option<Answered> {
        let (id, answered) = self.enter()?;
        let request = Batch { bytes: encode(id), files: file.into_iter().collect() };
        let sending = {
            let mut outbox = locked(&self.0.outbox);
            outbox.requests.push_back(request);
            std::mem::replace(&mut outbox.sending, true)
        };
        if !sending {
            self.0.send_waiting();
        }
        answered.await.ok()
    }

    /// Has the keeper died?
    pub(super) fn is_gone(&self) -> bool {
        *self.0.gone.borrow()
    }

    /// Waits until the keeper is gone. To be called in a runtime.
    pub(super) async fn gone(&self) {
        // who reads the answers sees it go
        self.read(&mut locked(&self.0.waiting));
        // the sender lives as long as this handle
        let _ = self.0.gone.subscribe().wait_for(|gone| *gone).await;
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // the keeper finishes what it has begun and ends
        passing::close(&self.0.socket);
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::Frame;
    use super::*;

    fn frame(content: &[u8], fds: u8) -> Vec<u8> {
        Frame { id: 7, fds, content: content.to_vec() }.encode()
    }

    #[test]
    fn a_read_that_does_not_wait_says_whether_there_may_be_more() {
        let (here, there) = passing::pair().expect("a pair");
        let mut inbox = Inbox::new(1000);
        assert_eq!(fill_now(&mut inbox, &there), Filled::All);
        passing::send(&here, &frame(b"one", 0), &[]).expect("sent");
        assert_eq!(fill_now(&mut inbox, &there), Filled::All);
        assert!(inbox.next::<Vec<u8>>().is_ok_and(|frame| frame.is_some()));
        let file = tempfile::tempfile().expect("a file");
        passing::send(&here, &frame(b"one", 1), &[file.as_fd()]).expect("sent");
        passing::send(&here, &frame(b"two", 0), &[]).expect("sent");
        assert_eq!(fill_now(&mut inbox, &there), Filled::Part);
        passing::send(&here, &vec![0; 65_537], &[]).expect("sent");
        assert_eq!(fill_now(&mut inbox, &there), Filled::Part);
        drop(here);
        while fill_now(&mut inbox, &there) != Filled::Ended {}
    }
}
