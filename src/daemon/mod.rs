//! The MTA as a service: listeners, sessions, deliveries, queue runs, signals.
//!
//! In: a loaded configuration and the keeper. Out: a running daemon, or one pass over the queue.
//! Never here: how mail is written, delivered or reported; this room wires those that know, and closes
//! the one loop: a report goes back into the queue and out again.
//!
//! - [`Mta`]: what every way of running shares
//! - `delivery`: an envelope from the queue's hand to its end; `lease`: its right to be delivered
//! - `acceptor`: the MTA as SMTP sessions see it
//! - `confine`: what the front gives up before it talks to anybody
//! - `listen`: listeners and connections; `proxy`: whose connection a proxy hands on; `ident`: who calls; `rates`: who connects how often; `clients`: who is connected;
//!   `throttle`: how many in a second
//! - `waiting`: what the log says of those who wait for a run
//! - `control`: the control socket; `metrics`: counters for Prometheus
//! - `status`: what `canonify status` is told
//! - `serve`: start, what the supervisor says, the end; `runs`: queue runs; `verbose_run`: one that is watched

mod acceptor;
mod before_answer;
#[cfg(test)]
mod attacks;
mod clients;
mod confine;
mod control;
mod dead_letters;
mod delivery;
mod ident;
mod listen;
mod failures;
mod lateness;
mod lease;
mod load;
mod metrics;
mod mta;
mod proxy;
mod rates;
mod recent;
mod refused_log_ins;
mod receivers;
mod reports;
mod returned_header;
mod runs;
mod serve;
mod throttle;
mod tls_reports;
mod status;
mod verbose_run;
mod verify;
mod waiting;

pub use acceptor::DaemonAcceptor;
pub use confine::{Confinement, confine};
pub use load::should_queue;
pub use mta::Mta;
pub use serve::{Service, serve};
pub use status::{RulesUsed, Status, file_journal, sockets as status_sockets};
pub use verify::{full_name_of, look_up};
