//! Regular expressions as GNU m4 reads them: the Emacs dialect (`\(`, `\|`, `*`, `+`, `?`, `\w`, `\<` …),
//! leftmost, and of the matches there the longest.
//!
//! A pattern compiles to a small program. Without back-references each (instruction, offset) pair is tried
//! once, which bounds the work; with them a step limit does.

/// Spans of the whole match and of the groups.
pub(super) type Captures = Vec<Option<(usize, usize)>>;

/// Why a search gave no answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// Too many steps.
    TooComplex,
}

/// Steps of one search, and (instruction, offset) pairs that it may have to remember.
const STEP_LIMIT: u64 = 20_000_000;
const PAIR_LIMIT: usize = 1 << 30;

/// Slots that waiting threads may hold together.
const SLOT_LIMIT: usize = 1 << 22;

#[derive(Clone, Debug)]
enum Node {
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

#[derive(Clone, Debug)]
enum Op {
    Test(Node),
    Back(usize),
    Save(usize),
    Split(usize, usize),
    Jump(usize),
    /// Ends a repetition that matched nothing since the offset saved in this slot: on to the second.
    Progress(usize, usize),
    Match,
}

/// A compiled pattern.
pub(super) struct Regex {
    program: Vec<Op>,
    groups: usize,
    slots: usize,
    back_references: bool,
    anchor_free_byte: Option<u8>,
}

struct Parser<'a> {
    rest: &'a [u8],
    groups: usize,
    open: Vec<usize>,
    closed: Vec<bool>,
    back_references: bool,
}

/// Deepest nesting of groups.
const DEEPEST: usize = 200;

impl Parser<'_> {
    fn choice(&mut self) -> Result<Node, &'static str> {
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
                [] => break,
                [b'\\', b'|', ..] => break,
                [b'\\', b')', rest @ ..] => {
                    if self.open.is_empty() {
                        return Err("Unmatched ) or \\)");
                    }
                    let _ = rest;
                    break;
                }
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
            b'w' => class(|byte| word(Some(byte))),
            b'W' => class(|byte| !word(Some(byte))),
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
        if self.open.len() >= DEEPEST {
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

fn word(byte: Option<u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl Regex {
    /// Compiles a pattern; the error is GNU's text for it.
    pub(super) fn new(pattern: &[u8]) -> Result<Self, &'static str> {
        let mut parser =
            Parser { rest: pattern, groups: 0, open: Vec::new(), closed: Vec::new(), back_references: false };
        let node = parser.choice()?;
        let mut regex = Self {
            program: vec![Op::Save(0)],
            groups: parser.groups,
            slots: 2 * (parser.groups + 1),
            back_references: parser.back_references,
            anchor_free_byte: first_byte(&node),
        };
        regex.compile(&node);
        regex.program.push(Op::Save(1));
        regex.program.push(Op::Match);
        Ok(regex)
    }

    /// Number of groups.
    pub(super) fn groups(&self) -> usize {
        self.groups
    }

    fn compile(&mut self, node: &Node) {
        match node {
            Node::Empty => {}
            Node::Sequence(nodes) => nodes.iter().for_each(|node| self.compile(node)),
            Node::Group(number, inner) => {
                self.program.push(Op::Save(2 * number));
                self.compile(inner);
                self.program.push(Op::Save(2 * number + 1));
            }
            Node::Back(number) => self.program.push(Op::Back(*number)),
            Node::Choice(branches) => self.compile_choice(branches),
            Node::Repeat(inner, once, optional) => self.compile_repeat(inner, *once, *optional),
            test => self.program.push(Op::Test(test.clone())),
        }
    }

    fn compile_choice(&mut self, branches: &[Node]) {
        let mut ends = Vec::new();
        for (index, branch) in branches.iter().enumerate() {
            let split = self.program.len();
            let last = index + 1 == branches.len();
            if !last {
                self.program.push(Op::Split(split + 1, 0));
            }
            self.compile(branch);
            if !last {
                ends.push(self.program.len());
                self.program.push(Op::Jump(0));
                self.program[split] = Op::Split(split + 1, self.program.len());
            }
        }
        let end = self.program.len();
        ends.into_iter().for_each(|at| self.program[at] = Op::Jump(end));
    }

    fn compile_repeat(&mut self, inner: &Node, once: bool, optional: bool) {
        let start = self.program.len();
        let slot = self.slots;
        self.slots += 1;
        if once {
            // x+ is x, then a way back.
            self.program.push(Op::Save(slot));
            self.compile(inner);
            let progress = self.program.len();
            self.program.push(Op::Progress(slot, progress + 2));
            self.program.push(Op::Split(start, progress + 2));
            return;
        }
        self.program.push(Op::Split(start + 1, 0));
        self.program.push(Op::Save(slot));
        self.compile(inner);
        if !optional {
            let progress = self.program.len();
            self.program.push(Op::Progress(slot, progress + 2));
            self.program.push(Op::Jump(start));
        }
        self.program[start] = Op::Split(start + 1, self.program.len());
        if !optional && ends_empty(inner) {
            self.save_empty(inner);
        }
    }

    /// GNU's matcher closes a repetition with one more round that matches nothing, where it sees one: groups
    /// on that round's way are empty then.
    fn save_empty(&mut self, node: &Node) {
        match node {
            Node::Group(number, inner) => {
                self.program.push(Op::Save(2 * number));
                self.save_empty(inner);
                self.program.push(Op::Save(2 * number + 1));
            }
            Node::Sequence(nodes) => nodes.iter().for_each(|node| self.save_empty(node)),
            Node::Choice(branches) => {
                branches.iter().filter(|node| ends_empty(node)).for_each(|node| self.save_empty(node));
            }
            Node::Repeat(inner, false, true) if ends_empty(inner) => self.save_empty(inner),
            _ => {}
        }
    }

    /// The leftmost-longest match at or after `from`.
    pub(super) fn search(
        &self,
        text: &[u8],
        from: usize,
        memory: &mut Memory,
    ) -> Result<Option<Captures>, Fault> {
        let mut steps = 0;
        let found = self.search_counted(text, from, memory, &mut steps);
        memory.steps += steps;
        found
    }

    fn search_counted(
        &self,
        text: &[u8],
        from: usize,
        visited: &mut Memory,
        steps: &mut u64,
    ) -> Result<Option<Captures>, Fault> {
        visited.prepare(self.program.len(), text.len() + 1)?;
        let mut start = from;
        while start <= text.len() {
            if let Some(byte) = self.anchor_free_byte {
                match memchr::memchr(byte, &text[start..]) {
                    Some(ahead) => start += ahead,
                    None => return Ok(None),
                }
            }
            visited.clear();
            if let Some(found) = self.match_at(text, start, visited, steps)? {
                return Ok(Some(found));
            }
            start += 1;
        }
        Ok(None)
    }

    fn match_at(
        &self,
        text: &[u8],
        start: usize,
        visited: &mut Memory,
        steps: &mut u64,
    ) -> Result<Option<Captures>, Fault> {
        // An attempt costs more than its steps.
        *steps += 16;
        let mut best: Option<(usize, Vec<Option<usize>>)> = None;
        let mut threads = vec![(0, start, vec![None; self.slots])];
        while let Some((mut pc, mut at, mut slots)) = threads.pop() {
            loop {
                *steps += 1;
                if *steps > STEP_LIMIT {
                    return Err(Fault::TooComplex);
                }
                if !self.back_references && !visited.first_time(pc, at) {
                    break;
                }
                match &self.program[pc] {
                    Op::Test(node) => match test(node, text, at) {
                        Some(width) => at += width,
                        None => break,
                    },
                    Op::Back(number) => match back(text, at, &slots, *number) {
                        Some(width) => at += width,
                        None => break,
                    },
                    Op::Save(slot) => slots[*slot] = Some(at),
                    Op::Split(first, second) => {
                        *steps += (self.slots / 8) as u64;
                        if threads.len() * self.slots > SLOT_LIMIT {
                            return Err(Fault::TooComplex);
                        }
                        threads.push((*second, at, slots.clone()));
                        pc = *first;
                        continue;
                    }
                    Op::Jump(to) => {
                        pc = *to;
                        continue;
                    }
                    Op::Progress(slot, end) if slots[*slot] == Some(at) => {
                        pc = *end;
                        continue;
                    }
                    Op::Progress(..) => {}
                    Op::Match => {
                        if best.as_ref().is_none_or(|(end, _)| at > *end) {
                            best = Some((at, slots));
                        }
                        break;
                    }
                }
                pc += 1;
            }
            if best.as_ref().is_some_and(|(end, _)| *end == text.len()) {
                break;
            }
        }
        let span = |slots: &[Option<usize>], group: usize| slots[2 * group].zip(slots[2 * group + 1]);
        Ok(best.map(|(_, slots)| (0..=self.groups).map(|group| span(&slots, group)).collect()))
    }
}

/// Can it match nothing?
fn nullable(node: &Node) -> bool {
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
fn ends_empty(node: &Node) -> bool {
    match node {
        Node::Repeat(_, false, false) => true,
        Node::Repeat(inner, false, true) | Node::Group(_, inner) => ends_empty(inner),
        Node::Sequence(nodes) => nodes.iter().all(nullable) && nodes.last().is_some_and(ends_empty),
        Node::Choice(branches) => branches.iter().filter(|node| ends_empty(node)).count() == 1,
        _ => false,
    }
}

/// The byte that every match begins with, if the pattern says so.
fn first_byte(node: &Node) -> Option<u8> {
    match node {
        Node::Byte(byte) => Some(*byte),
        Node::Group(_, inner) => first_byte(inner),
        Node::Repeat(inner, true, _) => first_byte(inner),
        Node::Sequence(nodes) => first_byte(nodes.first()?),
        _ => None,
    }
}

/// Width of a match of one test, if it matches.
fn test(node: &Node, text: &[u8], at: usize) -> Option<usize> {
    let next = text.get(at).copied();
    let before = at.checked_sub(1).and_then(|before| text.get(before)).copied();
    let here = |holds: bool| holds.then_some(0);
    match node {
        Node::Byte(byte) => (next == Some(*byte)).then_some(1),
        Node::Any => next.is_some_and(|byte| byte != b'\n').then_some(1),
        Node::Set(members) => next.is_some_and(|byte| members[usize::from(byte)]).then_some(1),
        Node::LineStart => here(before.is_none_or(|byte| byte == b'\n')),
        Node::LineEnd => here(next.is_none_or(|byte| byte == b'\n')),
        Node::TextStart => here(at == 0),
        Node::TextEnd => here(next.is_none()),
        Node::WordBoundary(wanted) => here((word(before) != word(next)) == *wanted),
        Node::WordStart => here(!word(before) && word(next)),
        Node::WordEnd => here(word(before) && !word(next)),
        _ => None,
    }
}

fn back(text: &[u8], at: usize, slots: &[Option<usize>], group: usize) -> Option<usize> {
    let wanted = &text[slots[2 * group]?..slots[2 * group + 1]?];
    text[at..].starts_with(wanted).then_some(wanted.len())
}

/// What searches in one text share: which (instruction, offset) pairs were tried, and the steps taken.
#[derive(Default)]
pub(super) struct Memory {
    bits: Vec<u64>,
    columns: usize,
    used: Vec<usize>,
    /// Steps of all searches.
    pub(super) steps: u64,
}

impl Memory {
    fn prepare(&mut self, instructions: usize, columns: usize) -> Result<(), Fault> {
        let pairs = instructions.saturating_mul(columns);
        if pairs > PAIR_LIMIT {
            return Err(Fault::TooComplex);
        }
        self.columns = columns;
        self.bits.resize(self.bits.len().max(pairs.div_ceil(64)), 0);
        Ok(())
    }

    fn first_time(&mut self, instruction: usize, column: usize) -> bool {
        let index = instruction * self.columns + column;
        let (cell, bit) = (index / 64, 1 << (index % 64));
        let first = self.bits[cell] & bit == 0;
        if self.bits[cell] == 0 {
            self.used.push(cell);
        }
        self.bits[cell] |= bit;
        first
    }

    fn clear(&mut self) {
        for cell in self.used.drain(..) {
            self.bits[cell] = 0;
        }
    }
}
