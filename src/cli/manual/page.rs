//! One manual page: what clap knows of a command, and the sections that sendmail's have besides.

use crate::cli::personality::Personality;
use crate::schema::Sysexit;
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::io;

/// Sections that are no options: of a page, a heading, and terms with what they are.
type Section = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const SECTIONS: &[Section] = &[
    (
        "sendmail",
        "QUEUE RUNS",
        &[
            ("-q", "once, and then the end"),
            (
                "-qTIME",
                "again and again after that time: -q30m, -q1h. With -bd beside it the daemon does both",
            ),
            ("-qpTIME", "the same by processes that stay; here it is no difference"),
            ("-qf", "once, in the foreground"),
            ("-qGNAME", "that queue group only"),
            ("-q[!]ITEXT", "messages whose identifier has the text in it; with ! those whose has not"),
            ("-q[!]RTEXT", "those with such a recipient"),
            ("-q[!]STEXT", "those with such a sender"),
            ("-q[!]QTEXT", "those in quarantine for such a reason"),
            ("-qL", "lost queue files, which could not be believed"),
        ],
    ),
    (
        "sendmail",
        "ENVIRONMENT",
        &[
            (
                "CANONIFY_LOG",
                "stderr: log lines go to standard error and not to syslog; json: the same as JSON, an object a line",
            ),
            (
                "CANONIFY_HOSTS",
                "a hosts file that names are looked up in, and in no name server; for trying things out",
            ),
        ],
    ),
    (
        "sendmail",
        "FILES",
        &[
            ("/etc/mail/sendmail.cf", "configuration of the daemon"),
            ("/etc/mail/submit.cf", "configuration for messages from users"),
            ("/etc/mail/aliases, /etc/aliases", "aliases; the configuration says which"),
            ("/var/spool/mqueue", "the queue"),
            (
                "/var/spool/mqueue-client, /var/spool/clientmqueue",
                "what users have handed in while no daemon was there",
            ),
        ],
    ),
    ("makemap", "FILES", &[("/etc/mail/sendmail.cf", "for TrustedUser, who then owns the database")]),
    ("newaliases", "FILES", &[("/etc/mail/aliases, /etc/aliases", "aliases; the configuration says which")]),
    ("mailq", "FILES", &[("/var/spool/mqueue", "the queue; the configuration says which")]),
];

/// Names whose pages stand in section 1, since users call them.
const USERS: &[&str] = &["mailq", "newaliases", "vacation"];

/// The name of a command's page: that of its link, or canonify's with a hyphen.
pub(super) fn name(command: &Command) -> String {
    command.get_name().replace(' ', "-")
}

/// Administrators' programs have section 8.
pub(super) fn section(command: &Command) -> &'static str {
    let name = command.get_name();
    if USERS.contains(&name) || name.starts_with("canonify") { "1" } else { "8" }
}

/// The page.
pub(super) fn roff(command: Command, names: &[Personality]) -> io::Result<Vec<u8>> {
    let (name, section) = (name(&command), section(&command));
    let has_names = command.has_subcommands();
    let is_sendmails = !name.starts_with("canonify");
    // names with a blank are those of two words
    let command = command.display_name(name.clone());
    let man = Man::new(command).title(name.clone()).section(section).source("canonify").manual("canonify");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if has_names {
        terms("NAMES", names.iter().map(|row| (row.name.to_owned(), row.about.to_owned())), &mut page)?;
    } else {
        man.render_extra_section(&mut page)?;
    }
    for (_, heading, rows) in SECTIONS.iter().filter(|(of, ..)| *of == name) {
        let rows = rows.iter().map(|(term, text)| ((*term).to_owned(), (*text).to_owned()));
        terms(heading, rows, &mut page)?;
    }
    if is_sendmails {
        exit_status(&mut page)?;
    }
    see_also(&name, names, &mut page)?;
    Ok(page)
}

fn terms(heading: &str, rows: impl Iterator<Item = (String, String)>, page: &mut Vec<u8>) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", [heading]);
    for (term, text) in rows {
        roff.control("TP", []);
        roff.text([bold(term)]);
        roff.text([roman(text)]);
    }
    roff.to_writer(page)
}

/// What sysexits.h has, which is what all of sendmail's names end with.
fn exit_status(page: &mut Vec<u8>) -> io::Result<()> {
    let named = (64..=78).filter_map(|code| Some((code.to_string(), Sysexit(code).text()?.to_owned())));
    terms("EXIT STATUS", [("0".to_owned(), "Success".to_owned())].into_iter().chain(named), page)
}

fn see_also(name: &str, names: &[Personality], page: &mut Vec<u8>) -> io::Result<()> {
    let commands = names.iter().map(|row| (row.command)());
    let links = commands.filter(|command| !command.get_name().contains(' ') && command.get_name() != name);
    let links = links.map(|command| format!("{}({})", command.get_name(), section(&command)));
    let whole = (name != "canonify").then(|| "canonify(1)".to_owned());
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman(links.chain(whole).collect::<Vec<_>>().join(", "))]);
    roff.to_writer(page)
}
