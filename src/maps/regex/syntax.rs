//! Reading POSIX patterns, basic and extended, with the C library's additions (`\w`, `\<`, `\+` in basic ones).
//! What they are read into stands in `pattern`, bracket expressions in `brackets`.

use super::pattern::{MAX_NODES, Node, Pattern, Problem, Set, repeat};
use regex_syntax::hir::Look;
use std::collections::BTreeSet;

/// Largest number in `{}`.
const MAX_COUNT: u32 = 0x7fff;
/// Parentheses within parentheses.
const MAX_DEPTH: usize = 200;
/// How a pattern is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flags {
    pub extended: bool,
    pub fold_case: bool,
}

/// Reads a pattern.
pub(super) fn parse(text: &[u8], flags: Flags) -> Result<Pattern, Problem> {
    let mut parser = Parser {
        text,
        at: 0,
        flags,
        groups: 0,
        closed: BTreeSet::new(),
        referenced: BTreeSet::new(),
        depth: 0,
    };
    let root = parser.alternatives()?;
    if parser.at < text.len() {
        // only a basic pattern's `\)` stops the outermost level
        return Err(Problem::Parenthesis);
    }
    if root.size() > MAX_NODES {
        return Err(Problem::TooBig);
    }
    let Parser { groups, referenced, .. } = parser;
    Ok(Pattern { root, groups, referenced, fold_case: flags.fold_case })
}

/// The next operator or character.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lexeme {
    End,
    Byte(u8),
    Any,
    Open,
    Close,
    Or,
    Repeat { min: u32, unlimited: bool },
    Brace,
    Bracket,
    LineStart,
    LineEnd,
    Escape(u8),
}

pub(super) struct Parser<'a> {
    pub text: &'a [u8],
    pub at: usize,
    pub flags: Flags,
    groups: usize,
    /// Groups that have been read to their end.
    closed: BTreeSet<usize>,
    referenced: BTreeSet<usize>,
    depth: usize,
}

impl Parser<'_> {
    pub fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    /// The lexeme here and its length. `first`: at the beginning of a pattern, group or alternative.
    fn peek(&self, first: bool) -> (Lexeme, usize) {
        let extended = self.flags.extended;
        let star = Lexeme::Repeat { min: 0, unlimited: true };
        let Some(byte) = self.byte(0) else { return (Lexeme::End, 0) };
        let lexeme = match byte {
            b'\\' => return self.peek_escape(first),
            b'[' => Lexeme::Bracket,
            b'.' => Lexeme::Any,
            b'*' if extended || !first => star,
            b'+' if extended => Lexeme::Repeat { min: 1, unlimited: true },
            b'?' if extended => Lexeme::Repeat { min: 0, unlimited: false },
            b'{' if extended => Lexeme::Brace,
            b'(' if extended => Lexeme::Open,
            b')' if extended && self.depth > 0 => Lexeme::Close,
            b'|' if extended => Lexeme::Or,
            b'^' if extended || first => Lexeme::LineStart,
            b'$' if extended || self.at_basic_end() => Lexeme::LineEnd,
            _ => Lexeme::Byte(byte),
        };
        (lexeme, 1)
    }

    fn peek_escape(&self, first: bool) -> (Lexeme, usize) {
        let extended = self.flags.extended;
        let Some(byte) = self.byte(1) else { return (Lexeme::Escape(0), 1) };
        let lexeme = match byte {
            b'(' if !extended => Lexeme::Open,
            b')' if !extended => Lexeme::Close,
            b'{' if !extended => Lexeme::Brace,
            b'|' if !extended => Lexeme::Or,
            b'+' if !extended && !first => Lexeme::Repeat { min: 1, unlimited: true },
            b'?' if !extended && !first => Lexeme::Repeat { min: 0, unlimited: false },
            b'1'..=b'9' | b'w' | b'W' | b's' | b'S' | b'b' | b'B' | b'<' | b'>' | b'`' | b'\'' => {
                Lexeme::Escape(byte)
            }
            _ => Lexeme::Byte(byte),
        };
        (lexeme, 2)
    }

    /// In a basic pattern `$` is an anchor before the end, `\)` and `\|` only.
    fn at_basic_end(&self) -> bool {
        matches!((self.byte(1), self.byte(2)), (None, _) | (Some(b'\\'), Some(b')' | b'|')))
    }

    fn alternatives(&mut self) -> Result<Node, Problem> {
        // an alternative cannot refer back to groups of another one
        let closed_before = self.closed.clone();
        let mut nodes = vec![self.branch()?];
        while let (Lexeme::Or, length) = self.peek(false) {
            self.at += length;
            let closed = std::mem::replace(&mut self.closed, closed_before.clone());
            nodes.push(self.branch()?);
            self.closed.extend(closed);
        }
        Ok(if nodes.len() == 1 { nodes.swap_remove(0) } else { Node::Alternatives(nodes) })
    }

    fn branch(&mut self) -> Result<Node, Problem> {
        let mut nodes: Vec<Node> = Vec::new();
        let mut first = true;
        loop {
            let (lexeme, length) = self.peek(first);
            if matches!(lexeme, Lexeme::End | Lexeme::Or | Lexeme::Close) {
                break;
            }
            self.at += length;
            let node = self.piece(lexeme)?;
            // a basic pattern's star after an anchor is a plain character, an extended one's an error
            let anchor = matches!(node, Node::Look(_));
            first = anchor && !self.flags.extended;
            let node = if first { node } else { self.repeated(node, anchor)? };
            nodes.push(node);
            if nodes.len() > MAX_NODES {
                return Err(Problem::TooBig);
            }
        }
        Ok(match nodes.len() {
            0 => Node::Empty,
            1 => nodes.swap_remove(0),
            _ => Node::Concat(nodes),
        })
    }

    fn piece(&mut self, lexeme: Lexeme) -> Result<Node, Problem> {
        let set = |set: Set| Node::Set(if self.flags.fold_case { set.folded() } else { set });
        Ok(match lexeme {
            Lexeme::Byte(byte) => set(Set::only(byte)),
            Lexeme::Any => Node::Set(Set::default().negated()),
            Lexeme::LineStart => Node::Look(Look::Start),
            Lexeme::LineEnd => Node::Look(Look::End),
            Lexeme::Escape(byte) => self.escape(byte)?,
            Lexeme::Bracket => Node::Set(self.bracket()?),
            Lexeme::Open => self.group()?,
            Lexeme::Repeat { .. } | Lexeme::Brace => return Err(Problem::Repetition),
            Lexeme::End | Lexeme::Or | Lexeme::Close => Node::Empty,
        })
    }

    fn escape(&mut self, byte: u8) -> Result<Node, Problem> {
        let word = Set::of(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let blank = Set::of(|byte| byte.is_ascii_whitespace() || byte == 0x0b);
        Ok(match byte {
            0 => return Err(Problem::Backslash),
            b'w' => Node::Set(word),
            b'W' => Node::Set(word.negated()),
            b's' => Node::Set(blank),
            b'S' => Node::Set(blank.negated()),
            b'b' => Node::Look(Look::WordAscii),
            b'B' => Node::Look(Look::WordAsciiNegate),
            b'<' => Node::Look(Look::WordStartAscii),
            b'>' => Node::Look(Look::WordEndAscii),
            b'`' => Node::Look(Look::Start),
            b'\'' => Node::Look(Look::End),
            digit => {
                let group = usize::from(digit - b'0');
                if !self.closed.contains(&group) {
                    return Err(Problem::BackReference);
                }
                self.referenced.insert(group);
                Node::Back(group)
            }
        })
    }

    fn group(&mut self) -> Result<Node, Problem> {
        self.groups += 1;
        let number = self.groups;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Problem::TooBig);
        }
        let inner = self.alternatives()?;
        let (lexeme, length) = self.peek(false);
        if lexeme != Lexeme::Close {
            return Err(Problem::Parenthesis);
        }
        self.at += length;
        self.depth -= 1;
        self.closed.insert(number);
        Ok(Node::Group(number, Box::new(inner), false))
    }

    /// `*`, `+`, `?`, `{m,n}` behind a piece, any number of them.
    fn repeated(&mut self, mut node: Node, anchor: bool) -> Result<Node, Problem> {
        loop {
            let (lexeme, length) = self.peek(false);
            if !matches!(lexeme, Lexeme::Repeat { .. } | Lexeme::Brace) {
                return Ok(node);
            }
            if anchor {
                return Err(Problem::Repetition);
            }
            self.at += length;
            let (min, max) = match lexeme {
                Lexeme::Repeat { min, unlimited } => (min, if unlimited { None } else { Some(1) }),
                _ => self.count()?,
            };
            node = repeat(&node, min, max)?;
        }
    }

    fn digits(&mut self) -> Option<u32> {
        let mut value = None;
        while let Some(digit @ b'0'..=b'9') = self.byte(0) {
            value = Some(value.unwrap_or(0u32).saturating_mul(10).saturating_add(u32::from(digit - b'0')));
            self.at += 1;
        }
        value
    }

    /// The inside of `{m}`, `{m,}`, `{,n}`, `{m,n}`.
    fn count(&mut self) -> Result<(u32, Option<u32>), Problem> {
        let close: &[u8] = if self.flags.extended { b"}" } else { b"\\}" };
        let closed = self.text[self.at..].windows(close.len()).any(|here| here == close);
        let problem = if closed { Problem::BraceContent } else { Problem::Brace };
        let min = self.digits();
        let comma = self.byte(0) == Some(b',');
        if min.is_none() && !comma {
            return Err(problem);
        }
        self.at += usize::from(comma);
        let max = if comma { self.digits() } else { min };
        if !self.text[self.at..].starts_with(close) {
            return Err(problem);
        }
        self.at += close.len();
        let min = min.unwrap_or(0);
        if max.is_some_and(|max| max < min) {
            return Err(Problem::BraceContent);
        }
        if max.unwrap_or(min) > MAX_COUNT {
            return Err(Problem::TooBig);
        }
        Ok((min, max))
    }
}
