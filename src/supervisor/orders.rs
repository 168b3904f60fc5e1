//! What a supervisor tells a front: a letter an order; behind one of them, what there is to know. The front answers in single
//! letters: it is alive, or somebody has asked it over the control socket for an end or a restart.

use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use tokio::io::AsyncReadExt;

/// One order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Order {
    /// Another front takes the connections from now on: end when what is under way is done.
    Drain,
    /// End in good order, soon.
    Stop,
    /// Say in the log what is going on (SIGUSR1).
    Dump,
    /// Say that all is well.
    Ping,
    /// Know that a newer configuration was refused.
    Refused(Refusal),
}

/// A configuration that was not taken.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Refusal {
    /// When: seconds since the epoch.
    pub at: i64,
    /// Why, in one line.
    pub why: String,
}

impl Order {
    fn letter(&self) -> u8 {
        match self {
            Self::Drain => b'd',
            Self::Stop => b's',
            Self::Dump => b'u',
            Self::Ping => b'p',
            Self::Refused(_) => b'r',
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.letter()];
        if let Self::Refused(refusal) = self {
            // text and a number can always be written
            bytes.extend(postcard::to_stdvec(refusal).unwrap_or_default());
        }
        bytes
    }

    /// Takes the first order out of what has come; `None`: there is no whole one yet. What is none says to stop.
    fn take(bytes: &mut Vec<u8>) -> Option<Self> {
        let (&letter, rest) = bytes.split_first()?;
        let (order, left) = match letter {
            b'd' => (Self::Drain, rest.len()),
            b'u' => (Self::Dump, rest.len()),
            b'p' => (Self::Ping, rest.len()),
            b'r' => match postcard::take_from_bytes(rest) {
                Ok((refusal, rest)) => (Self::Refused(refusal), rest.len()),
                Err(postcard::Error::DeserializeUnexpectedEnd) => return None,
                Err(_) => (Self::Stop, rest.len()),
            },
            _ => (Self::Stop, rest.len()),
        };
        bytes.drain(..bytes.len() - left);
        Some(order)
    }
}

/// Gives an order. A front that is gone needs none, and one that does not listen to so few bytes is lost anyway.
pub(super) fn give(mut socket: &UnixStream, order: &Order) {
    let _ = socket.write(&order.bytes());
}

/// What a front says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// It works.
    Alive,
    /// A restart is wanted, as by SIGHUP.
    Restart,
    /// The end is wanted, as by SIGTERM.
    Stop,
}

/// Each with its letter.
const WORDS: [(u8, Word); 3] = [(b'a', Word::Alive), (b'h', Word::Restart), (b't', Word::Stop)];

impl Word {
    /// Says it. A supervisor that does not listen to so few bytes is gone.
    pub fn say(self, mut socket: &UnixStream) {
        if let Some((letter, _)) = WORDS.iter().find(|(_, word)| *word == self) {
            let _ = socket.write(&[*letter]);
        }
    }
}

/// What a front has said since it was listened to last; `None`: it has gone. Other letters are none of a front's.
pub(super) fn heard(mut socket: &UnixStream) -> Option<Vec<Word>> {
    let mut letters = [0; 64];
    match socket.read(&mut letters) {
        Ok(0) => None,
        Ok(length) => {
            let word = |letter: &u8| WORDS.iter().find(|(known, _)| known == letter).map(|(_, word)| *word);
            Some(letters[..length].iter().filter_map(word).collect())
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Some(Vec::new()),
        Err(_) => None,
    }
}

/// The front's end.
pub struct Orders {
    socket: tokio::net::UnixStream,
    /// What has come and is no whole order yet.
    heard: Vec<u8>,
}

impl Orders {
    /// To be called in a runtime.
    ///
    /// # Errors
    /// When the runtime cannot watch the socket.
    pub fn new(socket: UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self { socket: tokio::net::UnixStream::from_std(socket)?, heard: Vec::new() })
    }

    /// The next order; nothing is lost when nobody waits for it any more. A supervisor that is gone has said to stop.
    pub async fn next(&mut self) -> Order {
        loop {
            if let Some(order) = Order::take(&mut self.heard) {
                return order;
            }
            if !matches!(self.socket.read_buf(&mut self.heard).await, Ok(1..)) {
                return Order::Stop;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn orders_come_in_turn_and_the_end_is_one() {
        let (ours, theirs) = UnixStream::pair().expect("descriptors");
        let mut orders = Orders::new(theirs).expect("a runtime");
        let refused = Order::Refused(Refusal { at: 1_800_000_000, why: "site.cf: line 3: no".into() });
        let given = [Order::Drain, Order::Ping, refused, Order::Stop, Order::Dump];
        given.iter().for_each(|order| give(&ours, order));
        drop(ours);
        for order in given.into_iter().chain([Order::Stop]) {
            assert_eq!(orders.next().await, order);
        }
    }

    #[test]
    fn a_front_is_heard_as_long_as_it_is_there() {
        let (ours, mut theirs) = UnixStream::pair().expect("descriptors");
        ours.set_nonblocking(true).expect("a socket");
        assert_eq!(heard(&ours), Some(Vec::new()));
        WORDS.iter().for_each(|(_, word)| word.say(&theirs));
        theirs.write_all(b"xyz").expect("a socket");
        assert_eq!(heard(&ours), Some(WORDS.map(|(_, word)| word).to_vec()));
        drop(theirs);
        assert_eq!(heard(&ours), None);
    }

    #[test]
    fn half_an_order_is_none() {
        let whole = Order::Refused(Refusal { at: 1, why: "because".into() }).bytes();
        for length in 0..whole.len() {
            assert_eq!(Order::take(&mut whole[..length].to_vec()), None);
        }
        assert_eq!(Order::take(&mut b"x".to_vec()), Some(Order::Stop));
    }
}
