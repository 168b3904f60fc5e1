//! What a supervisor tells a front: a letter an order; behind one of them, what there is to know. The front says nothing.

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

/// Has whoever listened gone?
pub(super) fn is_deaf(mut socket: &UnixStream) -> bool {
    matches!(socket.read(&mut [0]), Ok(0))
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
        let given = [Order::Drain, refused, Order::Stop, Order::Dump];
        given.iter().for_each(|order| give(&ours, order));
        drop(ours);
        for order in given.into_iter().chain([Order::Stop]) {
            assert_eq!(orders.next().await, order);
        }
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
