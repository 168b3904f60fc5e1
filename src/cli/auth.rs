//! The `auth` personality: log-ins, tried.

use super::asking::load;
use super::process::{self, complain};
use super::{asking, output, show, start};
use crate::analysis::{self, LogIn, LogInReport};
use crate::net::Resolver;
use crate::rewrite::Site;
use crate::sasl::{Credentials, Method, Settings};
use crate::schema::Sysexit;
use crate::smtp::server::Client;
use crate::sys::terminal;
use clap::Parser;
use clap::builder::PossibleValuesParser;
use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// The longest password that is read, in bytes.
const MAX_PASSWORD: u64 = 64 * 1024;

/// Try a log-in, and say which step fails
///
/// Logs in as a client would, without a daemon: reads what the daemon would read, looks whether those who know passwords
/// are there, runs a session with AUTH in memory, and shows each step. The password is asked for at a terminal, else it is
/// the first line of standard input. Run it as root: what root may not read and ask, the daemon may not either.
///
/// Ends with 0 if the client would be logged in, 77 if it would be refused, 75 if it would be told to try again, 69 if
/// the mechanism is not offered.
#[derive(Parser)]
#[command(name = "canonify auth", bin_name = "canonify auth")]
pub(super) struct Arguments {
    /// The configuration, a .cf or a .mc
    #[arg(short = 'C', value_name = "FILE", default_value = "/etc/mail/sendmail.cf")]
    file: OsString,
    /// The mechanism [default: the strongest that is offered]
    #[arg(short, long, value_name = "NAME")]
    mechanism: Option<OsString>,
    /// Who is asked for plain passwords [default: as pwcheck_method of Sendmail.conf has it]
    #[arg(long, value_name = "METHOD", value_parser = PossibleValuesParser::new(Method::ROWS.iter().map(|row| row.0)))]
    pwcheck: Option<String>,
    /// Read this file in the place of the site's Sendmail.conf
    #[arg(long, value_name = "FILE")]
    sasl_conf: Option<PathBuf>,
    /// As whom the client acts [default: USER]
    #[arg(long, value_name = "NAME")]
    authorize_as: Option<OsString>,
    /// The client speaks TLS
    #[arg(long)]
    tls: bool,
    /// The client's address, and its name if it has one
    #[arg(long, value_name = "IP[=NAME]", default_value = "192.0.2.1=client.example", value_parser = analysis::parse_client)]
    client: Client,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// What is done: a log-in is tried
    #[arg(value_name = "test", value_parser = ["test"], hide_possible_values = true)]
    what: String,
    /// Who logs in: a name, or name@realm
    user: OsString,
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    process::run(args, run)
}

fn run(test: Arguments) -> Result<Sysexit, Sysexit> {
    let (config, _) = load(&test.file)?;
    let settings = settings(&test)?;
    let password = password()?;
    // before anything starts a thread
    let keeper = start::keeper(&config)?;
    let json = test.json;
    let asked = asked(test, settings, password);
    let report = start::runtime_of_one()?.block_on(async {
        let resolver = Arc::new(Resolver::for_config(&config));
        analysis::log_in(&Arc::new(Site::new(config, resolver)), &keeper, asked).await
    });
    let report = report.map_err(|error| {
        complain(&format!("canonify auth test: {error}"));
        Sysexit::SOFTWARE
    })?;
    let text = if json { output::json(&report)? } else { analysis::log_in_text(&report, show::style(false)) };
    show::print(&text);
    Ok(status(&report))
}

fn settings(test: &Arguments) -> Result<Result<Settings, String>, Sysexit> {
    let settings = match &test.sasl_conf {
        Some(path) => Settings::of_text(&path.to_string_lossy(), &asking::read(path)?),
        None => Settings::of_site(),
    };
    let chosen = test.pwcheck.as_deref().and_then(|word| Method::named(word.as_bytes()));
    Ok(settings.map(|settings| match chosen {
        Some(method) => Settings { methods: vec![method], unknown_methods: Vec::new(), ..settings },
        None => settings,
    }))
}

fn password() -> Result<Vec<u8>, Sysexit> {
    let read = match terminal::secret("Password: ") {
        Some(answer) => answer,
        None => {
            let mut text = Vec::new();
            io::stdin().lock().take(MAX_PASSWORD).read_to_end(&mut text).map(|_| text)
        }
    };
    let text = read.map_err(|error| {
        complain(&format!("canonify auth test: the password cannot be read: {error}"));
        Sysexit::IOERR
    })?;
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
}

fn asked(test: Arguments, settings: Result<Settings, String>, password: Vec<u8>) -> LogIn {
    let id = test.user.into_vec();
    let user = test.authorize_as.map_or_else(|| id.clone(), OsStringExt::into_vec);
    LogIn {
        client: test.client,
        protected: test.tls,
        mechanism: test.mechanism.map(OsStringExt::into_vec),
        credentials: Credentials { user, id, password, ..Credentials::default() },
        settings,
    }
}

/// By the reply (RFC 4954, sections 4 and 6).
fn status(report: &LogInReport) -> Sysexit {
    match report.code {
        235 => Sysexit::OK,
        400..500 => Sysexit::TEMPFAIL,
        503 | 504 => Sysexit::UNAVAILABLE,
        _ => Sysexit::NOPERM,
    }
}
