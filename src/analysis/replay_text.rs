//! What a replay has found, for a terminal and as a page.

use super::diff_text::{Files, edits_page, example_page, put_edits, put_example};
use super::html::{document, escaped};
use super::layout::{Lines, Part, Style, grouped};
use super::replay::{Outcome, Replay, ReplayGroup};

/// The text.
pub fn replay_text(replay: &Replay, style: Style) -> String {
    let mut lines = Lines::new(style);
    for (outcome, text) in headlines(replay) {
        let part = match outcome {
            Some(Outcome::Refused) => Part::Bad,
            Some(_) => Part::Plain,
            None => Part::Heading,
        };
        lines.line(0, &[(part, &text)]);
    }
    for group in &replay.groups {
        lines.empty();
        put_group(&mut lines, replay, group);
    }
    lines.text
}

fn size(number: u64) -> String {
    grouped(usize::try_from(number).unwrap_or(usize::MAX))
}

/// All in a few lines: what the log has, and how much of it has which fate.
fn headlines(replay: &Replay) -> Vec<(Option<Outcome>, String)> {
    let (recipients, connections) = (size(replay.recipients), size(replay.connections));
    let mut lines = vec![(None, format!("{recipients} recipients, {connections} connections in the log"))];
    for (is_connection, of, noun) in [(false, &recipients, "recipients"), (true, &connections, "connections")]
    {
        for outcome in Outcome::ALL {
            let groups = replay.groups.iter();
            let groups =
                groups.filter(|group| group.outcome == outcome && group.connections == is_connection);
            let count: u64 = groups.map(|group| group.count).sum();
            if count > 0 {
                let text = format!("{} of {of} {noun} {}", size(count), outcome.words());
                lines.push((Some(outcome), text));
            }
        }
    }
    if lines.len() == 1 {
        lines.push((None, "nothing would change for any of them".into()));
    }
    lines
}

fn files(replay: &Replay) -> Files<'_> {
    Files(replay.against.as_deref().unwrap_or_default(), &replay.new)
}

fn count(group: &ReplayGroup) -> String {
    let noun = if group.connections { "connection" } else { "recipient" };
    let plural = if group.count == 1 { "" } else { "s" };
    format!("{} {noun}{plural} {}", size(group.count), group.outcome.words())
}

fn put_group(lines: &mut Lines, replay: &Replay, group: &ReplayGroup) {
    match replay.against {
        Some(_) => {
            put_edits(lines, files(replay), &group.edits);
            lines.line(1, &[(Part::Name, &count(group))]);
        }
        None => lines.line(0, &[(Part::Heading, &count(group))]),
    }
    if let Some(rule) = &group.rule {
        lines.line(1, &[(Part::Heading, "decided by "), (Part::Plain, rule)]);
    }
    group.examples.iter().for_each(|example| put_example(lines, example));
}

/// The page.
pub fn replay_page(replay: &Replay) -> String {
    let mut html = String::new();
    for (number, (outcome, text)) in headlines(replay).into_iter().enumerate() {
        let class = if outcome == Some(Outcome::Refused) { " class=\"bad\"" } else { "" };
        let tag = if number == 0 { "h1" } else { "div" };
        html.push_str(&format!("<{tag}{class}>{}</{tag}>\n", escaped(&text)));
    }
    for group in &replay.groups {
        html.push_str("<div class=\"answer\">");
        if replay.against.is_some() {
            edits_page(files(replay), &group.edits, &mut html);
        }
        html.push_str(&format!("<div><strong>{}</strong></div>", escaped(&count(group))));
        if let Some(rule) = &group.rule {
            html.push_str(&format!("<div>decided by <code>{}</code></div>", escaped(rule)));
        }
        group.examples.iter().for_each(|example| example_page(example, &mut html));
        html.push_str("</div>\n");
    }
    document("What would become of the mail in a log", &html)
}
