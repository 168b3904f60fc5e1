//! What has changed, for a terminal and as a page.

use super::diff::{Difference, Example, Group};
use super::html::{document, escaped};
use super::hunks::Edit;
use super::layout::{Lines, Part, Style, grouped};

/// The text.
pub fn difference_text(difference: &Difference, style: Style) -> String {
    let mut lines = Lines::new(style);
    let part = if difference.changed == 0 { Part::Good } else { Part::Heading };
    lines.line(0, &[(part, &headline(difference))]);
    if let Some(note) = note(difference) {
        lines.line(0, &[(Part::Faint, &note)]);
    }
    for group in &difference.groups {
        lines.empty();
        put_group(&mut lines, difference, group);
    }
    lines.text
}

/// In a few lines, for a log: all in one, and of some causes a line each.
pub fn difference_lines(difference: &Difference, causes: usize) -> Vec<String> {
    let mut lines = vec![headline(difference)];
    lines.extend(difference.groups.iter().take(causes).map(|group| cause_line(difference, group)));
    let more = difference.groups.len().saturating_sub(causes);
    if more > 0 {
        lines.push(format!("{more} more causes: canonify diff tells them"));
    }
    lines
}

fn cause_line(difference: &Difference, group: &Group) -> String {
    let files = files(difference);
    let edits: Vec<String> = group
        .edits
        .iter()
        .map(|edit| {
            let says = |line: &&String| !line.trim().is_empty();
            let added = edit.added.iter().find(says).map(|line| ('+', line.as_str()));
            let removed = || ('-', edit.removed.iter().find(says).map_or("", String::as_str));
            let (sign, line) = added.unwrap_or_else(removed);
            format!("{} ({sign} {line})", files.place(edit))
        })
        .collect();
    let cause = if edits.is_empty() { ELSEWHERE.to_owned() } else { edits.join(" together with ") };
    let example = group
        .examples
        .first()
        .map(|example| format!("; {}: {} => {}", example.question, example.old, example.new));
    format!("{cause}: {}{}", counts(group), example.unwrap_or_default())
}

fn headline(difference: &Difference) -> String {
    let asked = grouped(difference.asked);
    match difference.changed {
        0 => format!("nothing changes: {asked} questions, the same answers"),
        changed => format!("{} of {asked} answers change", grouped(changed)),
    }
}

/// Not everything was asked.
fn note(difference: &Difference) -> Option<String> {
    let more = difference.of > difference.asked;
    more.then(|| format!("of {} questions that there are; --limit asks more", grouped(difference.of)))
}

/// The files that are compared, old and new.
#[derive(Clone, Copy)]
pub(super) struct Files<'a>(pub &'a str, pub &'a str);

impl Files<'_> {
    /// Where an edit stands: in the new text, or, if it takes something away, in the old one.
    fn place(self, edit: &Edit) -> String {
        match edit.added.is_empty() {
            true => format!("{}:{}", self.0, edit.old_line),
            false => format!("{}:{}", self.1, edit.new_line),
        }
    }
}

fn files(difference: &Difference) -> Files<'_> {
    Files(&difference.old, &difference.new)
}

fn counts(group: &Group) -> String {
    let kinds = group.kinds.iter().map(|(kind, count)| format!("{kind} {}", grouped(*count)));
    format!("{} ({})", grouped(group.changed), kinds.collect::<Vec<_>>().join(", "))
}

/// What is said where no line of the two texts is the cause.
const ELSEWHERE: &str = "no line of the two files: something beside them that they read";

fn put_group(lines: &mut Lines, difference: &Difference, group: &Group) {
    put_edits(lines, files(difference), &group.edits);
    lines.line(1, &[(Part::Name, "answers that change: "), (Part::Plain, &counts(group))]);
    group.examples.iter().for_each(|example| put_example(lines, example));
}

/// A cause.
pub(super) fn put_edits(lines: &mut Lines, files: Files<'_>, edits: &[Edit]) {
    if edits.is_empty() {
        lines.line(0, &[(Part::Heading, ELSEWHERE)]);
    }
    for (number, edit) in edits.iter().enumerate() {
        let together = if number > 0 { "together with " } else { "" };
        lines.line(0, &[(Part::Plain, together), (Part::Heading, &files.place(edit))]);
        edit.removed.iter().for_each(|line| lines.line(1, &[(Part::Bad, "- "), (Part::Bad, line)]));
        edit.added.iter().for_each(|line| lines.line(1, &[(Part::Good, "+ "), (Part::Good, line)]));
    }
}

/// A question and both answers.
pub(super) fn put_example(lines: &mut Lines, example: &Example) {
    let part = |accepted: bool| if accepted { Part::Plain } else { Part::Bad };
    lines.line(2, &[(Part::Faint, &example.question)]);
    lines.line(3, &[(part(example.accepted_before), &example.old)]);
    lines.line(3, &[(Part::Heading, "\u{21d2} "), (part(example.accepted), &example.new)]);
}

/// The page.
pub fn difference_page(difference: &Difference) -> String {
    let mut html = format!(
        "<h1>{} \u{2192} {}</h1>\n<p><strong>{}</strong>{}</p>\n",
        escaped(&difference.old),
        escaped(&difference.new),
        escaped(&headline(difference)),
        note(difference)
            .map(|note| format!("<br><span class=\"faint\">{}</span>", escaped(&note)))
            .unwrap_or_default()
    );
    difference.groups.iter().for_each(|group| group_page(difference, group, &mut html));
    document("What changes", &html)
}

fn group_page(difference: &Difference, group: &Group, html: &mut String) {
    html.push_str("<div class=\"answer\">");
    edits_page(files(difference), &group.edits, html);
    html.push_str(&format!("<div>answers that change: {}</div>", escaped(&counts(group))));
    group.examples.iter().for_each(|example| example_page(example, html));
    html.push_str("</div>\n");
}

/// A cause, as HTML.
pub(super) fn edits_page(files: Files<'_>, edits: &[Edit], html: &mut String) {
    if edits.is_empty() {
        html.push_str(&format!("<strong>{ELSEWHERE}</strong>"));
    }
    for edit in edits {
        html.push_str(&format!("<strong>{}</strong><pre>", escaped(&files.place(edit))));
        let rows = edit.removed.iter().map(|line| ("bad", '-', line));
        for (class, sign, line) in rows.chain(edit.added.iter().map(|line| ("good", '+', line))) {
            html.push_str(&format!("<span class=\"{class}\">{sign} {}</span>", escaped(line)));
        }
        html.push_str("</pre>");
    }
}

/// A question and both answers, as HTML.
pub(super) fn example_page(example: &Example, html: &mut String) {
    let class = |accepted: bool| if accepted { "ws" } else { "ws bad" };
    html.push_str(&format!(
        "<div class=\"example\"><span class=\"faint\">{}</span><br><span class=\"{}\">{}</span><br>\
         \u{21d2} <span class=\"{}\">{}</span></div>",
        escaped(&example.question),
        class(example.accepted_before),
        escaped(&example.old),
        class(example.accepted),
        escaped(&example.new)
    ));
}
