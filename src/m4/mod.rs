//! m4: a .mc and the cf library in, cf text out.
//!
//! In: texts, and a [`Host`] that answers for files, commands and output. Out: the expanded text, for a cf
//! together with the line that made each of its lines ([`CfText`]). Never here: knowledge of what a cf line
//! means; and nothing but `system` touches the disk or starts a program.
//!
//! In the order in which text meets them: `input` (what is being read), `lexer` (tokens), `symbols`
//! (definitions), `expand` (calls), `builtins` with `eval`, `format` and `regex`, `divert` (output),
//! `trace` and `synclines` (what `-d` and `-s` add), `frozen` (`-F`, `-R`), `origins`, `library` (the cf library's files), `findings`
//! with `scan`, `quotes` and `lint` (what is wrong with a .mc), `site` (all of it: `expand_mc`), `run` (the
//! command line).

mod builtins;
mod call;
mod divert;
mod eval;
mod expand;
mod findings;
mod float;
mod format;
mod frozen;
mod host;
mod input;
mod invoke;
mod lexer;
mod library;
mod lint;
mod messages;
mod options;
mod origins;
mod provenance;
mod quotes;
mod regex;
mod run;
mod said;
mod scan;
mod site;
mod symbols;
mod synclines;
mod system;
mod trace;
mod vocabulary;

pub use builtins::{BUILTINS, Builtin};
pub use host::{CommandStatus, Commands, Console, Files, Finding, FindingKind, Found, Host, NoCommands};
pub use lint::library_names;
pub(crate) use lint::{is_about_template, is_template_line};
pub use options::Settings;
pub use origins::{CfText, Origin, Source};
pub use run::{Step, run};
pub use site::{Doubtful, Expanded, McOptions, Mended, examine_mc, expand_mc, in_order, mend_mc};
pub use system::{DiskFiles, Shell};
pub use trace::DebugFlags;
