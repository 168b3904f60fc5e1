//! Regular expressions as GNU m4 reads them: the Emacs dialect (`\(`, `\|`, `*`, `+`, `?`, `\w`, `\<` …),
//! leftmost, and of the matches there the longest.
//!
//! `parser` reads a pattern, `compile` makes a small program of it, which is run here. Without back-references each (instruction, offset) pair is tried
//! once, which bounds the work; with them a step limit does.

mod compile;
mod parser;

use parser::{Node, Parser, first_byte, is_word};

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
        let mut best: Option<(usize, Slots)> = None;
        let mut threads = vec![(0, start, vec![None; self.slots])];
        while let Some(thread) = threads.pop() {
            if let Some((end, slots)) = self.run_thread(thread, &mut threads, text, visited, steps)?
                && best.as_ref().is_none_or(|(longest, _)| end > *longest)
            {
                best = Some((end, slots));
            }
            if best.as_ref().is_some_and(|(end, _)| *end == text.len()) {
                break;
            }
        }
        let span = |slots: &[Option<usize>], group: usize| slots[2 * group].zip(slots[2 * group + 1]);
        Ok(best.map(|(_, slots)| (0..=self.groups).map(|group| span(&slots, group)).collect()))
    }

    /// Runs one thread to its end; others that split off wait in `threads`. Where it has matched, its end and slots.
    fn run_thread(
        &self,
        (mut pc, mut at, mut slots): Thread,
        threads: &mut Vec<Thread>,
        text: &[u8],
        visited: &mut Memory,
        steps: &mut u64,
    ) -> Result<Option<(usize, Slots)>, Fault> {
        loop {
            *steps += 1;
            if *steps > STEP_LIMIT {
                return Err(Fault::TooComplex);
            }
            if !self.back_references && !visited.first_time(pc, at) {
                return Ok(None);
            }
            pc += 1;
            match &self.program[pc - 1] {
                Op::Test(node) => match test(node, text, at) {
                    Some(width) => at += width,
                    None => return Ok(None),
                },
                Op::Back(number) => match back(text, at, &slots, *number) {
                    Some(width) => at += width,
                    None => return Ok(None),
                },
                Op::Save(slot) => slots[*slot] = Some(at),
                Op::Split(first, second) => {
                    *steps += (self.slots / 8) as u64;
                    if threads.len() * self.slots > SLOT_LIMIT {
                        return Err(Fault::TooComplex);
                    }
                    threads.push((*second, at, slots.clone()));
                    pc = *first;
                }
                Op::Jump(to) => pc = *to,
                Op::Progress(slot, end) if slots[*slot] == Some(at) => pc = *end,
                Op::Progress(..) => {}
                Op::Match => return Ok(Some((at, slots))),
            }
        }
    }
}

/// Where a thread stands in the program and in the text, and what it has saved.
type Thread = (usize, usize, Slots);

/// Offsets that a thread has saved.
type Slots = Vec<Option<usize>>;

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
        Node::WordBoundary(wanted) => here((is_word(before) != is_word(next)) == *wanted),
        Node::WordStart => here(!is_word(before) && is_word(next)),
        Node::WordEnd => here(is_word(before) && !is_word(next)),
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
