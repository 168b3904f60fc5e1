//! Order: what must come before what, and what must be there at all.

use super::mistakes::{Lint, Mistake, Remedy};
use crate::diag::Severity::{Error, Warning};
use crate::m4::scan::{Written, is_library_entry};
use crate::m4::vocabulary::{MAILER_PREFIXES, READ_BY_FEATURE};

fn mailers<'s>(lint: &Lint<'s>) -> impl Iterator<Item = &'s Written> + use<'s> {
    let survey = lint.survey;
    survey.calls.iter().filter(|call| call.called() && call.name == "MAILER" && call.arguments.is_some())
}

/// FEATUREs that call the MAILERs themselves.
const BRING_MAILERS: &[&str] = &["msp", "nullclient"];

/// The first call after which no FEATURE may follow.
fn first_mailer<'s>(lint: &Lint<'s>) -> Option<&'s Written> {
    let brings = |call: &&Written| call.name == "FEATURE" && BRING_MAILERS.contains(&call.text(0));
    let features = lint.survey.calls.iter().filter(|call| call.called()).filter(brings);
    mailers(lint).chain(features).min_by_key(|call| call.at)
}

/// FEATUREs that come after a MAILER miss what the mailer already took; so does an OSTYPE that comes late.
pub(super) fn features(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    let first = first_mailer(lint);
    let mailer = first.map_or(usize::MAX, |call| call.at);
    // what stands behind a # was not meant to be called at all: that is told of elsewhere
    let meant = |call: &&Written| call.first || !super::copied::is_in_comment(lint.text, call.at);
    let late: Vec<_> = survey.called("FEATURE").filter(|call| call.at > mailer).filter(meant).collect();
    for call in late {
        let (line, name) = (lint.line(mailer), first.map_or("", |first| first.text(0)));
        let help = match first.is_some_and(|first| first.name == "FEATURE") {
            true => format!("FEATURE(`{name}') (line {line}) brings the MAILERs: put it last"),
            false => format!("move it before the first MAILER (line {line})"),
        };
        lint.add(Error, call.at, "FEATURE after MAILER", help);
    }
    let feature = survey.called("FEATURE").next().map_or(usize::MAX, |call| call.at);
    let Some(ostype) = survey.called("OSTYPE").next() else { return };
    if ostype.at > mailer.min(feature) {
        let (what, line) = match mailer < feature {
            true => ("MAILER", lint.line(mailer)),
            false => ("FEATURE", lint.line(feature)),
        };
        let help = format!("move it before the first {what} (line {line}), which takes paths from it");
        lint.add(Warning, ostype.at, format!("OSTYPE after {what}"), help);
    }
}

/// A define that its reader has passed already.
pub(super) fn late_defines(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    for call in survey.called("define") {
        let name = call.text(0);
        let mailer = MAILER_PREFIXES.iter().find(|row| name.starts_with(row.0)).map(|row| row.1);
        let readers = survey.calls.iter().filter(|reader| reader.called() && reader.at < call.at);
        let reader = readers.filter(|reader| match reader.name.as_str() {
            "MAILER" => mailer == Some(reader.text(0)),
            "FEATURE" => READ_BY_FEATURE.contains(&(name, reader.text(0))),
            _ => false,
        });
        let Some(reader) = reader.max_by_key(|reader| reader.at) else { continue };
        // A second define of the same name changes what comes after it; the first one was in time.
        let earlier = survey.called("define").any(|other| other.at < reader.at && other.text(0) == name);
        if earlier {
            continue;
        }
        let what = format!("{}(`{}')", reader.name, reader.text(0));
        let help = format!("move it before line {}", lint.line(reader.at));
        lint.add(Warning, call.at, format!("{name} is defined after {what}, which reads it"), help);
    }
}

/// MAILERs that look at one another.
pub(super) fn mailers_in_order(lint: &mut Lint<'_>, first: &str, second: &str, why: &str) {
    let place = |name: &str| mailers(lint).find(|call| call.text(0) == name).map(|call| call.at);
    let (Some(before), Some(after)) = (place(first), place(second)) else { return };
    if before > after && !(lint.told)(lint.line(after)) {
        let help = format!("move it after MAILER(`{first}') (line {})", lint.line(before));
        lint.add(Warning, after, format!("MAILER(`{second}') before MAILER(`{first}'): {why}"), help);
    }
}

/// The rules of the mailers' files about each other.
pub(super) fn mailers_order(lint: &mut Lint<'_>) {
    mailers_in_order(lint, "smtp", "uucp", "it leaves out uucp-dom and uucp-uudom");
}

/// A .mc without OSTYPE or without any MAILER, unless another file may bring them.
pub(super) fn missing(lint: &mut Lint<'_>) {
    let survey = lint.survey;
    let has = |name: &str| {
        survey
            .calls
            .iter()
            .any(|call| call.name == name && call.standing != crate::m4::scan::Standing::Comment)
    };
    let included = survey.called("include").any(|call| !is_library_entry(call));
    if included || has("sinclude") || has("DOMAIN") {
        return;
    }
    if !has("MAILER") && has("OSTYPE") && !has("FEATURE") && !has("HACK") {
        lint.found.push(Mistake {
            at: None,
            severity: Warning,
            message: "no MAILER: mail can be delivered, but not sent".into(),
            help: Some("MAILER(`smtp') sends to other hosts".into()),
            remedy: Remedy::None,
        });
    }
}
