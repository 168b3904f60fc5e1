//! Names of macros and classes as they are written: one character, or letters in braces.

use crate::addr::MacroId;

/// Longest name in bytes.
pub const MAX_NAME: usize = 25;

/// Hands out the one-byte ids of long names.
pub trait NameTable {
    /// The id of a long name, given one if it is new; `None` when all are taken.
    fn intern(&mut self, name: &[u8]) -> Option<MacroId>;

    /// Notes that there was no id for a name; true the first time.
    fn refuse(&mut self, _name: &[u8]) -> bool {
        true
    }
}

/// What is wrong with a name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NameProblem {
    /// There is none.
    #[error("Name required for macro/class")]
    Required,
    /// Not a letter, digit or underscore; the rest is used.
    #[error("Invalid macro/class character {}", bstr::BStr::new(std::slice::from_ref(.0)))]
    Character(u8),
    /// The closing brace is missing.
    #[error("Unbalanced {{ on {}", bstr::BStr::new(.0))]
    Unbalanced(Vec<u8>),
    /// More than 25 characters.
    #[error("Macro/class name ({{{}}}) too long ({MAX_NAME} chars max)", bstr::BStr::new(.0))]
    TooLong(Vec<u8>),
    /// All ids of long names are taken.
    #[error("Macro/class {{{}}}: too many long names", bstr::BStr::new(.0))]
    TooMany(Vec<u8>),
    /// Said after any of the three before.
    #[error("Unable to assign macro/class ID (mid = 0xffffffff)")]
    NoId,
}

impl NameProblem {
    /// The message's bytes; names may hold any byte.
    pub fn text(&self) -> Vec<u8> {
        match self {
            Self::Character(byte) => [b"Invalid macro/class character ", &[*byte][..]].concat(),
            Self::Unbalanced(name) => [b"Unbalanced { on ", &name[..]].concat(),
            other => other.to_string().into_bytes(),
        }
    }
}

/// A name read from the beginning of a text.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ParsedName {
    /// Its id, unless there is none to use.
    pub id: Option<MacroId>,
    /// How many bytes it takes.
    pub length: usize,
    /// What was wrong, in order.
    pub problems: Vec<NameProblem>,
}

/// Reads `x` or `{name}` from the beginning of `text`.
pub fn parse_name(text: &[u8], table: &mut dyn NameTable) -> ParsedName {
    match text {
        [] => ParsedName { problems: vec![NameProblem::Required], ..ParsedName::default() },
        [b'{', rest @ ..] => braced(rest, table),
        [single, ..] => ParsedName { id: Some(MacroId(*single)), length: 1, problems: Vec::new() },
    }
}

fn braced(text: &[u8], table: &mut dyn NameTable) -> ParsedName {
    let mut parsed = ParsedName { length: 1, ..ParsedName::default() };
    let mut name = Vec::new();
    let mut rest = text.iter();
    let mut next = rest.next();
    while let Some(&byte) = next {
        if byte == b'}' || name.len() >= MAX_NAME {
            break;
        }
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            name.push(byte);
        } else {
            parsed.problems.push(NameProblem::Character(byte));
        }
        parsed.length += 1;
        next = rest.next();
    }
    let failed = match next {
        Some(b'}') => {
            parsed.length += 1;
            match name.as_slice() {
                [] if parsed.problems.is_empty() => {
                    parsed.problems.push(NameProblem::Required);
                    return parsed;
                }
                [single] => parsed.id = Some(MacroId(*single)),
                // also the name of which nothing is left
                long => parsed.id = table.intern(long),
            }
            if parsed.id.is_none() && !table.refuse(&name) {
                parsed.problems.push(NameProblem::NoId);
                return parsed;
            }
            parsed.id.is_none().then_some(NameProblem::TooMany(name))
        }
        Some(_) => Some(NameProblem::TooLong(name)),
        None => Some(NameProblem::Unbalanced(name)),
    };
    if let Some(problem) = failed {
        parsed.problems.extend([problem, NameProblem::NoId]);
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl NameTable for Fixed {
        fn intern(&mut self, _name: &[u8]) -> Option<MacroId> {
            Some(MacroId(0xa0))
        }
    }

    fn messages(text: &[u8]) -> Vec<String> {
        parse_name(text, &mut Fixed)
            .problems
            .iter()
            .map(|p| String::from_utf8_lossy(&p.text()).into())
            .collect()
    }

    #[test]
    fn short_and_long() {
        let parsed = parse_name(b"{ab}c", &mut Fixed);
        assert_eq!((parsed.id, parsed.length), (Some(MacroId(0xa0)), 4));
        let parsed = parse_name(b"{x}c", &mut Fixed);
        assert_eq!((parsed.id, parsed.length), (Some(MacroId(b'x')), 3));
    }

    #[test]
    fn complaints() {
        let no_id = "Unable to assign macro/class ID (mid = 0xffffffff)";
        assert_eq!(messages(b""), ["Name required for macro/class"]);
        assert_eq!(messages(b"{}x"), ["Name required for macro/class"]);
        assert_eq!(messages(b"{a b}x"), ["Invalid macro/class character  "]);
        assert_eq!(messages(b"{open"), ["Unbalanced { on open", no_id]);
        assert_eq!(
            messages(b"{abcdefghijklmnopqrstuvwxyz}x"),
            ["Macro/class name ({abcdefghijklmnopqrstuvwxy}) too long (25 chars max)", no_id]
        );
    }
}
