//! Tests that stand beside a configuration: questions in words, each with the answer that is wanted.
//!
//! In: the text of a test file, a loaded site. Out: a [`Report`]: what was answered, and of each wrong answer the place
//! and the way there; as text, page, TAP, JUnit or JSON; or the file with today's answers written in. Never here: which
//! files there are, and anything that outlives the questions.
//!
//! - `words`: a line cut into words; `syntax`: what they ask; `settings`: who asks
//! - `answer`: what is wanted and what was got, and whether they agree; `ask`: the questions put to the site
//! - `report`: the text; `page`; `formats`: TAP, JUnit, JSON; `record`: answers written into the file

mod answer;
mod ask;
mod formats;
mod page;
mod record;
mod report;
mod settings;
mod syntax;
mod words;

pub use answer::{Answer, Wanted};
pub use ask::{Asked, ask};
pub use formats::{json, junit, tap};
pub use page::page;
pub use record::recorded;
pub use report::{Outcome, Report, text};
pub use syntax::{Test, TestFile, USAGE};
