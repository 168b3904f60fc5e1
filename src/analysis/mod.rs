//! What a configuration does, and why: answers for people, not for mail.
//!
//! In: a loaded site, a keeper, a question (who connects, what is said). Out: an [`Explanation`]: the replies that a
//! client would get, and which rules and look-ups made them, each with its place in the cf and in the .mc. It is
//! written as text, JSON or a page. Never here: anything that lasts; no message is taken, and nothing is told to
//! anybody else.
//!
//! - [`Question`]: what is asked; `session`: a client that asks it of a real [`crate::smtp::server::Session`]
//! - `recorder`: the events of the engine, kept as a tree of [`Step`]s
//! - [`Sources`]: from a rule or a look-up to the line that was written
//! - [`Corpus`]: names to ask about, and the shapes of addresses; `gather`: those that a site knows
//! - `explain`: all of it joined; `text`, `html`: how it is shown
//! - [`lint`]: what is wrong with it; [`relay`] with `relay_shapes`: is there a way for strangers?
//! - [`cover`]: which rules run, and which never do
//! - [`testing`]: tests that stand beside a configuration

mod corpus;
pub mod cover;
mod explain;
mod gather;
mod html;
pub mod lint;
mod question;
mod recorder;
pub mod relay;
mod relay_shapes;
mod session;
mod sources;
mod step;
pub mod testing;
mod text;

pub use corpus::{Case, Corpus, CorpusClient, OUTSIDE, SHAPES, SOMEBODY, STRANGER, Shape};
pub use explain::{Explanation, Forms, RecipientAnswer, explain, explain_ruleset};
pub use html::page;
pub use question::{Question, parse_client};
pub use sources::{Place, Sources};
pub use step::{Call, Decision, Exchange, Lookup, RuleUse, Stage, Step};
pub use text::{Style, stages, text};
