//! `mc --check`: the cf that a .mc makes, read as the daemon would read it, and what is wrong with its lines
//! told at the lines of the .mc that made them.

use std::collections::{HashMap, HashSet};

use super::anywhere::Anywhere;
use crate::config::{Config, LoadOptions, load, unknown_names, unsupported};
use crate::diag::{self, Diagnostic, Place, Severity};
use crate::m4::{CfText, Expanded, in_order, is_about_template, is_template_line};
use crate::tls;

/// Adds what is wrong with the cf to what is wrong with the .mc. A line of the .mc with a finding already
/// gets no second one, but counts as an error if the cf line is one. Gives the configuration that was read, unless
/// it is that of another cf than the .mc makes now.
pub fn check_cf(name: &str, text: &[u8], expanded: &mut Expanded, env: &mut Anywhere) -> Option<Config> {
    let cf = expanded.intended.as_ref().unwrap_or(&expanded.cf);
    if cf.text.is_empty() {
        return None;
    }
    let template = expanded.diagnostics.iter().any(is_about_template);
    let mut added: Vec<Diagnostic> = Vec::new();
    let (found, config) = read_cf(cf, env);
    for mut found in found {
        point_into_mc(name, text, cf, &mut found);
        if template && (found.place.file != name || found.excerpt.as_deref().is_some_and(is_template_line)) {
            continue; // what stands there is still to be filled in
        }
        let place = &found.place;
        let same = |other: &&mut Diagnostic| {
            other.place.line > 0 && (&other.place.file, other.place.line) == (&place.file, place.line)
        };
        match expanded.diagnostics.iter_mut().find(same) {
            Some(other) if other.severity == Severity::Notice => added.push(found),
            Some(other) => other.severity = other.severity.max(found.severity),
            None => added.push(found),
        }
    }
    expanded.diagnostics.append(&mut added);
    expanded.diagnostics.sort_by(|one, other| in_order(name, one, other));
    expanded.intended.is_none().then_some(config)
}

/// What is wrong with a cf, at its own lines, and the configuration that it makes.
pub(super) fn read_cf(cf: &CfText, env: &mut Anywhere) -> (Vec<Diagnostic>, Config) {
    let options = LoadOptions { version: b"canonify".to_vec(), mode: b'd', ..LoadOptions::default() };
    let loaded = load(b"cf", &cf.text, env, &options);
    let mut told: HashSet<(u32, &[u8])> = HashSet::new();
    let said = loaded.messages.iter().filter(|message| message.severity >= Severity::Warning);
    // `5days` is wrong by each of its letters
    let said = said.filter(|message| told.insert((message.line, &message.text[..])));
    let said = said.map(|message| message.diagnostic(b"cf", &cf.text));
    // a rule of the library lacks a name only because of what the .mc did, which is told of where it did it
    let unknown = unknown_names(&loaded.config, b"cf", &cf.text).into_iter();
    let unknown = unknown.filter(|found| cf.is_sites_own(found.place.line));
    let mut found: Vec<Diagnostic> = said.chain(unknown).collect();
    found.extend(rulesets_twice(cf));
    found.extend(asked_in_vain(&loaded.config, cf));
    (found, loaded.config)
}

/// A line of the cf that somebody should see.
fn at_line(cf: &CfText, line: usize, message: String, help: String) -> Diagnostic {
    let text = cf.text.split(|byte| *byte == b'\n').nth(line - 1).unwrap_or_default();
    let place = Place { file: "cf".into(), line: u32::try_from(line).unwrap_or(0), column: 1 };
    let excerpt = Some(String::from_utf8_lossy(text).into_owned());
    Diagnostic { severity: Severity::Warning, message, place, excerpt, help: Some(help) }
}

/// One S line and what follows it.
struct Definition<'a> {
    line: usize,
    name: &'a [u8],
    has_rules: bool,
}

/// Rulesets in the order of their S lines. One that is called both by name and by number has its name.
fn definitions(cf: &[u8]) -> Vec<Definition<'_>> {
    let mut found: Vec<Definition<'_>> = Vec::new();
    let mut numbered: HashMap<&[u8], &[u8]> = HashMap::new();
    for (index, line) in cf.split(|byte| *byte == b'\n').enumerate() {
        match line {
            [b'R', ..] => found.iter_mut().rev().take(1).for_each(|last| last.has_rules = true),
            [b'S', rest @ ..] => {
                let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
                let mut parts = rest[..end].splitn(2, |byte| *byte == b'=');
                let name = parts.next().unwrap_or_default();
                if let Some(number) = parts.next() {
                    numbered.insert(number, name);
                }
                let name = numbered.get(name).copied().unwrap_or(name);
                found.push(Definition { line: index + 1, name, has_rules: false });
            }
            _ => {}
        }
    }
    found
}

/// S lines of the site for rulesets that have rules elsewhere as well, as `-bt` tells. (Those for which the
/// library keeps a place have none there.)
fn rulesets_twice(cf: &CfText) -> Vec<Diagnostic> {
    let all = definitions(&cf.text);
    let is_own = |one: &Definition<'_>| cf.is_sites_own(u32::try_from(one.line).unwrap_or(0));
    let mut found = Vec::new();
    for (index, one) in all.iter().enumerate().filter(|(_, one)| one.has_rules && is_own(one)) {
        let same = |other: &&Definition<'_>| other.name == one.name && other.has_rules;
        let before = all[..index].iter().find(same);
        let after = all[index + 1..].iter().find(same).filter(|other| !is_own(other));
        let order = match (before, after) {
            (Some(_), _) => "after",
            (None, Some(_)) => "before",
            (None, None) => continue,
        };
        let name = String::from_utf8_lossy(one.name);
        let message = format!("Ruleset {name} has multiple definitions");
        let help = format!("these rules run {order} the others of that name: give this ruleset another name");
        found.push(at_line(cf, one.line, message, help));
    }
    found
}

/// Does a cf line begin with these words, and not with a longer one?
fn begins_so(line: &[u8], words: &[u8]) -> bool {
    let goes_on =
        |byte: &u8| byte.is_ascii_alphanumeric() && words.last().is_some_and(u8::is_ascii_alphanumeric);
    line.strip_prefix(words).is_some_and(|rest| !rest.first().is_some_and(goes_on))
}

/// Filters that no mail passes through, and what of TLS does not come true, at the lines that ask for them.
fn asked_in_vain(config: &Config, cf: &CfText) -> Vec<Diagnostic> {
    let lines: Vec<&[u8]> = cf.text.split(|byte| *byte == b'\n').collect();
    let asked = unsupported(config).into_iter().chain(tls::warnings(config)).filter_map(|asked| {
        let so_begun = lines.iter().enumerate().filter(|(_, line)| begins_so(line, &asked.cf_line));
        let index = so_begun.map(|(index, _)| index).nth(asked.nth)?;
        Some(at_line(cf, index + 1, asked.message, asked.help.to_owned()))
    });
    asked.collect()
}

/// From a line of the cf to the line of the .mc that made it, and to what stands there of the text that the
/// finding is about. The cf line itself goes into the help.
pub fn point_into_mc(name: &str, text: &[u8], cf: &CfText, found: &mut Diagnostic) {
    let (Some((file, line)), column) = (cf.origin(found.place.line), found.place.column) else { return };
    let other = if file == name { None } else { std::fs::read(file).ok() };
    let source = if file == name { Some(text) } else { other.as_deref() };
    let Some(source) = source else { return };
    let made = found.excerpt.take().map(|cf_line| cf_line.replace('\t', " "));
    let mut lines = source.split(|byte| *byte == b'\n').skip(line.saturating_sub(1) as usize);
    let written = lines.next();
    let mut excerpt = written.map(|line| diag::shown(line.trim_ascii_end()));
    found.place = Place { file: file.to_owned(), line, column: 0 };
    if let (Some(made), Some(first)) = (&made, &excerpt) {
        found.place.column = column_of(&found.message, made, column, first);
        if found.place.column == 0
            && let Some((further, at, text)) = on_a_later_line(&found.message, made, column, first, lines)
        {
            found.place = Place { file: file.to_owned(), line: line + further, column: at };
            excerpt = Some(text);
        }
    }
    if made.as_deref().is_some_and(|made| made.trim().is_empty()) {
        return of_blanks(found, written.unwrap_or_default());
    }
    if found.help.is_none() && made != excerpt {
        found.help = made.filter(|made| !made.is_empty()).map(|made| format!("it makes the cf line: {made}"));
    }
    found.excerpt = excerpt.filter(|line| !line.is_empty());
}

/// Lines of a call that are looked through for what a finding is about.
const MAX_LINES_OF_A_CALL: usize = 16;

/// A call that goes on over several lines: which of them (from 1 behind the first), column and text.
fn on_a_later_line<'t>(
    message: &str,
    made: &str,
    column: u32,
    first: &str,
    lines: impl Iterator<Item = &'t [u8]>,
) -> Option<(u32, u32, String)> {
    let ends = |line: &str| line.trim_end().trim_end_matches("dnl").trim_end().ends_with(')');
    if ends(first) || !first.contains('(') {
        return None;
    }
    for (further, line) in (1..).zip(lines.take(MAX_LINES_OF_A_CALL)) {
        let text = diag::shown(line.trim_ascii_end());
        match column_of(message, made, column, &text) {
            0 if ends(&text) => return None,
            0 => {}
            at => return Some((further, at, text)),
        }
    }
    None
}

/// A cf line of nothing but blanks, which sendmail does not take for an empty one.
fn of_blanks(found: &mut Diagnostic, line: &[u8]) {
    let shown = diag::shown(line);
    let (message, column, help) = match shown.trim_end().len() {
        0 => ("a line of blanks goes into the cf, where sendmail refuses it", 1, "take the blanks out"),
        length => ("the blank at the end of this line goes into the cf", length + 1, "end the line with dnl"),
    };
    found.message = message.to_owned();
    found.place.column = u32::try_from(column).unwrap_or(0);
    found.help = Some(help.to_owned());
    found.excerpt = Some(shown);
}

/// Column on a line of the .mc of what a finding about a cf line is about; 0 where the line has no text of it.
fn column_of(message: &str, made: &str, column: u32, line: &str) -> u32 {
    let column = column as usize;
    let whole = line.find(made.trim_end()).filter(|_| !made.trim_end().is_empty());
    // The word that the message names last, where cf and .mc both have it: `map x: class TYPE not available`.
    let mut named = words(message).into_iter().rev().filter_map(|word| {
        word_at(made, word)?;
        word_at(line, word)
    });
    let pointed = column.checked_sub(1).and_then(|at| made.get(at..));
    let pointed = pointed.and_then(|rest| word_at(line, words(rest).first()?));
    let value = made.split_once('=').and_then(|(_, value)| word_at(line, value.trim()));
    let at = match whole {
        Some(start) if column > 0 => Some(start + column - 1),
        Some(start) if message.contains(made.trim_end()) => Some(start),
        _ => pointed.or_else(|| named.next()).or(value).or(whole),
    };
    at.map_or(0, |at| u32::try_from(at + 1).unwrap_or(0))
}

/// Words of two characters and more, in their order.
fn words(text: &str) -> Vec<&str> {
    let parts = text.split(|c: char| !(c.is_alphanumeric() || "_-./$".contains(c)));
    parts.map(|word| word.trim_end_matches(['.', '-'])).filter(|word| word.len() > 1).collect()
}

/// Where a text has this word and not only a part of a longer one.
fn word_at(text: &str, word: &str) -> Option<usize> {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut found = text.match_indices(word).map(|(at, _)| at).filter(|_| !word.is_empty());
    found.find(|at| {
        !inside(text[..*at].chars().next_back()) && !inside(text[at + word.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_finding_points_at() {
        let line = "define(`confPRIVACY_FLAGS', `authwarnings,novrfi')";
        let made = "O PrivacyOptions=authwarnings,novrfi";
        assert_eq!(column_of("readcf: Op line: novrfi unrecognized", made, 0, line), 43);
        assert_eq!(column_of("readcf: bad value", made, 0, line), 30);
        assert_eq!(column_of("readcf: bad value", "O X=y", 0, line), 0);
        let map = "Kfoo hsh /etc/mail/foo";
        assert_eq!(column_of("readcf: map foo: class hsh not available", map, 0, map), 6);
        assert_eq!(column_of("readcf: something", map, 10, &format!("  {map}")), 12);
        assert_eq!(
            column_of("unknown configuration line \"what is this\"", "what is this", 0, "what is this"),
            1
        );
    }
}
