//! The `rewrite` personality: addresses in, one to a line, rewritten addresses out.

use super::Mode;
use super::invocation::Invocation;
use super::site::load_site;
use crate::addr::{Table, Token};
use crate::config::{Config, RulesetId};
use crate::engine::{ScanMode, Scope, put_tokens, scan};
use crate::logging::Tracer;
use crate::net::Resolver;
use crate::rewrite::{AddressKind, Parsed, Site, parseaddr, run};
use crate::schema::{Reply, Sysexit};
use clap::Parser;
use std::ffi::OsString;
use std::io::{BufRead, BufWriter, Write};
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;
use std::sync::Arc;

/// Rewrite addresses from standard input, one to a line
#[derive(Parser)]
#[command(name = "canonify rewrite", bin_name = "canonify rewrite", about)]
struct Arguments {
    /// The configuration, a .cf or a .mc
    #[arg(short = 'C', value_name = "FILE", default_value = "/etc/mail/sendmail.cf")]
    file: OsString,
    /// Rulesets by number or name, each on the result of the one before
    #[arg(short, value_name = "SETS", default_value = "3,0")]
    rulesets: String,
    /// Print the resolved mailer, host and user of each address, one JSON object to a line
    #[arg(long)]
    json: bool,
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(args) {
        Ok(arguments) => arguments,
        Err(error) => {
            let wrong = error.use_stderr();
            // nobody is left to be told when both streams are gone
            drop(error.print());
            return exit(if wrong { Sysexit::USAGE } else { Sysexit::OK });
        }
    };
    exit(serve(&arguments))
}

fn exit(status: Sysexit) -> ExitCode {
    ExitCode::from(u8::try_from(status.0).unwrap_or(70))
}

fn serve(arguments: &Arguments) -> Sysexit {
    let invocation =
        Invocation { mode: Mode::Test, cf: Some(arguments.file.clone().into_vec()), ..Invocation::default() };
    let loaded = match load_site(&invocation) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Sysexit::OSERR;
    };
    let resolver = Arc::new(Resolver::for_config(&loaded.config));
    let site = Site::new(Arc::new(loaded.config), resolver);
    let sets = match rulesets(&site.config, &arguments.rulesets) {
        Ok(sets) => sets,
        Err(name) => {
            eprintln!("Undefined ruleset {name}");
            return Sysexit::USAGE;
        }
    };
    let outcome = runtime.block_on(every_line(&site, &sets, arguments.json));
    if outcome.is_ok() { loaded.exit } else { Sysexit::IOERR }
}

fn rulesets(config: &Config, list: &str) -> Result<Vec<RulesetId>, String> {
    let find = |name: &str| config.rulesets.find(name.as_bytes()).ok_or_else(|| name.to_owned());
    list.split(',').map(find).collect()
}

async fn every_line(site: &Site, sets: &[RulesetId], json: bool) -> std::io::Result<()> {
    let mut input = std::io::stdin().lock();
    let mut output = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let (mut line, mut out) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return output.flush();
        }
        let address = line.trim_ascii();
        out.clear();
        match json {
            true => resolved(site, address, &mut out).await,
            false => rewritten(site, sets, address, &mut out).await,
        }
        out.push(b'\n');
        output.write_all(&out)?;
    }
}

/// The workspace that the last ruleset leaves, tokens parted by blanks as `-bt` prints them.
async fn rewritten(site: &Site, sets: &[RulesetId], address: &[u8], out: &mut Vec<u8>) {
    let config = &site.config;
    let table = if config.level >= 9 { Table::NoComment } else { Table::Internal };
    let mut scope = Scope::default();
    let operators = &site.program.operators;
    let mut tokens: Vec<Token> =
        scan(operators, &config.names, address, ScanMode::whole(table), &mut Errors).tokens;
    if tokens.is_empty() {
        return;
    }
    for set in sets {
        tokens = run(site, &mut scope, &mut Errors, *set, tokens).await.0;
    }
    put_tokens(&config.names, &tokens, out);
    if out.first() == Some(&b' ') {
        out.remove(0);
    }
}

/// `{"address":…,"mailer":…,"host":…,"user":…}`; refused ones have `"error"`.
async fn resolved(site: &Site, address: &[u8], out: &mut Vec<u8>) {
    let mut scope = Scope::default();
    let quiet = &mut crate::logging::Quiet;
    let parsed = parseaddr(site, &mut scope, quiet, address, AddressKind::RECIPIENT).await;
    put_json(address, &parsed, out);
}

fn put_json(address: &[u8], parsed: &Parsed, out: &mut Vec<u8>) {
    let mut field = |name: &str, value: &[u8]| {
        out.extend_from_slice(if out.is_empty() { b"{\"" } else { b",\"" });
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        put_string(value, out);
    };
    field("address", address);
    if let Some(triple) = &parsed.triple {
        field("mailer", &triple.mailer);
        if let Some(host) = &triple.host {
            field("host", host);
        }
        field("user", &triple.user);
    }
    if let Some(reply) = parsed.problems.first() {
        field("error", &reply.to_line());
    }
    out.push(b'}');
}

fn put_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for c in String::from_utf8_lossy(text).chars() {
        match c {
            '"' | '\\' => out.extend([b'\\', c as u8]),
            c if c < ' ' => out.extend_from_slice(format!("\\u{:04x}", c as u32).as_bytes()),
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

/// Messages go to standard error.
struct Errors;

impl Tracer for Errors {
    fn level(&self, _category: u8) -> u8 {
        0
    }
    fn line(&mut self, text: &[u8]) {
        eprintln!("{}", String::from_utf8_lossy(text));
    }
    fn reply(&mut self, reply: &Reply) {
        self.line(&reply.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_escaped() {
        let mut out = Vec::new();
        put_json(b"a\"\\\x01@b", &Parsed::default(), &mut out);
        assert_eq!(out, br#"{"address":"a\"\\\u0001@b"}"#);
    }
}
