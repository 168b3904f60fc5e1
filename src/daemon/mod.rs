//! The house as a service: listeners, sessions, deliveries, queue runs, signals.
//!
//! In: a loaded configuration and the keeper. Out: a running daemon, or one pass over the queue.
//! Never here: how mail is written, delivered or reported; this room wires those that know, and closes
//! the one loop: a report goes back into the queue and out again.
//!
//! - [`House`]: what every way of running shares
//! - `delivery`: an envelope from the queue's hand to its end
//! - `gate`: the house as SMTP sessions see it
//! - `listen`: listeners and connections; `rates`: who connects how often
//! - `runs`: queue runs; `signals`: HUP, TERM, USR1; `pid_file`

mod age;
mod delivery;
mod gate;
mod house;
mod listen;
mod load;
mod pid_file;
mod rates;
mod runs;
mod serve;
mod verify;

pub use gate::Gate;
pub use house::House;
pub use serve::{Service, serve};
pub use verify::full_name;
