//! Which rules run, how often and how long; which never do, and which maps are never asked or never answer.
//!
//! In: a loaded site, and a corpus, a log, or what a daemon has counted itself. Out: a [`Coverage`], as text, JSON or page. The
//! questions are those that a session asks: client, sender, recipient, then the forms of both on the way to the
//! recipient's mailer. Never here: a message, a session, anything that outlives the questions.
//!
//! - `counter`: the observer that counts; `ask`: the questions
//! - `coverage`: the counts beside the lines of the cf and of the .mc; `show`: as text and as a page

mod ask;
mod counter;
mod coverage;
mod show;

pub use ask::Coverer;
pub use coverage::{Coverage, MapCount, Origin, RuleCount};
pub use show::{page, text};
