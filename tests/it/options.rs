//! docs/options.md is the table of options in other words, and what it calls implemented is read by
//! something that acts on it.

use canonify::schema::{Form, MaySet, OPTIONS, OptionRow, Status, TIMEOUTS};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn form(form: Form) -> String {
    match form {
        Form::Bool => "true or false".to_owned(),
        Form::Int => "number".to_owned(),
        Form::Octal => "octal number".to_owned(),
        Form::Time(unit) => format!("time, unit {}", char::from(unit)),
        Form::Text => "text".to_owned(),
        Form::Expanded => "text, macros expanded at once".to_owned(),
        Form::Special => "own form".to_owned(),
    }
}

/// Defaults that the table cannot say as a cf would.
const DEFAULTS: [(&str, &str); 11] = [
    ("authserv_id", "`$j`"),
    ("blank_sub", "a blank"),
    ("default_user", "mailnull, sendmail or daemon, else `1:1`"),
    ("dont_probe_interfaces", "`False`"),
    ("max_mime_header_length", "`2048/1024`"),
    ("queue_la", "8 for each processor"),
    ("refuse_la", "12 for each processor"),
    ("service_user", "`canonify`"),
    ("super_safe", "`True`"),
    ("time_zone_spec", "TZ is cleared"),
    ("timeout", "see below"),
];

/// A default as one would write it in a cf.
fn default(row: &OptionRow) -> String {
    if let Some((_, said)) = DEFAULTS.iter().find(|(field, _)| *field == row.field) {
        return (*said).to_owned();
    }
    let text =
        row.default.strip_prefix("Some(").and_then(|text| text.strip_suffix(')')).unwrap_or(row.default);
    if ["None", "()", "Vec::new()"].contains(&text)
        || text.ends_with("::empty()")
        || text.ends_with("::default()")
    {
        return "none".to_owned();
    }
    let written = match (row.form, text.split_once("::")) {
        (Form::Bool, _) if text == "true" => "True".to_owned(),
        (Form::Bool, _) => "False".to_owned(),
        (Form::Octal, _) => format!("0{:o}", number(text)),
        (Form::Time(_), _) => duration(number(text)),
        (_, Some((_, variant))) if !text.starts_with("i32") => variant.to_ascii_lowercase(),
        _ if text.starts_with("b\"") => bytes(text),
        _ if text.starts_with("b'") => text[2..text.len() - 1].to_owned(),
        _ if text == "false" => "False".to_owned(),
        _ => number(text).to_string(),
    };
    format!("`{written}`")
}

/// A number as Rust writes it: `3 * 3600`, `0o600`, `30_000`.
fn number(text: &str) -> i64 {
    let factor = |text: &str| match text.trim().replace('_', "").as_str() {
        "i32::MAX as i64" => i64::from(i32::MAX),
        other => match other.strip_prefix("0o") {
            Some(octal) => i64::from_str_radix(octal, 8).expect("octal digits"),
            None => other.parse().unwrap_or_else(|_| panic!("a number: {other}")),
        },
    };
    text.split('*').map(factor).product()
}

/// Seconds in the largest unit that fits.
fn duration(seconds: i64) -> String {
    let units = [(604_800, 'w'), (86_400, 'd'), (3600, 'h'), (60, 'm'), (1, 's')];
    let unit = units.iter().find(|(length, _)| seconds >= *length && seconds % length == 0);
    unit.map_or_else(|| "0".to_owned(), |(length, unit)| format!("{}{unit}", seconds / length))
}

/// `b"…".to_vec()`, macro marks as dollars.
fn bytes(text: &str) -> String {
    let inside = text.trim_start_matches("b\"").trim_end_matches(".to_vec()").trim_end_matches('"');
    inside.replace("\\x81", "$").replace("\\\\", "\\")
}

fn code(code: u8) -> String {
    if code.is_ascii() { char::from(code).to_string() } else { format!("0x{code:x}") }
}

fn row(row: &OptionRow) -> String {
    let cell = |text: &str| text.trim().replace('|', "\\|");
    let acts = match row.status {
        Status::Implemented => "yes",
        Status::ParsedOnly => "**not yet**",
        Status::Needless => "needs nothing",
    };
    let who = if row.may_set == MaySet::Anyone { "anyone" } else { "root" };
    let name = if row.name.is_empty() { "(none)" } else { row.name };
    let conf = if row.conf.is_empty() { String::new() } else { format!("`{}`", row.conf) };
    let cells =
        [name, &code(row.code), &form(row.form), &cell(&default(row)), who, acts, &conf, &cell(row.doc)];
    format!("| {} |\n", cells.join(" | "))
}

fn page() -> String {
    let mut page = String::from(
        "# Options\n\nEvery option of a cf, from the table in `src/schema/options.rs` (a test keeps this page in step: \
         `UPDATE_DOCS=1 cargo test options`). All of them are read, checked and printed as sendmail does. \
         Those that need nothing are about what is always so here \
         (each job apart from the others, short bodies in memory) or is no part of this program (shared memory, engines and \
         random files of OpenSSL).\n\n\
         | option | code | value | default | who may set it with -o | implemented | .mc | effect |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    OPTIONS.iter().for_each(|option| page.push_str(&row(option)));
    if OPTIONS.iter().any(|option| option.status == Status::ParsedOnly) {
        page.push_str("\nThose marked **not yet** are only read: setting them changes nothing so far.\n");
    }
    page.push_str("\n## Timeout\n\n| sub-option | unit | bounds |\n|---|---|---|\n");
    for timeout in TIMEOUTS {
        let unit = if timeout.unit == 0 { "count".to_owned() } else { char::from(timeout.unit).to_string() };
        page.push_str(&format!("| {} | {unit} | {} |\n", timeout.name, timeout.doc.trim()));
    }
    page
}

#[test]
fn the_page_is_the_table() {
    let path = root().join("docs/options.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(path.parent().expect("docs")).expect("writable");
        fs::write(&path, page()).expect("writable");
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), page(), "run with UPDATE_DOCS=1");
}

/// What an option acts through, where no one reads its field: what is said there stands in something that acts.
const ACT_THROUGH: [(&str, &str); 12] = [
    ("daemon_port_options", ".daemon_ports("),
    ("default_group", ".default_user("),
    ("default_user", ".default_user("),
    ("dont_blame_sendmail", ".blame("),
    // names of interfaces in class w
    ("dont_probe_interfaces", ".classes"),
    ("fallback_mx_host", ".fallback_host("),
    ("ldap_default_spec", "decl.ldap_defaults"),
    ("macro_definition", ".macro_value("),
    ("operator_chars", ".operators"),
    ("queue_timeout", "options.timeout"),
    ("time_zone_spec", ".zone("),
    ("unsafe_group_writes", ".blame("),
];

/// Options that something acts on, but not all that should: they are called "not yet".
const IN_PART: [&str; 1] = [
    // M=S acts
    "client_port_options",
];

/// Where options are read from text, listed, or shown in test mode; nothing there acts on mail.
const READ_AND_SHOW: [&str; 7] =
    ["schema", "config", "logging", "cli/testmode", "cli/mailq.rs", "queue/view.rs", "tls/warnings.rs"];

/// The sources of all that acts, tests and comments left out.
fn actors(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).expect("readable").flatten() {
        let path = entry.path();
        let name = path.strip_prefix(root().join("src")).expect("below src").to_string_lossy().into_owned();
        if READ_AND_SHOW.contains(&name.as_str()) || name.ends_with("tests.rs") {
            continue;
        }
        if path.is_dir() {
            actors(&path, found);
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(&path).expect("UTF-8");
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().lines();
            for line in code.filter(|line| !line.trim_start().starts_with("//")) {
                // a chain of calls is one line
                if !line.trim_start().starts_with('.') {
                    found.push('\n');
                }
                found.push_str(line.trim());
            }
        }
    }
}

/// Lines in which the word stands behind a dot, and behind this before the dot.
fn uses<'a>(sources: &'a str, owner: &str, field: &str) -> Vec<&'a str> {
    let dotted = format!("{owner}.{field}");
    let end =
        |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_' || next == '(');
    let stands = |line: &&str| line.match_indices(&dotted).any(|(at, _)| end(&line[at + dotted.len()..]));
    sources.lines().filter(stands).collect()
}

/// Does something act on the option? A line that only hands it on (`name: options.field`) does not: what it is
/// handed to must be read in turn.
fn acts(sources: &str, field: &str) -> bool {
    uses(sources, "options", field).iter().any(|line| match line.trim_start().split_once(": ") {
        Some((kept_as, _)) if kept_as.chars().all(|letter| letter.is_alphanumeric() || letter == '_') => {
            uses(sources, "", kept_as).iter().any(|other| other != line)
        }
        _ => true,
    })
}

#[test]
fn what_is_called_implemented_is_acted_on() {
    let mut sources = String::new();
    actors(&root().join("src"), &mut sources);
    let through = |field: &str| ACT_THROUGH.iter().find(|(known, _)| *known == field).map(|(_, what)| what);
    let wrong: Vec<_> = OPTIONS
        .iter()
        .filter(|row| {
            let acts =
                through(row.field).map_or_else(|| acts(&sources, row.field), |what| sources.contains(what));
            let called = row.status == Status::Implemented || IN_PART.contains(&row.field);
            acts != called
        })
        .map(|row| (row.field, row.status))
        .collect();
    assert!(wrong.is_empty(), "the table says otherwise: {wrong:?}");
}

#[test]
fn every_timeout_is_waited_for() {
    let mut sources = String::new();
    actors(&root().join("src"), &mut sources);
    let waited_for = |name: &str| {
        let field = match name.starts_with("resolver") {
            true => name.replace('.', "_"),
            false => name.split('.').next().unwrap_or_default().to_owned(),
        };
        ["timeout", "times", "options"].iter().any(|owner| !uses(&sources, owner, &field).is_empty())
    };
    let unused: Vec<_> = TIMEOUTS.iter().map(|row| row.name).filter(|name| !waited_for(name)).collect();
    assert!(unused.is_empty(), "nothing waits by {unused:?}");
}

#[test]
fn an_option_that_is_only_handed_on_does_not_act() {
    assert!(acts("if options.verbose {", "verbose"));
    assert!(acts("kept: options.verbose,\nif self.kept {", "verbose"));
    assert!(!acts("kept: options.verbose,", "verbose"));
    assert!(!acts("if options.verbose_too {\nother.verbose();", "verbose"));
}
