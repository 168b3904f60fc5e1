//! What the library says in the course of the expansion: put where it belongs, with what to write instead, and
//! said once.

use super::copied;
use crate::diag::{Diagnostic, Place};
use crate::m4::host::FindingKind;
use crate::m4::said::{Said, excerpt};
use crate::m4::scan::Survey;

/// Words of the library's messages, and what its reader should write.
const REMEDIES: &[(&str, &str)] = &[
    (
        "excess arguments to builtin `define'",
        "a comma divides the value: put it in quotes, or write defn(`NAME') for NAME",
    ),
    ("excess arguments", "a comma divides the text: put it in one more pair of quotes"),
    ("FEATURE() should be before MAILER()", "move it before the first MAILER"),
    ("must appear after FEATURE(", "move the FEATURE before the first MAILER"),
    ("must occur before MAILER(local)", "move it before MAILER(`local')"),
    ("requires FEATURE(`access_db')", "write FEATURE(`access_db')dnl before it"),
    ("requires FEATURE(access_db)", "write FEATURE(`access_db')dnl before it"),
    ("requires FEATURE(`delay_checks')", "write FEATURE(`delay_checks')dnl before it"),
    ("already included", "take one of the two MAILERs out"),
    ("duplicate OSTYPE", "keep one OSTYPE, before the first FEATURE"),
    ("You are trying to use the Berkeley", "write a file domain/NAME.m4 beside the .mc, and DOMAIN(`NAME')"),
    ("You have not specified a valid operating", "write OSTYPE(`linux') for Linux"),
    ("missing argument for FEATURE(`dnsbl')", "name the list: FEATURE(`dnsbl', `LIST.EXAMPLE.ORG')"),
    ("missing argument for FEATURE(`enhdnsbl')", "name the list: FEATURE(`enhdnsbl', `LIST.EXAMPLE.ORG')"),
    ("FEATURE(nouucp)", "write FEATURE(`nouucp', `reject') or FEATURE(`nouucp', `nospecial')"),
    ("FEATURE(nopercenthack)", "write FEATURE(`nopercenthack', `reject') or (`nopercenthack', `nospecial')"),
    ("FEATURE(delay_checks)", "write FEATURE(`delay_checks'), or `friend' or `hater' as its argument"),
    ("for FEATURE(`nocanonify')", "write FEATURE(`nocanonify'), or FEATURE(`nocanonify', `canonify_hosts')"),
    ("for FEATURE(`conncontrol')", "its arguments are `nodelay' and `terminate'"),
    ("for FEATURE(`ratecontrol')", "its arguments are `nodelay' and `terminate'"),
    ("FEATURE(`conncontrol'): unknown", "its arguments are `nodelay' and `terminate'"),
    ("FEATURE(`ratecontrol'): unknown", "its arguments are `nodelay' and `terminate'"),
    ("MAILER() should be before", "move the MAILERs before this section"),
    ("must appear before MAILER(", "write the MAILERs in this order"),
    ("missing -T<TMPF>", "write FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access')"),
    ("as open", "take it out; who may relay stands in RELAY_DOMAIN(`...') or in the access map"),
    ("FEATURE(`greet_pause') before", "move it after FEATURE(`access_db')"),
    ("does not work well with", "take one of the two out"),
    ("define either Hater or Friend", "write `friend' or `hater' as the argument of FEATURE(`delay_checks')"),
    ("LUSER_RELAY should be defined", "move define(`LUSER_RELAY', `...')dnl before it"),
    ("SSH_MAILER_DIR must be", "write define(`SSH_MAILER_DIR', `...')dnl before it"),
    ("SSH_MAILER_USER must be", "write define(`SSH_MAILER_USER', `...')dnl before it"),
    ("\"nullclient\" requires", "name the hub: FEATURE(`nullclient', `mailhub.example.com')"),
    ("compound confMIN_FREE_BLOCKS", "write confMIN_FREE_BLOCKS and confMAX_MESSAGE_SIZE, a define each"),
    ("Antispam rules not available", "write another define(`confDELIVERY_MODE', `...') than `deferred'"),
    ("_RELAY_DB_FROM_DOMAIN_ requires", "write FEATURE(`relay_mail_from', `domain')"),
];

/// Words of the library's messages, and of the findings that tell the same better.
const SAME: &[(&str, &str)] = &[
    ("before MAILER()", "FEATURE after"),
    ("must appear after FEATURE(", "FEATURE after"),
    ("must occur before MAILER(", "FEATURE after"),
    ("FEATURE(blacklist_recipients)", "is the old name of"),
];

/// Where the expansion and the look at the text tell of the same thing, one of them will do; and what the
/// library says at its end gets the place of the define that it is about.
pub(in crate::m4) fn reconcile(
    file: &str,
    text: &[u8],
    survey: &Survey,
    said: &mut Vec<Said>,
    found: &mut Vec<Diagnostic>,
) {
    for said in said.iter_mut().filter(|said| said.diagnostic.place.file != file) {
        relocate(file, text, survey, &mut said.diagnostic);
    }
    said.retain(|said| !is_told(said, file, found));
    found.retain(|found| !takes_name_of(found, said));
    let explained = |said: &&mut Said| matches!(said.kind, FindingKind::Errprint | FindingKind::Warning);
    for said in said.iter_mut().filter(explained) {
        let message = &said.diagnostic.message;
        let row = REMEDIES.iter().find(|row| message.contains(row.0));
        let help = row.map(|row| row.1.to_owned());
        said.diagnostic.help = said.diagnostic.help.take().or(help);
    }
    let mut seen: Vec<Diagnostic> = Vec::new();
    said.retain(|said| {
        let again = seen.contains(&said.diagnostic);
        seen.push(said.diagnostic.clone());
        !again
    });
    copied::keep_template_apart(text, said, found);
}

/// Has the look at the text told of this already?
fn is_told(said: &Said, file: &str, found: &[Diagnostic]) -> bool {
    let message = &said.diagnostic.message;
    let place = &said.diagnostic.place;
    let here = |words: &str| {
        found.iter().any(|found| {
            (&found.place.file, found.place.line) == (&place.file, place.line)
                && found.message.contains(words)
        })
    };
    match said.kind {
        FindingKind::OpenQuote | FindingKind::OpenArguments => {
            found.iter().any(|found| found.message.contains(" never ") && found.place.line > 0)
        }
        FindingKind::Warning if message.starts_with("excess arguments") => here("is lost"),
        FindingKind::Warning => message.starts_with("end of file treated as newline"),
        FindingKind::Errprint if here("OSTYPE after") && place.file == file => true,
        // what a cf lacks of a .mc is no news
        FindingKind::Errprint if place.line == 0 && found.iter().any(copied::is_made_already) => true,
        FindingKind::Errprint => SAME.iter().any(|row| message.contains(row.0) && here(row.1)),
        _ => false,
    }
}

/// A name out of use of which the library tells as well: its words, with our place and help.
fn takes_name_of(found: &Diagnostic, said: &mut [Said]) -> bool {
    let name = found.message.strip_suffix("' is out of use").and_then(|rest| rest.strip_prefix('`'));
    let Some(name) = name else { return false };
    let same = said.iter_mut().find(|said| {
        said.diagnostic.place.line == found.place.line && said.diagnostic.message.contains(name)
    });
    let Some(same) = same else { return false };
    same.diagnostic.help = found.help.clone();
    same.diagnostic.place.column = found.place.column;
    true
}

/// A message of the library about a name that the .mc defines belongs to that define; any other that
/// comes at its end is about the whole file.
fn relocate(file: &str, text: &[u8], survey: &Survey, told: &mut Diagnostic) {
    let words = told.message.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names: Vec<&str> = words.filter(|word| word.starts_with("conf")).collect();
    let defines = survey.calls.iter().filter(|call| call.called() && call.name == "define");
    let Some(call) = defines.filter(|call| names.contains(&call.text(0))).max_by_key(|call| call.at) else {
        if told.message.starts_with("No system type defined") {
            told.place = Place { file: file.to_owned(), line: 0, column: 0 };
            told.excerpt = None;
            told.help = Some("OSTYPE(`linux') for Linux, before the first FEATURE".to_owned());
        }
        return;
    };
    let (line, column) = survey.place(call.at);
    told.place = Place { file: file.to_owned(), line, column };
    told.excerpt = excerpt(text, line);
}
