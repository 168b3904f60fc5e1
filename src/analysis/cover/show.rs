//! Coverage for a reader: the rules beside their counts, as lines of a terminal and as a page.

use super::coverage::{Coverage, Origin, RuleCount};
use crate::analysis::html::escaped;
use crate::analysis::layout::{Style, grouped};

const GOOD: &str = "\x1b[32m";
const FAINT: &str = "\x1b[2m";
const HEADING: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

fn painted(text: &str, code: &str, style: Style) -> String {
    if style.colour { format!("{code}{text}{PLAIN}") } else { text.to_owned() }
}

fn cut(text: &str, width: usize) -> String {
    match width > 0 && text.chars().count() > width {
        true => text.chars().take(width - 1).chain(['\u{2026}']).collect(),
        false => text.to_owned(),
    }
}

fn place(rule: &RuleCount) -> String {
    match &rule.mc {
        Some(mc) => format!("{}, cf:{}", mc.short(), rule.cf),
        None => format!("cf:{}", rule.cf),
    }
}

/// Rulesets with their rules: how often matched of how often tried, microseconds, rule, place. Then maps, then a sum.
pub fn text(coverage: &Coverage, style: Style) -> String {
    let mut out = String::new();
    for rules in coverage.rules.chunk_by(|one, other| one.ruleset == other.ruleset) {
        out.push_str(&format!("{}\n", painted(&rules[0].ruleset, HEADING, style)));
        for rule in rules {
            let counts = format!("{:>8} of {:<8} ", rule.count, rule.tried);
            let time = microseconds(rule).map(|time| format!("{time:>8} \u{b5}s  ")).unwrap_or_default();
            let line = cut(&format!("{counts}{time}{}  {}", rule.rule, place(rule)), style.width);
            out.push_str(&painted(&line, if rule.count > 0 { GOOD } else { FAINT }, style));
            out.push('\n');
        }
    }
    out.push_str(&format!("\n{}\n", painted("maps", HEADING, style)));
    for map in &coverage.maps {
        let line = format!("{:>8} of {:<8} {}", map.hits, map.asked, map.map);
        out.push_str(&painted(&line, if map.hits > 0 { GOOD } else { FAINT }, style));
        out.push('\n');
    }
    out.push_str(&format!("\n{}\n", sum(coverage)));
    out
}

fn microseconds(rule: &RuleCount) -> Option<u64> {
    Some(rule.nanoseconds? / 1000)
}

fn sum(coverage: &Coverage) -> String {
    let (all, unused) = (coverage.rules.len(), coverage.unused().count());
    let idle = coverage.maps.iter().filter(|map| map.hits == 0).count();
    let origin = match coverage.origin {
        Origin::Questions(questions) => format!("{questions} questions"),
        Origin::Since(seconds) => {
            let since = jiff::Timestamp::from_second(seconds).map(|since| since.to_string());
            format!("since {}", since.unwrap_or_default())
        }
    };
    format!(
        "{origin}: {} of {all} rules used, {unused} never; {} of {} maps answered, {idle} never",
        all - unused,
        coverage.maps.len() - idle,
        coverage.maps.len(),
    )
}

const STYLE: &str = "\
:root{color-scheme:light dark;--good:#137333;--faint:#767676;--line:#8884}\
@media(prefers-color-scheme:dark){:root{--good:#81c995;--faint:#9aa0a6}}\
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:0 auto;padding:1rem}\
h1{font-size:1.15rem}summary{cursor:pointer;margin:.5rem 0}\
table{border-collapse:collapse;table-layout:fixed;width:100%;font-size:.85em}\
th{font-weight:normal;color:var(--faint);text-align:left;padding:.15rem .5rem}th.n{width:7.5em;text-align:right}\
@media(max-width:40rem){th.n{width:4.5em}.place{display:block}td,th{padding:.15rem .3rem}}\
td{overflow-wrap:anywhere;border-top:1px solid var(--line);padding:.15rem .5rem;vertical-align:top}\
td.n{text-align:right;white-space:nowrap}code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}\
.used{color:var(--good)}.idle,.place{color:var(--faint)}";

/// What stands above the columns of a ruleset's rules, and of the maps.
const RULES: &str = "<tr><th class=\"n\">matched</th><th class=\"n\">\u{b5}s</th><th>rule, and where it is written</th></tr>\n";
const MAPS: &str = "<tr><th class=\"n\">answered</th><th class=\"n\">asked</th><th>map</th></tr>\n";

fn count(number: u64) -> String {
    grouped(usize::try_from(number).unwrap_or(usize::MAX))
}

/// A page that needs nothing else, folds without a script and fits a telephone.
pub fn page(coverage: &Coverage) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>Which rules run</title><style>{STYLE}</style></head><body>\n<h1>{}</h1>\n",
        escaped(&sum(coverage))
    );
    for rules in coverage.rules.chunk_by(|one, other| one.ruleset == other.ruleset) {
        let used = rules.iter().filter(|rule| rule.count > 0).count();
        html.push_str(&format!(
            "<details{}><summary><b>{}</b> {used} of {}</summary><table>\n{RULES}",
            if used > 0 && used < rules.len() { " open" } else { "" },
            escaped(&rules[0].ruleset),
            rules.len()
        ));
        for rule in rules {
            html.push_str(&format!(
                "<tr class=\"{}\"><td class=\"n\">{}</td><td class=\"n\">{}</td><td><code>{}</code> \
                 <span class=\"place\">{}</span></td></tr>\n",
                if rule.count > 0 { "used" } else { "idle" },
                count(rule.count),
                microseconds(rule).map(count).unwrap_or_default(),
                escaped(&rule.rule),
                escaped(&place(rule))
            ));
        }
        html.push_str("</table></details>\n");
    }
    html.push_str(&format!("<details open><summary><b>maps</b></summary><table>\n{MAPS}"));
    for map in &coverage.maps {
        html.push_str(&format!(
            "<tr class=\"{}\"><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td></tr>\n",
            if map.hits > 0 { "used" } else { "idle" },
            count(map.hits),
            count(map.asked),
            escaped(&map.map)
        ));
    }
    html.push_str("</table></details></body></html>\n");
    html
}
