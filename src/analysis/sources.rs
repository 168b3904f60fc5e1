//! From a line of the cf to what somebody has written: the rule, the line of the .mc, the line of a map's text.
//!
//! In: the text of the cf as it was loaded, with the origins of its lines if a .mc made it. Out: [`Place`]s. Files are
//! read when somebody asks for a line of them.

use crate::config::Config;
use crate::m4::CfText;
use crate::sys::accounts;
use serde::Serialize;
use std::collections::HashMap;

/// Where something is written.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Place {
    /// The file.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// That line, if it says more than the rule itself.
    pub text: String,
    /// What led there: of a cf, the line of the .mc.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Box<Place>>,
}

impl Place {
    /// `FILE:LINE`; of a file of the library, its name.
    pub fn short(&self) -> String {
        let file = self.file.strip_prefix(LIBRARY).unwrap_or(&self.file);
        format!("{file}:{}", self.line)
    }

    /// The words that led there, if they are the site's own, and the places: `FEATURE(x) at site.mc:3, cf:812`.
    pub fn words(&self) -> String {
        let here = self.short();
        let origin = match &self.origin {
            None if self.text.is_empty() => return here,
            None => return format!("{here}: {}", self.text),
            Some(origin) => origin,
        };
        let own = if origin.text.is_empty() { String::new() } else { format!("{} at ", origin.text) };
        format!("{own}{}, {here}", origin.short())
    }
}

/// What names of the built-in library's files begin with.
const LIBRARY: &str = "@canonify/";

/// The texts of one configuration.
#[derive(Clone, Default)]
pub struct Sources {
    cf: String,
    lines: Vec<Vec<u8>>,
    origins: Option<CfText>,
    /// Lines of files that were asked for; a file that cannot be read has none.
    read: HashMap<String, Vec<Vec<u8>>>,
}

/// A text map larger than this is not searched.
const MAX_TEXT_MAP: u64 = 64 << 20;

fn lines_of(text: &[u8]) -> Vec<Vec<u8>> {
    text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

impl Sources {
    /// A cf, and what made it.
    pub fn new(file: &[u8], text: &[u8], origins: Option<CfText>) -> Self {
        // the cf that a .mc makes has no name
        let cf = if origins.is_some() { "cf".into() } else { String::from_utf8_lossy(file).into_owned() };
        Self { cf, lines: lines_of(text), origins, read: HashMap::new() }
    }

    /// The cf that a .mc made, with the origins of its lines; `None` for a cf that was there.
    pub fn made(&self) -> Option<&CfText> {
        self.origins.as_ref()
    }

    /// The logical line that ends at a physical one, without its first letter: a rule as it is written.
    pub fn rule_text(&self, line: u32) -> String {
        let end = (line as usize).min(self.lines.len());
        let continues = |line: &[u8]| line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t'));
        let mut begin = end.saturating_sub(1);
        while begin > 0 && continues(&self.lines[begin]) {
            begin -= 1;
        }
        let text = self.lines.get(begin..end).unwrap_or_default().join(&b' ');
        let shown = String::from_utf8_lossy(text.get(1..).unwrap_or_default()).into_owned();
        // the comment behind a second tab is no part of the rule
        let mut sides = shown.split('\t').filter(|side| !side.is_empty());
        let [left, right] = [sides.next().unwrap_or_default(), sides.next().unwrap_or_default()];
        format!("R{} \u{2192} {}", left.trim(), right.trim())
    }

    /// Where a line of the cf comes from.
    pub fn place(&mut self, line: u32) -> Place {
        let origin = self.origins.as_ref().and_then(|cf| cf.origin(line));
        let origin = origin.map(|(file, line)| (file.to_owned(), line));
        let origin = origin.map(|(file, line)| {
            let text = self.line_of(&file, line);
            Box::new(Place { file, line, text, origin: None })
        });
        Place { file: self.cf.clone(), line, text: String::new(), origin }
    }

    fn line_of(&mut self, file: &str, line: u32) -> String {
        let lines = self.lines_of_file(file);
        let text = lines.get((line as usize).saturating_sub(1)).map(Vec::as_slice).unwrap_or_default();
        let text = String::from_utf8_lossy(text.trim_ascii()).into_owned();
        text.strip_suffix("dnl").map(|text| text.trim_end().to_owned()).unwrap_or(text)
    }

    fn lines_of_file(&mut self, file: &str) -> &[Vec<u8>] {
        self.read.entry(file.to_owned()).or_insert_with(|| {
            let path = accounts::path(file.as_bytes());
            let small =
                std::fs::metadata(&path).is_ok_and(|about| about.is_file() && about.len() <= MAX_TEXT_MAP);
            if small {
                std::fs::read(&path).map(|text| lines_of(&text)).unwrap_or_default()
            } else {
                Vec::new()
            }
        })
    }

    /// The line of a map's text source that holds a key: of the file that its K line names, less `.db`.
    pub fn map_line(&mut self, config: &Config, map: &[u8], key: &[u8]) -> Option<Place> {
        let decl = config.maps.iter().find(|decl| decl.name.eq_ignore_ascii_case(map))?;
        let file = decl.args.split(u8::is_ascii_whitespace).rfind(|word| !word.is_empty())?;
        let file = String::from_utf8_lossy(file.strip_suffix(b".db").unwrap_or(file)).into_owned();
        let held = |line: &Vec<u8>| key_of(line).is_some_and(|found| found.eq_ignore_ascii_case(key));
        let at = self.lines_of_file(&file).iter().position(held)?;
        let line = u32::try_from(at + 1).ok()?;
        Some(Place { text: self.line_of(&file, line), file, line, origin: None })
    }
}

/// The key of a line of `makemap`'s input; `None`: it is a comment or empty.
fn key_of(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii_start();
    let key = line.split(u8::is_ascii_whitespace).next()?;
    (!key.is_empty() && !key.starts_with(b"#")).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_shown_as_it_is_written() {
        let text = b"Sx\nR$*\t\t$: a $1\tfirst\nR$+\n\t$@ b\nR$-\t$#local $: $1\n";
        let sources = Sources::new(b"site.cf", text, None);
        assert_eq!(sources.rule_text(2), "R$* \u{2192} $: a $1");
        assert_eq!(sources.rule_text(4), "R$+ \u{2192} $@ b");
        assert_eq!(sources.rule_text(5), "R$- \u{2192} $#local $: $1");
        assert_eq!(sources.rule_text(99), "R \u{2192} ");
    }

    #[test]
    fn keys_of_map_lines() {
        assert_eq!(key_of(b"joe@x.example\talice"), Some(&b"joe@x.example"[..]));
        assert_eq!(key_of(b"  # comment"), None);
        assert_eq!(key_of(b""), None);
    }
}
