//! An explanation as one page that needs nothing else: it folds without a script, and fits a telephone.

use super::explain::{Explanation, RecipientAnswer};
use super::sources::Place;
use super::step::{Call, Lookup, RuleUse, Stage, Step};

const STYLE: &str = "\
:root{color-scheme:light dark;--good:#137333;--bad:#b3261e;--doubtful:#8a5a00;--faint:#767676;--line:#8884}\
@media(prefers-color-scheme:dark){:root{--good:#81c995;--bad:#f28b82;--doubtful:#fdd663;--faint:#9aa0a6}}\
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:0 auto;padding:1rem}\
h1{font-size:1.15rem}h2{font-size:1rem;margin:1.6rem 0 .4rem}\
code,.ws{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}\
.good{color:var(--good)}.bad{color:var(--bad)}.doubtful{color:var(--doubtful)}\
mark{background:none;color:inherit;text-decoration:underline wavy;text-underline-offset:.25em}\
table{border-collapse:collapse;width:100%}td{border-top:1px solid var(--line);padding:.2rem .5rem .2rem 0;vertical-align:top;overflow-wrap:anywhere}\
td:first-child{width:1.2em}td.faint{width:2em}\
.faint{color:var(--faint);font-size:.85em}\
.answer{border:1px solid var(--line);border-radius:.5rem;padding:.6rem .9rem;margin:.8rem 0}\
.answer strong{overflow-wrap:anywhere}dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;margin:.4rem 0}\
dt{color:var(--faint)}dd{margin:0;overflow-wrap:anywhere}\
details,.step{margin:.25rem 0 .25rem .1rem;padding-left:.7rem;border-left:2px solid var(--line)}\
summary{cursor:pointer;overflow-wrap:anywhere}\
pre{overflow-x:auto;font:.9em/1.4 ui-monospace,monospace;margin:.4rem 0}pre span{display:block}\
@media(max-width:30rem){dl{grid-template-columns:1fr}dd{margin:0 0 .3rem .8rem}\
.tests tr{display:grid;grid-template-columns:1.2em 2em 1fr;border-top:1px solid var(--line)}.tests td{border:0}.tests td:last-child{grid-column:3}}\
.count{float:right;margin-left:.6rem}.example{margin:.6rem 0;overflow-wrap:anywhere}";

/// The page.
pub fn page(explanation: &Explanation) -> String {
    let mut html = format!("<h1>{}</h1>\n", escaped(&explanation.question));
    explanation_body(explanation, &mut html);
    document("What happens to mail", &html)
}

/// The answers, and the way to them.
pub(super) fn explanation_body(explanation: &Explanation, html: &mut String) {
    explanation.answers.iter().for_each(|answer| put_answer(answer, html));
    for exchange in explanation.exchanges.iter().filter(|one| !one.stages.is_empty()) {
        let command = if exchange.command.is_empty() { "connection" } else { &exchange.command };
        html.push_str(&format!("<h2><code>{}</code></h2>\n", escaped(command)));
        exchange.stages.iter().for_each(|stage| put_stage(stage, html));
        let class = if exchange.reply.starts_with(['2', '3']) { "good" } else { "bad" };
        html.push_str(&format!("<p class=\"{class}\">{}</p>\n", escaped(&exchange.reply)));
    }
    for answer in &explanation.answers {
        let Some(forms) = answer.forms.as_ref().filter(|forms| !forms.stages.is_empty()) else { continue };
        html.push_str(&format!("<h2>Addresses on the way to {}</h2>\n", escaped(&answer.recipient)));
        forms.stages.iter().for_each(|stage| put_stage(stage, html));
    }
}

/// A page around its content; both are HTML already.
pub(super) fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head><body>\n{body}</body></html>\n"
    )
}

/// Text as HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

fn put_answer(answer: &RecipientAnswer, html: &mut String) {
    let class = if answer.accepted { "good" } else { "bad" };
    html.push_str(&format!(
        "<div class=\"answer\"><strong>{}</strong><div class=\"{class}\">{}</div>",
        escaped(&answer.recipient),
        escaped(&answer.reply)
    ));
    if let Some(resolved) = &answer.resolved {
        html.push_str(&format!("<div>{}</div>", escaped(resolved)));
    }
    if let Some(forms) = &answer.forms {
        let rows = [
            ("sender", &forms.envelope_sender),
            ("sender in the header", &forms.header_sender),
            ("recipient", &forms.envelope_recipient),
            ("recipient in the header", &forms.header_recipient),
        ];
        html.push_str("<dl>");
        for (name, form) in rows {
            html.push_str(&format!("<dt>{name}</dt><dd><code>{}</code></dd>", escaped(form)));
        }
        html.push_str("</dl>");
    }
    html.push_str("</div>\n");
}

fn arrow(before: &str, after: &str) -> String {
    format!("<span class=\"ws\">{} \u{2192} {}</span>", escaped(before), escaped(after))
}

fn place(place: &Place) -> String {
    format!("<span class=\"faint\">{}</span>", escaped(&place.words()))
}

fn put_stage(stage: &Stage, html: &mut String) {
    html.push_str(&format!(
        "<details{}><summary><b>{}</b> {}</summary>\n",
        if stage.is_refusal() { " open" } else { "" },
        escaped(&stage.what),
        arrow(&stage.about, &stage.outcome)
    ));
    stage.steps.iter().for_each(|step| put_step(step, html));
    if let Some(decision) = &stage.decision {
        html.push_str(&format!(
            "<div class=\"step\"><b>decided by</b> <code>{}</code><br>{}</div>\n",
            escaped(&decision.rule),
            place(&decision.place)
        ));
    }
    html.push_str("</details>\n");
}

fn put_step(step: &Step, html: &mut String) {
    match step {
        Step::Ruleset(call) => put_call(call, html),
        Step::Rule(rule) if rule.has_effect() => put_rule(rule, html),
        Step::Rule(_) => {}
        Step::Tried(rule) => html.push_str(&format!(
            "<div class=\"step faint\">no match <code>{}</code> {}</div>\n",
            escaped(&rule.rule),
            place(&rule.place)
        )),
        Step::Lookup(lookup) => put_lookup(lookup, html),
    }
}

fn put_call(call: &Call, html: &mut String) {
    if call.is_idle() {
        return;
    }
    html.push_str(&format!(
        "<details><summary>{} {}</summary>\n",
        escaped(&call.name),
        arrow(&call.before, &call.after)
    ));
    call.steps.iter().for_each(|step| put_step(step, html));
    html.push_str("</details>\n");
}

fn put_rule(rule: &RuleUse, html: &mut String) {
    html.push_str(&format!(
        "<div class=\"step\"><code>{}</code><br>{}",
        escaped(&rule.rule),
        place(&rule.place)
    ));
    rule.steps.iter().for_each(|step| put_step(step, html));
    if let Some(after) = &rule.after {
        html.push_str(&format!("<br>{}", arrow(&rule.before, after)));
    }
    html.push_str("</div>\n");
}

fn put_lookup(lookup: &Lookup, html: &mut String) {
    let (class, value) = match (&lookup.value, &lookup.problem) {
        (_, Some(problem)) => ("bad", problem.as_str()),
        (Some(value), _) => ("good", value.as_str()),
        (None, _) => ("faint", "nothing"),
    };
    let source = lookup.source.as_ref().map(place).unwrap_or_default();
    html.push_str(&format!(
        "<div class=\"step\">map <b>{}</b> <code>{}</code> = <code class=\"{class}\">{}</code> {source}</div>\n",
        escaped(&lookup.map),
        escaped(&lookup.key),
        escaped(value)
    ));
}
