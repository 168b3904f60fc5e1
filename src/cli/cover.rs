//! The `cover` personality: which rules of a configuration run, how often and how long, and which never do.

use super::asking::{add_addresses, load, read};
use super::output::Shape;
use super::process;
use super::{show, start};
use crate::analysis::{Corpus, cover};
use crate::net::Resolver;
use crate::rewrite::Site;
use crate::schema::Sysexit;
use clap::Parser;
use std::ffi::OsString;
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
pub(super) struct Arguments {
    /// The configuration, a .cf or a .mc
    #[arg(short = 'C', value_name = "FILE", default_value = "/etc/mail/sendmail.cf")]
    file: OsString,
    /// What is asked, one to a line: ADDRESS [from=ADDRESS] [client=IP[=NAME]]
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
    #[command(flatten)]
    shape: Shape,
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    process::run(args, run)
}

fn run(arguments: Arguments) -> Result<Sysexit, Sysexit> {
    let (config, sources) = load(&arguments.file)?;
    let runtime = start::runtime_of_one()?;
    let coverage = runtime.block_on(async {
        let resolver = Arc::new(Resolver::for_config(&config));
        let site = Site::new(config, resolver);
        let corpus = corpus(&arguments, &site)?;
        Ok(cover::cover(&site, sources, &corpus, &show::bar("asking")).await)
    })?;
    arguments.shape.show(&coverage, cover::text, cover::page)?;
    Ok(Sysexit::OK)
}

fn corpus(arguments: &Arguments, site: &Site) -> Result<Corpus, Sysexit> {
    let Some(file) = &arguments.corpus else {
        let mut corpus = Corpus::common();
        corpus.add_site(site);
        return Ok(corpus);
    };
    let text = read(file)?;
    let mut corpus = Corpus::default();
    add_addresses(&mut corpus, file, &text)?;
    Ok(corpus)
}
