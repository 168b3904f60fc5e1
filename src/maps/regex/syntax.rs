//! POSIX patterns, basic and extended, with the C library's additions (`\w`, `\<`, `\+` in basic ones)
//! and the C library's error texts.

use regex_automata::meta;
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, Look, Repetition};
use std::collections::BTreeSet;

/// Largest number in `{}`.
const MAX_COUNT: u32 = 0x7fff;
/// Nodes of a pattern after its counted repetitions have been written out.
const MAX_NODES: usize = 20_000;
/// A pattern of so few nodes is never refused.
const SMALL: usize = 200;
/// Copies of a piece that may be left out: each stands within the next.
const MAX_NESTED: u32 = 500;
/// Parentheses within parentheses.
const MAX_DEPTH: usize = 200;
/// Memory of a compiled pattern.
const MAX_PROGRAM: usize = 16 << 20;

/// Why a pattern cannot be compiled; the texts are the C library's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("Invalid regular expression")]
    Pattern,
    #[error("Invalid collation character")]
    Collation,
    #[error("Invalid character class name")]
    ClassName,
    #[error("Trailing backslash")]
    Backslash,
    #[error("Invalid back reference")]
    BackReference,
    #[error("Unmatched [, [^, [:, [., or [=")]
    Bracket,
    #[error("Unmatched ( or \\(")]
    Parenthesis,
    #[error("Unmatched \\{{")]
    Brace,
    #[error("Invalid content of \\{{\\}}")]
    BraceContent,
    #[error("Invalid range end")]
    RangeEnd,
    #[error("Invalid preceding regular expression")]
    Repetition,
    #[error("Regular expression too big")]
    TooBig,
}

/// How a pattern is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flags {
    pub extended: bool,
    pub fold_case: bool,
}

/// A set of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Set([u64; 4]);

impl Set {
    pub fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 != 0
    }

    fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn only(byte: u8) -> Self {
        let mut set = Self::default();
        set.insert(byte);
        set
    }

    fn of(test: impl Fn(u8) -> bool) -> Self {
        let mut set = Self::default();
        (0..=255u8).filter(|byte| test(*byte)).for_each(|byte| set.insert(byte));
        set
    }

    fn negated(self) -> Self {
        let mut words = self.0.map(|word| !word);
        // no POSIX pattern ever matches NUL: it ends the text
        words[0] &= !1;
        Self(words)
    }

    /// Letters in both cases: all are bits of the second word, a capital 32 places below its small one.
    fn folded(self) -> Self {
        const CAPITALS: u64 = 0x07ff_fffe;
        let Self([low, mut letters, upper, highest]) = self;
        let either = (letters | letters >> 32) & CAPITALS;
        letters |= either | either << 32;
        Self([low, letters, upper, highest])
    }
}

/// A piece of a pattern. Counted repetitions have been written out.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Empty,
    Set(Set),
    Look(Look),
    /// The text of this group once more.
    Back(usize),
    /// With `true` it is repeated and may be left out: an empty match then leaves the groups alone.
    Group(usize, Box<Node>, bool),
    Concat(Vec<Node>),
    Alternatives(Vec<Node>),
    /// Any number.
    Star(Box<Node>),
}

impl Node {
    fn size(&self) -> usize {
        match self {
            Self::Empty | Self::Set(_) | Self::Look(_) | Self::Back(_) => 1,
            Self::Group(_, inner, _) | Self::Star(inner) => 1 + inner.size(),
            Self::Concat(nodes) | Self::Alternatives(nodes) => {
                1 + nodes.iter().map(Self::size).sum::<usize>()
            }
        }
    }

    fn hir(&self) -> Hir {
        match self {
            Self::Empty => Hir::empty(),
            Self::Set(set) => {
                let bytes = (0..=255u8).filter(|byte| set.contains(*byte));
                Hir::class(Class::Bytes(ClassBytes::new(bytes.map(|byte| ClassBytesRange::new(byte, byte)))))
            }
            Self::Look(look) => Hir::look(*look),
            // whatever the group's text may be
            Self::Back(_) => Self::Star(Box::new(Self::Set(Set::default().negated()))).hir(),
            Self::Group(_, inner, _) => inner.hir(),
            Self::Concat(nodes) => Hir::concat(nodes.iter().map(Self::hir).collect()),
            Self::Alternatives(nodes) => Hir::alternation(nodes.iter().map(Self::hir).collect()),
            Self::Star(inner) => {
                Hir::repetition(Repetition { min: 0, max: None, greedy: true, sub: Box::new(inner.hir()) })
            }
        }
    }
}

/// A pattern, read.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub root: Node,
    /// Number of parenthesised groups.
    pub groups: usize,
    /// Groups to which something refers back.
    pub referenced: BTreeSet<usize>,
    /// Capitals and small letters are the same.
    pub fold_case: bool,
}

impl Pattern {
    /// Too small to be refused for its size.
    pub fn is_small(&self) -> bool {
        self.root.size() <= SMALL
    }

    /// The matcher that says where a match begins; with back references it says only where one may begin at the
    /// earliest, as if any text stood there. `None` if it would be too large.
    pub fn compile(&self) -> Option<meta::Regex> {
        let config = meta::Config::new().utf8_empty(false).nfa_size_limit(Some(MAX_PROGRAM));
        meta::Builder::new().configure(config).build_from_hir(&self.root.hir()).ok()
    }
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

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    flags: Flags,
    groups: usize,
    /// Groups that have been read to their end.
    closed: BTreeSet<usize>,
    referenced: BTreeSet<usize>,
    depth: usize,
}

impl Parser<'_> {
    fn byte(&self, ahead: usize) -> Option<u8> {
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

    /// The inside of a bracket expression, its opening bracket read.
    fn bracket(&mut self) -> Result<Set, Problem> {
        if self.at >= self.text.len() {
            return Err(Problem::Pattern);
        }
        let negated = self.byte(0) == Some(b'^');
        self.at += usize::from(negated);
        let mut set = Set::default();
        let mut first = true;
        loop {
            match self.byte(0) {
                None => return Err(Problem::Bracket),
                Some(b']') if !first => break,
                _ => self.bracket_item(&mut set)?,
            }
            first = false;
        }
        self.at += 1;
        let set = if self.flags.fold_case { set.folded() } else { set };
        Ok(if negated { set.negated() } else { set })
    }

    fn bracket_item(&mut self, set: &mut Set) -> Result<(), Problem> {
        let begin = self.byte(0);
        if begin == Some(b'[') && self.byte(1) == Some(b':') {
            let name = self.delimited(b':')?;
            let class = named_class(&name).ok_or(Problem::ClassName)?;
            (0..=255u8).filter(class).for_each(|byte| set.insert(byte));
            return self.no_range_here();
        }
        let equivalence = begin == Some(b'[') && self.byte(1) == Some(b'=');
        let start = self.bracket_byte()?;
        if equivalence {
            set.insert(start);
            return self.no_range_here();
        }
        if self.byte(0) != Some(b'-') || matches!(self.byte(1), Some(b']')) {
            set.insert(start);
            return Ok(());
        }
        if self.byte(1).is_none() {
            return Err(Problem::Bracket);
        }
        self.at += 1;
        if self.byte(0) == Some(b'[') && matches!(self.byte(1), Some(b':' | b'=')) {
            return Err(Problem::RangeEnd);
        }
        let end = self.bracket_byte()?;
        if end < start {
            return Err(Problem::RangeEnd);
        }
        (start..=end).for_each(|byte| set.insert(byte));
        self.no_range_here()
    }

    /// After a range or class a `-` must be the last character.
    fn no_range_here(&self) -> Result<(), Problem> {
        let range = self.byte(0) == Some(b'-') && self.byte(1).is_some_and(|byte| byte != b']');
        if range { Err(Problem::RangeEnd) } else { Ok(()) }
    }

    fn bracket_byte(&mut self) -> Result<u8, Problem> {
        if let (Some(b'['), Some(mark @ (b'.' | b'='))) = (self.byte(0), self.byte(1)) {
            return match self.delimited(mark)?.as_slice() {
                [byte] => Ok(*byte),
                _ => Err(Problem::Collation),
            };
        }
        let byte = self.byte(0).ok_or(Problem::Bracket)?;
        self.at += 1;
        Ok(byte)
    }

    /// The name in `[:name:]`, `[.x.]` or `[=x=]`.
    fn delimited(&mut self, mark: u8) -> Result<Vec<u8>, Problem> {
        let inside = &self.text[self.at + 2..];
        let length = inside.windows(2).position(|pair| pair == [mark, b']']).ok_or(Problem::Bracket)?;
        let name = inside[..length].to_vec();
        self.at += length + 4;
        Ok(name)
    }
}

fn named_class(name: &[u8]) -> Option<fn(&u8) -> bool> {
    Some(match name {
        b"alpha" => u8::is_ascii_alphabetic,
        b"digit" => u8::is_ascii_digit,
        b"alnum" => u8::is_ascii_alphanumeric,
        b"upper" => u8::is_ascii_uppercase,
        b"lower" => u8::is_ascii_lowercase,
        b"space" => |byte| byte.is_ascii_whitespace() || *byte == 0x0b,
        b"blank" => |byte| matches!(byte, b' ' | b'\t'),
        b"punct" => u8::is_ascii_punctuation,
        b"print" => |byte| matches!(byte, b' '..=b'~'),
        b"graph" => u8::is_ascii_graphic,
        b"cntrl" => u8::is_ascii_control,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

/// Writes a repetition out as the C library does: `x{1,3}` is `x((x)?x)?`, `x+` is `xx*`. What may be left
/// out stands on the left, and a group that is repeated so is marked.
fn repeat(node: &Node, min: u32, max: Option<u32>) -> Result<Node, Problem> {
    let copies = max.unwrap_or(min + 1).max(1) as usize;
    let nested = max.map_or(0, |max| max.saturating_sub(min));
    if node.size().saturating_mul(copies) > MAX_NODES || nested > MAX_NESTED {
        return Err(Problem::TooBig);
    }
    let copy = unmarked(node);
    let mut nodes: Vec<Node> =
        (0..min).map(|number| if number == 0 { node.clone() } else { copy.clone() }).collect();
    let optional = match if min == 0 { node.clone() } else { copy.clone() } {
        Node::Group(number, inner, _) => Node::Group(number, inner, true),
        other => other,
    };
    let maybe = |node: Node| Node::Alternatives(vec![node, Node::Empty]);
    match max {
        None => nodes.push(Node::Star(Box::new(optional))),
        Some(max) if max > min => {
            let mut tail = maybe(optional);
            for _ in min + 1..max {
                tail = maybe(Node::Concat(vec![tail, copy.clone()]));
            }
            nodes.push(tail);
        }
        Some(_) => {}
    }
    Ok(match nodes.len() {
        0 => Node::Empty,
        1 => nodes.swap_remove(0),
        _ => Node::Concat(nodes),
    })
}

/// A copy as the C library makes it: the marks of groups are lost.
fn unmarked(node: &Node) -> Node {
    let all = |nodes: &[Node]| nodes.iter().map(unmarked).collect();
    match node {
        Node::Empty | Node::Set(_) | Node::Look(_) | Node::Back(_) => node.clone(),
        Node::Group(number, inner, _) => Node::Group(*number, Box::new(unmarked(inner)), false),
        Node::Concat(nodes) => Node::Concat(all(nodes)),
        Node::Alternatives(nodes) => Node::Alternatives(all(nodes)),
        Node::Star(inner) => Node::Star(Box::new(unmarked(inner))),
    }
}
