//! SASL (RFC 4422): somebody proves who he is, mostly by a password.
//!
//! In: what the other side says, decoded; as a client the name and password. Out: what is to be said next, and in the
//! end who it was. An exchange of the server needs to know something of a password ([`Question`]): it stops
//! ([`Step::Ask`]), and whoever runs it comes back with the [`Answer`]. Never here: sockets, chance, the clock, SMTP,
//! files (but for the site's `Sendmail.conf`).
//!
//! - `mechanism`: what there is, as rows, and who may use what; a file for each mechanism, both sides of it
//! - `secret`: what follows from a password, and nothing that it follows from
//! - `failure`: why somebody is turned away, in the words of Cyrus SASL, which people search their logs for
//! - `password_file`: users and what is kept of their passwords, in a passwd-style file
//! - `settings`: where the site's passwords are; `site_file` reads it from its `Sendmail.conf`
//! - `authinfo`: name and password for the next host, as the access map or a file holds them

mod authinfo;
mod bearer;
mod cram_md5;
mod digest_md5;
mod exchange;
mod external;
mod failure;
mod hash;
mod log_name;
mod login;
mod mechanism;
mod name;
mod password_file;
mod plain;
mod scram;
mod secret;
mod settings;
mod site_file;

pub use authinfo::{Credentials, credentials, of_file as credentials_of_file};
pub use exchange::{ChannelFacts, ClientExchange, ClientFacts, Exchange, ServerFacts, Step};
pub use failure::{Code, Failure};
pub use hash::Hash;
pub use log_name::shown_user;
pub use mechanism::{Conditions, MECHANISMS, Mechanism, Offered, asks_binding, find, offered, under_tls};
pub use password_file::PasswordFile;
pub use secret::{Answer, Proof, Question, Refusal, ScramKeys, derive};
pub use settings::{LdapSettings, Method, Settings};

#[cfg(test)]
mod tests;
