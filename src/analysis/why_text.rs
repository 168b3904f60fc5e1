//! Why, and what would help: for a terminal and as a page.

use super::diff_text::{example_page, put_example};
use super::html::{document, escaped};
use super::layout::{Lines, Part, Style, grouped};
use super::why::{Proposal, Why};

/// The text.
pub fn why_text(why: &Why, style: Style) -> String {
    let mut lines = Lines::new(style);
    let Some(question) = &why.question else {
        lines.line(0, &[(Part::Good, "it is as it should be: "), (Part::Plain, &why.answer)]);
        return lines.text;
    };
    lines.line(0, &[(Part::Heading, question)]);
    lines.line(1, &[(Part::Bad, &why.answer)]);
    if let Some(rule) = &why.decided {
        lines.line(1, &[(Part::Heading, "decided by "), (Part::Plain, rule)]);
    }
    for (map, key, value) in lookups(why) {
        match value {
            Some(value) => {
                let map = format!("map {map} {key} = ");
                lines.line(1, &[(Part::Faint, &map), (Part::Plain, &value)]);
            }
            None => lines.line(1, &[(Part::Faint, &format!("nothing in map {map} for {key}"))]),
        }
    }
    lines.empty();
    lines.line(0, &[(Part::Heading, &headline(why))]);
    for proposal in &why.proposals {
        lines.empty();
        lines.line(1, &[(Part::Name, &proposal.place)]);
        let sign = sign(proposal);
        lines.line(2, &[(Part::Good, sign), (Part::Good, &proposal.change)]);
        lines.line(2, &[(Part::Plain, "\u{21d2} "), (Part::Plain, &proposal.answer)]);
        lines.line(2, &[(Part::Faint, &opens(why, proposal))]);
        proposal.examples.iter().for_each(|example| put_example(&mut lines, example));
    }
    lines.text
}

fn headline(why: &Why) -> String {
    match why.proposals.len() {
        0 => format!("none of {} single changes that were tried helps", why.tried),
        1 => format!("one of {} single changes that were tried helps", why.tried),
        count => format!("{count} of {} single changes that were tried help, each by itself", why.tried),
    }
}

fn sign(proposal: &Proposal) -> &'static str {
    if proposal.place.ends_with("without the line") { "- " } else { "+ " }
}

fn opens(why: &Why, proposal: &Proposal) -> String {
    let asked = grouped(why.asked);
    match proposal.opens {
        0 => format!("nothing else changes, of {asked} other answers"),
        1 => format!("one of {asked} other answers changes with it"),
        opens => format!("{} of {asked} other answers change with it", grouped(opens)),
    }
}

/// What maps have said, and, one row for each map, for which keys they have nothing.
fn lookups(why: &Why) -> Vec<(&str, String, Option<String>)> {
    let mut rows: Vec<(&str, String, Option<String>)> = Vec::new();
    for lookup in &why.lookups {
        let place = lookup.source.as_ref().map(|place| format!("  ({})", place.short())).unwrap_or_default();
        let value = lookup.value.as_ref().or(lookup.problem.as_ref()).map(|value| format!("{value}{place}"));
        let known = rows.iter_mut().find(|row| row.0 == lookup.map && row.2.is_none() && value.is_none());
        match known {
            Some(row) => row.1.push_str(&format!(", {}", lookup.key)),
            None => rows.push((&lookup.map, lookup.key.clone(), value)),
        }
    }
    rows
}

/// The page.
pub fn why_page(why: &Why) -> String {
    let question = why.question.as_deref().unwrap_or("it is as it should be");
    let class = if why.question.is_some() { "bad" } else { "good" };
    let mut html =
        format!("<h1>{}</h1>\n<p class=\"{class}\">{}</p>\n", escaped(question), escaped(&why.answer));
    if let Some(rule) = &why.decided {
        html.push_str(&format!("<p>decided by <code>{}</code></p>\n", escaped(rule)));
    }
    for (map, key, value) in lookups(why) {
        let text = match value {
            Some(value) => format!("map {map} {key} = {value}"),
            None => format!("nothing in map {map} for {key}"),
        };
        html.push_str(&format!("<div class=\"step\">{}</div>\n", escaped(&text)));
    }
    if why.question.is_some() {
        html.push_str(&format!("<h2>{}</h2>\n", escaped(&headline(why))));
    }
    for proposal in &why.proposals {
        html.push_str(&format!(
            "<div class=\"answer\"><strong>{}</strong><pre><span class=\"good\">{}{}</span></pre>\
             <div>\u{21d2} {}</div><div class=\"faint\">{}</div>",
            escaped(&proposal.place),
            sign(proposal),
            escaped(&proposal.change),
            escaped(&proposal.answer),
            escaped(&opens(why, proposal))
        ));
        proposal.examples.iter().for_each(|example| example_page(example, &mut html));
        html.push_str("</div>\n");
    }
    document("Why, and what would help", &html)
}
