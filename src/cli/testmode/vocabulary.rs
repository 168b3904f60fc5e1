//! What the tab key can complete: the names that a configuration knows, and where each kind may stand.
//!
//! In: a configuration and the line up to the cursor. Out: candidates. Never here: a terminal.

use crate::addr::MacroId;
use crate::config::Config;

/// The names of one configuration, as they are typed.
pub(super) struct Vocabulary {
    rulesets: Vec<String>,
    macros: Vec<String>,
    classes: Vec<String>,
    maps: Vec<String>,
    mailers: Vec<String>,
    commands: Vec<String>,
    listings: Vec<String>,
    /// Where they may stand.
    places: &'static [Completing],
}

/// Where a name may stand: after this beginning of a line.
struct Completing {
    after: &'static str,
    names: fn(&Vocabulary) -> &[String],
}

/// The first row whose beginning fits counts.
const PLACES: &[Completing] = &[
    Completing { after: "/map ", names: |known| &known.maps },
    Completing { after: "/try ", names: |known| &known.mailers },
    Completing { after: "/break map ", names: |known| &known.maps },
    Completing { after: "/break ", names: |known| &known.rulesets },
    Completing { after: "/step ", names: |known| &known.rulesets },
    Completing { after: "/", names: |known| &known.commands },
    Completing { after: "=S", names: |known| &known.rulesets },
    Completing { after: "=", names: |known| &known.listings },
    Completing { after: "$=", names: |known| &known.classes },
    Completing { after: "$", names: |known| &known.macros },
    Completing { after: ".D", names: |known| &known.macros },
    Completing { after: ".C", names: |known| &known.classes },
    Completing { after: "", names: |known| &known.rulesets },
];

/// The same at the debugger's prompt.
const DEBUGGER_PLACES: &[Completing] = &[
    Completing { after: "break map ", names: |known| &known.maps },
    Completing { after: "break ", names: |known| &known.rulesets },
    Completing { after: "list ", names: |known| &known.rulesets },
    Completing { after: "print $=", names: |known| &known.classes },
    Completing { after: "print $", names: |known| &known.macros },
    Completing { after: "$=", names: |known| &known.classes },
    Completing { after: "$", names: |known| &known.macros },
    Completing { after: "", names: |known| &known.commands },
];

impl Default for Vocabulary {
    fn default() -> Self {
        Self::of(&Config::default(), Vec::new())
    }
}

/// First characters of lines that are no list of rulesets.
const NO_RULESET: &[char] = &['-', '?', '.', '#'];

impl Vocabulary {
    /// Collects the names; `commands` are those that a slash begins.
    pub fn of(config: &Config, commands: Vec<String>) -> Self {
        let ids = || (0..=u8::MAX).map(MacroId);
        let numbered = config.rulesets.by_number.iter().enumerate().take(100);
        let numbers = numbered.filter(|(_, ruleset)| ruleset.is_some()).map(|(number, _)| number.to_string());
        Self {
            rulesets: sorted(config.rulesets.by_name.keys().map(|name| text(name)).chain(numbers)),
            macros: sorted(ids().filter(|id| config.macros.get(*id).is_some()).map(|id| braced(config, id))),
            classes: sorted(
                ids().filter(|id| config.classes.get(*id).is_some()).map(|id| braced(config, id)),
            ),
            maps: sorted(config.maps.iter().map(|map| text(&map.name))),
            mailers: sorted(config.mailers.iter().map(|mailer| text(&mailer.name))),
            commands,
            listings: vec!["M".to_owned(), "S".to_owned()],
            places: PLACES,
        }
    }

    /// The names at the debugger's prompt.
    pub fn of_debugger(config: &Config, commands: Vec<String>) -> Self {
        Self { places: DEBUGGER_PLACES, ..Self::of(config, commands) }
    }

    /// Candidates for the word before the cursor, and where that word begins in `line`, in bytes.
    pub fn complete<'a>(&'a self, line: &str) -> (usize, Vec<&'a str>) {
        let Some(place) = self.places.iter().find(|place| line.starts_with(place.after)) else {
            return (0, vec![]);
        };
        let typed = &line[place.after.len()..];
        let is_list = std::ptr::eq((place.names)(self), &*self.rulesets);
        let start = if is_list { typed.rfind(',').map_or(0, |comma| comma + 1) } else { 0 };
        let word = &typed[start..];
        if word.contains([' ', '\t']) || place.after.is_empty() && line.starts_with(NO_RULESET) {
            return (0, vec![]);
        }
        let begins = |name: &&String| {
            name.len() >= word.len() && name.as_bytes()[..word.len()].eq_ignore_ascii_case(word.as_bytes())
        };
        let found = (place.names)(self).iter().filter(begins).map(String::as_str).collect();
        (place.after.len() + start, found)
    }
}

fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.filter(|name| !name.contains(char::is_control)).collect();
    names.sort_by_cached_key(|name| name.to_ascii_lowercase());
    names.dedup();
    names
}

fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// A macro's or class's name as it is typed: `w`, `{client_addr}`.
fn braced(config: &Config, id: MacroId) -> String {
    match config.names.long_name(id) {
        Some(name) => format!("{{{}}}", text(name)),
        None => char::from(id.0).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{MapDecl, RulesetId};

    fn vocabulary() -> Vocabulary {
        let mut config = Config::default();
        let persistent = config.names.intern(b"Persistent").expect("an empty table");
        let virtual_hosts = config.names.intern(b"VirtHost").expect("an empty table");
        config.macros.set(persistent, Some(b"x"));
        config.classes.insert(virtual_hosts, b"a.example");
        for (number, name) in [(3, "canonify"), (199, "Parse0"), (198, "Parse1")] {
            config.rulesets.name(name.as_bytes(), RulesetId(number));
        }
        for name in ["access", "arith"] {
            let class = b"arith".to_vec();
            config.maps.push(MapDecl {
                name: name.as_bytes().to_vec(),
                class,
                args: Vec::new(),
                space: b' ',
                ldap_defaults: Vec::new(),
                line: 0,
            });
        }
        Vocabulary::of(&config, vec!["try ".to_owned(), "tryflags ".to_owned()])
    }

    #[test]
    fn each_place_has_its_names() {
        let known = vocabulary();
        let cases: [(&str, usize, &[&str]); 9] = [
            ("can", 0, &["canonify"]),
            ("3,par", 2, &["Parse0", "Parse1"]),
            ("=SParse", 2, &["Parse0", "Parse1"]),
            ("/map a", 5, &["access", "arith"]),
            ("/tryf", 1, &["tryflags "]),
            ("$={V", 2, &["{VirtHost}"]),
            ("${Pers", 1, &["{Persistent}"]),
            ("3,0 can", 0, &[]),
            ("-d21", 0, &[]),
        ];
        for (line, start, names) in cases {
            assert_eq!(known.complete(line), (start, names.to_vec()), "{line}");
        }
    }

    #[test]
    fn no_line_is_too_odd() {
        let known = vocabulary();
        for line in ["", "é", "=Sé,", "$=é", "/map é", ",,,", "=", "/"] {
            let (start, _) = known.complete(line);
            assert!(line.is_char_boundary(start), "{line}");
        }
    }
}
