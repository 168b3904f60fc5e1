//! The `explain` personality: what a client would be answered, and which lines of the configuration make it so.

use super::asking::load;
use super::dns::{self, DnsWords};
use super::output::{Shape, json};
use super::process;
use super::show::{print, style};
use super::start;
use crate::analysis::{self, Dns, Explanation, Question, Sources, Style};
use crate::config::RulesetId;
use crate::keeper::Keeper;
use crate::rewrite::Site;
use crate::schema::Sysexit;
use clap::Parser;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;
use std::sync::Arc;

/// Say what happens to mail for an address, and which lines of the configuration make it so
///
/// A client connects, says EHLO, MAIL and RCPT, and hears what this configuration answers; nothing is sent, and
/// nothing is left of it. The client is a stranger unless --client says who it is.
#[derive(Parser)]
#[command(name = "canonify explain", bin_name = "canonify explain")]
pub(super) struct Arguments {
    /// The configuration, a .cf or a .mc; rules of a .mc are shown with the line that made them
    #[arg(short = 'C', value_name = "FILE", default_value = "/etc/mail/sendmail.cf")]
    file: OsString,
    /// The client's address, and its name if it has one
    #[arg(long, value_name = "IP[=NAME]", default_value = "192.0.2.1=client.example", value_parser = analysis::parse_client)]
    client: crate::smtp::server::Client,
    /// What the client calls itself
    #[arg(long, value_name = "NAME", default_value = "client.example")]
    helo: OsString,
    /// The sender; empty for a bounce
    #[arg(long, value_name = "ADDRESS", default_value = "sender@client.example")]
    from: OsString,
    /// The client has logged in as this user
    #[arg(long, value_name = "ID")]
    auth: Option<OsString>,
    /// The client speaks TLS, and this came of the check of its certificate (OK, NO, FAIL …)
    #[arg(long, value_name = "VERIFY")]
    tls: Option<OsString>,
    /// A field of the message, for the checks of headers
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<OsString>,
    /// Ask only these rulesets, each on the result of the one before; $| parts two arguments
    #[arg(long, value_name = "SETS", conflicts_with = "html")]
    ruleset: Option<String>,
    /// Show each rule that changed something, with what it met and what it made
    #[arg(long)]
    rules: bool,
    /// The same, and rules that were tried and did not match
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    dns: DnsWords,
    #[command(flatten)]
    shape: Shape,
    /// Recipients, or what the rulesets are asked about
    #[arg(value_name = "ADDRESS", required = true)]
    addresses: Vec<OsString>,
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    process::run(dns::joined(args), run)
}

fn run(arguments: Arguments) -> Result<Sysexit, Sysexit> {
    let dns = arguments.dns.choose(Dns::Live)?;
    let (config, sources) = load(&arguments.file)?;
    // before anything starts a thread
    let keeper = start::keeper(&config)?;
    let runtime = start::runtime_of_one()?;
    runtime.block_on(async {
        let resolver = Arc::new(dns.dns.resolver(&config));
        let site = Arc::new(Site::new(config, resolver));
        let status = match &arguments.ruleset {
            Some(sets) => rulesets(&arguments, &site, sources, sets).await,
            None => addresses(&arguments, &site, &keeper, sources).await,
        }?;
        dns.finish()?;
        Ok(status)
    })
}

fn question(arguments: &Arguments) -> Question {
    let bytes = |text: &OsString| text.clone().into_vec();
    let mut macros = Vec::new();
    if let Some(id) = &arguments.auth {
        macros.extend([
            ("auth_authen", bytes(id)),
            ("auth_type", b"PLAIN".to_vec()),
            ("auth_ssf", b"0".to_vec()),
        ]);
    }
    macros.extend(arguments.tls.as_ref().map(|verify| ("verify", bytes(verify))));
    Question {
        client: arguments.client.clone(),
        helo: bytes(&arguments.helo),
        from: bytes(&arguments.from),
        macros,
        headers: arguments.header.iter().map(bytes).collect(),
        recipients: arguments.addresses.iter().map(bytes).collect(),
    }
}

async fn addresses(
    arguments: &Arguments,
    site: &Arc<Site>,
    keeper: &Keeper,
    sources: Sources,
) -> Result<Sysexit, Sysexit> {
    let asked = question(arguments);
    let explained = analysis::explain(site, keeper, sources, &asked, arguments.all).await;
    let explanation = explained.map_err(|error| {
        start::complain(&error.to_string());
        Sysexit::SOFTWARE
    })?;
    show(arguments, &explanation)?;
    Ok(Sysexit::OK)
}

fn show(arguments: &Arguments, explanation: &Explanation) -> Result<(), Sysexit> {
    let rules = arguments.rules || arguments.all;
    let text =
        |explanation: &Explanation, style: Style| analysis::text(explanation, Style { rules, ..style });
    arguments.shape.show(explanation, text, analysis::page)
}

async fn rulesets(
    arguments: &Arguments,
    site: &Arc<Site>,
    sources: Sources,
    sets: &str,
) -> Result<Sysexit, Sysexit> {
    let find = |name: &str| site.config.rulesets.find(name.as_bytes()).ok_or_else(|| name.to_owned());
    let sets: Vec<RulesetId> = sets.split(',').map(find).collect::<Result<_, _>>().map_err(|name| {
        start::complain(&format!("Undefined ruleset {name}"));
        Sysexit::USAGE
    })?;
    let asked = question(arguments);
    let text = asked.recipients.join(&b' ');
    let stages = analysis::explain_ruleset(site, sources, &asked, &sets, &text, arguments.all).await;
    match arguments.shape.json {
        true => print(&json(&stages)?),
        false => print(&analysis::stages(&stages, style(arguments.rules || arguments.all))),
    }
    Ok(Sysexit::OK)
}
