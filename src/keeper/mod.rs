//! The keeper: a second process, forked before any thread exists, that does what only root may.
//!
//! In: requests of the front over one UNIX socket, many at a time; the body of a message as an open
//! file. Out: accounts, the text of `.forward` and `:include:` files, and the results of local
//! deliveries. The keeper finds out *itself*, from the files it reads itself, under
//! which uid and into which directory or command a recipient's mail goes: a front that lies can make
//! it do nothing that a mailer, an alias or a user's own `.forward` does not name.
//! Never here: SMTP, rules, the queue.
//!
//! Without root the same two processes run under one uid and deliver as that user only.

mod aliases;
mod body;
mod deliver;
mod front;
mod lists;
mod mailbox;
mod maildir;
mod named;
mod policy;
mod pool;
mod program;
mod protocol;
mod server;

pub use front::{FrontEnd, Keeper, KeeperEnd, ends, start};
pub use protocol::{Delivery, ListOwner, Listing, ListingError, MailerResult, Target, UserAnswer};
