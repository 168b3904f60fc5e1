//! The supervisor: the first process of a daemon, whose id is in the pid file. It binds the listening sockets,
//! starts keeper and front, and starts both again when one of them dies.
//!
//! In: a loaded configuration, signals, the ends of keeper and front. Out: a [`Role`] for each process that it
//! makes, orders for the front, the daemon's exit status. Never here: a thread, a runtime, or anything that is
//! read from the network; from a front single letters of three, from a keeper a few bytes of known length, from the child that looks at a new
//! configuration why it is refused.
//!
//! - [`Supervisor`]: the loop; `generation`: a keeper and its front, and how often they may die
//! - `sockets`: what DaemonPortOptions names; `inheritance`: what a supervisor leaves to its successor at SIGHUP
//! - `local_sockets`: for orders and counters
//! - `news`: what a keeper tells of itself and its front
//! - [`Orders`]: what a front is told; `pid_file`

mod generation;
mod inheritance;
mod local_sockets;
mod news;
mod orders;
mod pid_file;
mod sockets;
mod supervise;

pub use inheritance::Inheritance;
pub use local_sockets::{LocalListener, LocalSockets};
pub use orders::{Order, Orders, Refusal, Word};
pub use sockets::Listening;
pub use supervise::{Check, Front, KeeperRole, Role, Setup, Supervisor};
