//! The `cover` personality: which rules of a configuration run, how often and how long, and which never do.

use super::asking::{add_addresses, load, read, threads};
use super::logs;
use super::output::Shape;
use super::process::{self, complain};
use super::progress::Progress;
use super::status::ask_fronts;
use crate::analysis::cover::{self, Coverage, Coverer};
use crate::analysis::{Corpus, Sources};
use crate::config::Config;
use crate::daemon::RulesUsed;
use crate::net::Resolver;
use crate::rewrite::Site;
use crate::schema::Sysexit;
use clap::Parser;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Say which rules of a configuration run, how often and how long, and which never do
///
/// Each question of the corpus is asked as a session asks it: client, sender, recipient, and how both are written on the
/// way to the recipient's mailer. Without --corpus the corpus is made of what the configuration knows: members of its
/// classes, keys of its maps, aliases, each in every shape of an address. With --log the questions are those of a log, as
/// often as they are there. With --live nothing is asked: the running daemon says what its rules have done since it read
/// its configuration.
#[derive(Parser)]
#[command(name = "canonify cover", bin_name = "canonify cover")]
pub(super) struct Arguments {
    /// The configuration, a .cf or a .mc
    #[arg(short = 'C', value_name = "FILE", default_value = "/etc/mail/sendmail.cf")]
    file: OsString,
    /// What is asked, one to a line: ADDRESS [from=ADDRESS] [client=IP[=NAME]]
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
    /// Ask what these logs tell of, as often as they do; - is standard input
    #[arg(long, value_name = "MAILLOG", conflicts_with = "corpus")]
    log: Vec<PathBuf>,
    /// Ask the running daemon what its rules have done
    #[arg(long, conflicts_with_all = ["corpus", "log"])]
    live: bool,
    /// How many threads ask; 0 for as many as there are processors
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0)]
    threads: usize,
    #[command(flatten)]
    shape: Shape,
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    process::run(args, run)
}

fn run(arguments: Arguments) -> Result<Sysexit, Sysexit> {
    let (config, sources) = load(&arguments.file)?;
    let coverage = match arguments.live {
        true => live(&arguments, &config, sources)?,
        false => asked(&arguments, config, sources)?,
    };
    arguments.shape.show(&coverage, cover::text, cover::page)?;
    Ok(Sysexit::OK)
}

fn asked(arguments: &Arguments, config: Arc<Config>, sources: Sources) -> Result<Coverage, Sysexit> {
    let resolver = Arc::new(Resolver::for_config(&config));
    let site = Site::new(config, resolver);
    let progress = Progress::new();
    let tell = |questions| progress.add(questions);
    let mut coverer = Coverer::new(&site, threads(arguments.threads), &tell);
    let unable = |error: io::Error| {
        complain(&error.to_string());
        Sysexit::OSERR
    };
    progress.begin("asking", 0);
    if arguments.log.is_empty() {
        coverer.corpus(&corpus(arguments, &site)?).map_err(unable)?;
    } else {
        logs::events(&arguments.log, &|_| {}, &mut |event| coverer.event(event))?;
    }
    coverer.finish(sources).map_err(unable)
}

fn corpus(arguments: &Arguments, site: &Site) -> Result<Corpus, Sysexit> {
    let Some(file) = &arguments.corpus else {
        let mut corpus = Corpus::common();
        corpus.add_site(site);
        return Ok(corpus);
    };
    let mut corpus = Corpus::default();
    add_addresses(&mut corpus, file, &read(file)?)?;
    Ok(corpus)
}

/// What the daemon says of itself; of several fronts the newest one that has this configuration.
fn live(arguments: &Arguments, config: &Config, sources: Sources) -> Result<Coverage, Sysexit> {
    let refused = |why: String| {
        complain(&format!("canonify cover: {why}"));
        Sysexit::UNAVAILABLE
    };
    let (mut answers, _) = ask_fronts(config, RulesUsed::ask).map_err(refused)?;
    answers.sort_by_key(|answer| std::cmp::Reverse(answer.loaded));
    let fitting = answers
        .iter()
        .find_map(|answer| Coverage::of_daemon(config, sources.clone(), &answer.uses, answer.loaded));
    fitting.ok_or_else(|| {
        let theirs = String::from_utf8_lossy(&answers[0].file).into_owned();
        let ours = arguments.file.to_string_lossy();
        refused(format!(
            "the daemon's rules, of {theirs} as it was at its start, are not those of {ours} as it is now"
        ))
    })
}
