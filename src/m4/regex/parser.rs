//! Reading a pattern: what it is made of, and what is known of that.

#[derive(Clone, Debug)]
pub(super) enum Node {
    Empty,
    Byte(u8),
    Any,
    Set(Box<[bool; 256]>),
    LineStart,
    LineEnd,
    TextStart,
    TextEnd,
    WordBoundary(bool),
    WordStart,
    WordEnd,
    Group(usize, Box<Node>),
    Back(usize),
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    Repeat(Box<Node>, bool, bool), // at least one, at most one
}

pub(super) struct Parser<'a> {
    pub rest: &'a [u8],
    pub groups: usize,
    pub open: Vec<usize>,
    pub closed: Vec<bool>,
    pub back_references: bool,
}

/// Deepest nesting of groups.
const MAX_DEPTH: usize = 200;

impl Parser<'_> {
    pub(super) fn choice(&mut self) -> Result<Node, &'static str> {
        let mut branches = vec![self.sequence()?];
        while let [b'\\', b'|', rest @ ..] = self.rest {
            self.rest = rest;
            branches.push(self.sequence()?);
        }
        Ok(if branches.len() == 1 { branches.remove(0) } else { Node::Choice(branches) })
    }

    fn sequence(&mut self) -> Result<Node, &'static str> {
        let mut nodes: Vec<Node> = Vec::new();
        loop {
            match self.rest {
                [b'\\', b')', ..] if self.open.is_empty() => return Err("Unmatched ) or \\)"),
                [] | [b'\\', b'|' | b')', ..] => break,
                [operator @ (b'*' | b'+' | b'?'), rest @ ..] if repeatable(&nodes) => {
                    let node = nodes.pop().unwrap_or(Node::Empty);
                    nodes.push(repeat(node, *operator == b'+', *operator == b'?'));
                    self.rest = rest;
                }
                _ => {
                    let first = nodes.is_empty();
                    let node = self.atom(first)?;
                    nodes.push(node);
                }
            }
        }
        Ok(Node::Sequence(nodes))
    }

    fn atom(&mut self, first: bool) -> Result<Node, &'static str> {
        let (byte, rest) = match self.rest {
            [byte, rest @ ..] => (*byte, rest),
            [] => return Ok(Node::Empty),
        };
        self.rest = rest;
        match byte {
            b'.' => Ok(Node::Any),
            b'[' => self.set(),
            b'^' if first => Ok(Node::LineStart),
            b'$' if matches!(rest, [] | [b'\\', b')' | b'|', ..]) => Ok(Node::LineEnd),
            b'\\' => self.escape(),
            byte => Ok(Node::Byte(byte)),
        }
    }

    fn escape(&mut self) -> Result<Node, &'static str> {
        let (byte, rest) = match self.rest {
            [byte, rest @ ..] => (*byte, rest),
            [] => return Err("Trailing backslash"),
        };
        self.rest = rest;
        Ok(match byte {
            b'(' => return self.group(),
            b'1'..=b'9' => {
                let number = usize::from(byte - b'0');
                if !self.closed.get(number).copied().unwrap_or(false) {
                    return Err("Invalid back reference");
                }
                self.back_references = true;
                Node::Back(number)
            }
            b'w' => class(|byte| is_word(Some(byte))),
            b'W' => class(|byte| !is_word(Some(byte))),
            b's' => class(|byte| byte.is_ascii_whitespace() || byte == 0x0b),
            b'S' => class(|byte| !(byte.is_ascii_whitespace() || byte == 0x0b)),
            b'b' => Node::WordBoundary(true),
            b'B' => Node::WordBoundary(false),
            b'<' => Node::WordStart,
            b'>' => Node::WordEnd,
            b'`' => Node::TextStart,
            b'\'' => Node::TextEnd,
            byte => Node::Byte(byte),
        })
    }

    fn group(&mut self) -> Result<Node, &'static str> {
        self.groups += 1;
        let number = self.groups;
        if self.open.len() >= MAX_DEPTH {
            return Err("Regular expression too big");
        }
        self.open.push(number);
        let inner = self.choice()?;
        let [b'\\', b')', rest @ ..] = self.rest else { return Err("Unmatched ( or \\(") };
        self.rest = rest;
        self.open.pop();
        self.closed.resize(self.closed.len().max(number + 1), false);
        self.closed[number] = true;
        Ok(Node::Group(number, Box::new(inner)))
    }

    fn set(&mut self) -> Result<Node, &'static str> {
        let mut members = Box::new([false; 256]);
        let negated = self.rest.first() == Some(&b'^');
        let mut rest = &self.rest[usize::from(negated)..];
        let mut first = true;
        loop {
            let (byte, tail) = match rest {
                [] if first => return Err("Invalid regular expression"),
                [] => return Err("Unmatched [, [^, [:, [., or [="),
                [b']', tail @ ..] if !first => {
                    rest = tail;
                    break;
                }
                [byte, tail @ ..] => (*byte, tail),
            };
            first = false;
            match tail {
                [b'-', last, tail @ ..] if *last != b']' => {
                    (byte..=*last).for_each(|member| members[usize::from(member)] = true);
                    rest = tail;
                    if matches!(rest, [b'-', next, ..] if *next != b']') {
                        return Err("Invalid range end");
                    }
                }
                _ => {
                    members[usize::from(byte)] = true;
                    rest = tail;
                }
            }
        }
        self.rest = rest;
        if negated {
            members.iter_mut().for_each(|member| *member = !*member);
        }
        Ok(Node::Set(members))
    }
}

/// A repetition of a repetition is one repetition: `a**` nests no deeper than `a*`.
fn repeat(node: Node, once: bool, optional: bool) -> Node {
    match node {
        Node::Repeat(inner, inner_once, inner_optional) => {
            Node::Repeat(inner, once && inner_once, optional && inner_optional)
        }
        node => Node::Repeat(Box::new(node), once, optional),
    }
}

/// An operator with nothing before it is an ordinary character.
fn repeatable(nodes: &[Node]) -> bool {
    !matches!(nodes.last(), None | Some(Node::LineStart))
}

fn class(member: impl Fn(u8) -> bool) -> Node {
    let mut members = Box::new([false; 256]);
    (0..=255u8).for_each(|byte| members[usize::from(byte)] = member(byte));
    Node::Set(members)
}

pub(super) fn is_word(byte: Option<u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Can it match nothing?
pub(super) fn nullable(node: &Node) -> bool {
    match node {
        Node::Byte(_) | Node::Any | Node::Set(_) => false,
        Node::Group(_, inner) => nullable(inner),
        Node::Sequence(nodes) => nodes.iter().all(nullable),
        Node::Choice(branches) => branches.iter().any(nullable),
        Node::Repeat(inner, once, _) => !once || nullable(inner),
        _ => true,
    }
}

/// Does GNU's matcher find a last round of nothing in a repetition of this? It does where a `*` may end it.
pub(super) fn ends_empty(node: &Node) -> bool {
    match node {
        Node::Repeat(_, false, false) => true,
        Node::Repeat(inner, false, true) | Node::Group(_, inner) => ends_empty(inner),
        Node::Sequence(nodes) => nodes.iter().all(nullable) && nodes.last().is_some_and(ends_empty),
        Node::Choice(branches) => branches.iter().filter(|node| ends_empty(node)).count() == 1,
        _ => false,
    }
}

/// The byte that every match begins with, if the pattern says so.
pub(super) fn first_byte(node: &Node) -> Option<u8> {
    match node {
        Node::Byte(byte) => Some(*byte),
        Node::Group(_, inner) => first_byte(inner),
        Node::Repeat(inner, true, _) => first_byte(inner),
        Node::Sequence(nodes) => first_byte(nodes.first()?),
        _ => None,
    }
}
