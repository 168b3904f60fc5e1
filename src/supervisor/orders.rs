//! What a supervisor tells a front: one byte an order. The front says nothing.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use tokio::io::AsyncReadExt;

/// One order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// Another front takes the connections from now on: end when what is under way is done.
    Drain = b'd' as isize,
    /// End in good order, soon.
    Stop = b's' as isize,
    /// Say in the log what is going on (SIGUSR1).
    Dump = b'u' as isize,
}

const ALL: [Order; 3] = [Order::Drain, Order::Stop, Order::Dump];

/// Gives an order. A front that is gone needs none, and one that does not listen to so few bytes is lost anyway.
pub(super) fn give(mut socket: &UnixStream, order: Order) {
    let _ = socket.write(&[order as u8]);
}

/// Has whoever listened gone?
pub(super) fn is_deaf(mut socket: &UnixStream) -> bool {
    matches!(socket.read(&mut [0]), Ok(0))
}

/// The front's end.
pub struct Orders(tokio::net::UnixStream);

impl Orders {
    /// To be called in a runtime.
    ///
    /// # Errors
    /// When the runtime cannot watch the socket.
    pub fn new(socket: UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self(tokio::net::UnixStream::from_std(socket)?))
    }

    /// The next order. A supervisor that is gone has said to stop.
    pub async fn next(&mut self) -> Order {
        match self.0.read_u8().await {
            Ok(byte) => ALL.into_iter().find(|order| *order as u8 == byte).unwrap_or(Order::Stop),
            Err(_) => Order::Stop,
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
        ALL.into_iter().for_each(|order| give(&ours, order));
        drop(ours);
        for order in [Order::Drain, Order::Stop, Order::Dump, Order::Stop] {
            assert_eq!(orders.next().await, order);
        }
    }
}
