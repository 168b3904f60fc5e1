//! The `cover` personality: which rules of a configuration run, how often and how long, and which never do.

use super::invocation::Invocation;
use super::modes::Mode;
use super::process::{complain, exit, parse};
use super::{show, site, start};
use crate::analysis::{Corpus, cover};
use crate::net::Resolver;
use crate::rewrite::Site;
use crate::schema::Sysexit;
use clap::Parser;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Say which rules of a configuration run, how often and how long, and which never do
///
/// Each question of the corpus is asked as a session asks it: client, sender, recipient, and how both are written on the
/// way to the recipient's mailer. Without --corpus the corpus is made of what the configuration knows: members of its
/// classes, keys of its maps, aliases, each in every shape of an address.
#[derive(Parser)]
#[command(name = "canonify cover", bin_name = "canonify cover", about)]
struct Arguments {
    /// The configuration, a .cf or a .mc
    #[arg(short = 'C', value_name = "FILE", default_value = "/etc/mail/sendmail.cf")]
    file: OsString,
    /// What is asked, one to a line: ADDRESS [from=ADDRESS] [client=IP[=NAME]]
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
    /// Print JSON
    #[arg(long, conflicts_with = "html")]
    json: bool,
    /// Write a page that stands for itself
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let arguments: Arguments = match parse(args) {
        Ok(arguments) => arguments,
        Err(status) => return exit(status),
    };
    exit(run(arguments).unwrap_or_else(|status| status))
}

fn run(arguments: Arguments) -> Result<Sysexit, Sysexit> {
    let cf = Some(arguments.file.clone().into_vec());
    let invocation = Invocation { mode: Mode::Test, cf, ..Invocation::default() };
    let (loaded, sources) = site::load_with_sources(&invocation)?;
    let config = Arc::new(loaded.config);
    let runtime = start::runtime_of_one()?;
    let coverage = runtime.block_on(async {
        let resolver = Arc::new(Resolver::for_config(&config));
        let site = Site::new(config, resolver);
        let corpus = corpus(&arguments, &site)?;
        Ok(cover::cover(&site, sources, &corpus, &show::bar("asking")).await)
    })?;
    if let Some(file) = &arguments.html {
        std::fs::write(file, cover::page(&coverage)).map_err(|error| {
            complain(&format!("{}: {error}", file.display()));
            Sysexit::CANTCREAT
        })?;
        return Ok(Sysexit::OK);
    }
    match arguments.json {
        true => {
            show::print(&(serde_json::to_string_pretty(&coverage).map_err(|_| Sysexit::SOFTWARE)? + "\n"))
        }
        false => show::print(&cover::text(&coverage, show::style(false))),
    }
    Ok(Sysexit::OK)
}

fn corpus(arguments: &Arguments, site: &Site) -> Result<Corpus, Sysexit> {
    let Some(file) = &arguments.corpus else {
        let mut corpus = Corpus::common();
        corpus.add_site(site);
        return Ok(corpus);
    };
    let text = std::fs::read(file).map_err(|error| {
        complain(&format!("cannot read {}: {error}", file.display()));
        Sysexit::NOINPUT
    })?;
    let mut corpus = Corpus::default();
    corpus.add_file(&text).map_err(|(line, why)| {
        complain(&format!("{}:{line}: {why}", file.display()));
        Sysexit::DATAERR
    })?;
    Ok(corpus)
}
