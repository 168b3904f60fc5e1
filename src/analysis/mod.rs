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
//! - `explain`: all of it joined; `text`, `html`: how it is shown, by lines as `layout` makes them
//! - `asker`: many questions with answers of one line; `questions` makes them of a corpus, `poll` puts them to a `side`
//! - `maillog`: what a log tells (`log_line`: its lines); `replay`: the same asked again
//! - `why`: single changes (`remedies`) that would make it as somebody wants it (`wish`, `why_case`), each tried
//! - `diff`: two configurations compared; `hunks`: what differs between their texts, `cause`: what of it has which effect
//! - [`lint`]: what is wrong with it; [`relay`] with `relay_shapes`, `relay_page`: is there a way for strangers?
//! - [`cover`]: which rules run, and which never do
//! - [`debugger`]: a run of test mode, walked through both ways
//! - [`log_in`]: one log-in, step by step; `passwords`: those who know passwords, looked at and asked
//! - [`testing`]: tests that stand beside a configuration

mod asker;
mod cause;
mod corpus;
pub mod cover;
pub mod debugger;
mod decided;
mod destination;
mod diff;
mod diff_text;
mod dns;
mod explain;
mod gather;
mod html;
mod hunks;
mod layout;
pub mod lint;
mod log_in;
mod log_in_step;
mod log_line;
mod maillog;
mod passwords;
mod poll;
mod question;
mod questions;
mod recorder;
pub mod relay;
mod relay_page;
mod relay_shapes;
mod remedies;
mod replay;
mod replay_causes;
mod replay_text;
mod session;
mod side;
mod sources;
mod step;
pub mod testing;
mod text;
mod why;
mod why_case;
mod why_text;
mod wish;

pub use asker::{Answer, Ask, Asker, Form};
pub use corpus::{Case, Corpus, CorpusClient, OUTSIDE, SHAPES, SOMEBODY, STRANGER, Shape};
pub use decided::{explained, refused_by};
pub use diff::{Asking, DiffError, Difference, Example, Group, NamedText, difference};
pub use diff_text::{difference_lines, difference_page, difference_text};
pub use dns::{Dns, KnownDomains, Snapshot};
pub use explain::{Explanation, Forms, RecipientAnswer, explain, explain_ruleset};
pub use gather::MAX_NAMES;
pub use html::page;
pub use hunks::Edit;
pub use layout::Style;
pub use log_in::{LogIn, LogInReport, log_in, log_in_text};
pub use log_in_step::LogInStep;
pub use maillog::{LogEvent, LoggedRecipient, MailLog, bare};
pub use poll::{Tell, answers};
pub use question::{Question, parse_client};
pub use questions::{Questions, distinct_mailers};
pub use relay_page::relay_page;
pub use replay::{Outcome, Replay, ReplayGroup, Replayer};
pub use replay_text::{replay_page, replay_text};
pub use side::{Entry, Loading, Side};
pub use sources::{Place, Sources};
pub use step::{Call, Decision, Exchange, Lookup, RuleUse, Stage, Step};
pub use text::{stages, text};
pub use why::{Proposal, Why, WhyAsking, why};
pub use why_case::{WhyCase, is_reply};
pub use why_text::{why_page, why_text};
pub use wish::Wish;
