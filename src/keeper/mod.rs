//! The keeper: a second process, forked before any thread exists, that does what only root may.
//!
//! In: requests of the front over one UNIX socket, many at a time; the body of a message as an open
//! file. Out: accounts, the text of `.forward` and `:include:` files, and the results of local
//! deliveries. The keeper finds out *itself*, from the files it reads itself, under
//! which uid and into which directory or command a recipient's mail goes: a front that lies can make
//! it do nothing that a mailer, an alias or a user's own `.forward` does not name.
//! Never here: SMTP, rules, the queue, the configuration (it is given [`KeeperSettings`]).
//!
//! From the socket on: `frame` takes requests out of bytes, `server` answers them, `pool` has each done in its
//! turn, `service` is what all of them share. `named` says whether somebody named what the front asks for, `lists` and `aliases` read the files that
//! do, `accounts` remembers accounts; `rights` says as whom a mailer acts, `arguments` fills in what it is told; `deliver` joins them and hands
//! over to `mailbox`, `maildir` or `program`; `dialogue` begins those that a program has with the front. `tls_files` reads keys and certificates, `map_files` opens maps. `front` is the other end, in the front's own process, over its `link`;
//! there `watched` has what it knows of such files, `recent` of aliases.
//!
//! Without root the same two processes run under one uid and deliver as that user only.

mod accounts;
mod aliases;
mod arguments;
mod body;
mod deliver;
mod dialogue;
mod frame;
mod from_config;
mod front;
#[cfg(test)]
mod hostile;
mod link;
mod lists;
mod mailbox;
mod maildir;
mod maildir_batch;
mod map_files;
mod named;
mod pool;
mod program;
mod protocol;
mod recent;
mod rights;
mod secrets;
mod server;
mod service;
mod settings;
mod tls_files;
mod watched;

pub use front::{FrontEnd, Keeper, KeeperEnd, ends, raw_end, start};
pub use mailbox::append_message;
pub use protocol::{
    AliasAnswer, DEAD_LETTERS, Delivery, ListOwner, Listing, ListingAnswer, ListingError, ListingNote,
    MailerResult, NamedBy, Signature, Target, TlsFileAnswer, UserAnswer,
};
pub use secrets::{PasswordSources, SERVICE};
pub use settings::{KeeperSettings, MapNeeds, NamedFile, TlsFile};
pub use watched::{Files, WatchedFiles};
