//! The stack of texts being read: files, expansions to be rescanned, builtins on their way to `define`.
//!
//! In: texts. Out: bytes with the file and line they came from. Exhausted texts leave the stack only when
//! the next byte is wanted, so that a message about the last token still names its place.

use std::borrow::Cow;
use std::rc::Rc;

use memchr::memchr_iter;

use super::builtins::Builtin;

/// A line of an input file; the file is an index into the expander's list of names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Position {
    pub(super) file: u32,
    pub(super) line: u32,
}

/// Bytes of a block: shared with a definition, made for this one expansion or read from a file, or part of
/// the program.
pub(super) enum Text {
    Shared(Rc<[u8]>),
    Owned(Vec<u8>),
    Embedded(&'static [u8]),
}

impl Text {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Shared(text) => text,
            Self::Owned(text) => text,
            Self::Embedded(text) => text,
        }
    }
}

enum InputKind {
    /// Lines are counted; `counted` is the offset up to which they were.
    File { counted: usize },
    /// All of it stands at the place of the call that made it.
    Expansion,
    /// One builtin, as `defn` hands it over.
    Token(&'static Builtin),
}

/// One text on the stack.
pub(super) struct Block {
    text: Text,
    pos: usize,
    place: Position,
    /// Line of the site's own file that led here, for provenance.
    pub(super) site: Option<Position>,
    kind: InputKind,
}

impl Block {
    /// What has not been read yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.text.bytes()[self.pos..]
    }

    /// Position of the last byte read. A newline still belongs to the line it ends.
    fn place(&mut self) -> Position {
        if let InputKind::File { counted } = &mut self.kind {
            let upto = self.pos.saturating_sub(1);
            if upto > *counted {
                let passed = memchr_iter(b'\n', &self.text.bytes()[*counted..upto]).count();
                self.place.line += u32::try_from(passed).unwrap_or(u32::MAX);
                *counted = upto;
            }
        }
        self.place
    }
}

/// The stack.
#[derive(Default)]
pub(super) struct Input {
    blocks: Vec<Block>,
    /// Bytes of owned expansions, emptied and kept for reuse.
    spare: Vec<Vec<u8>>,
    /// Bytes waiting in owned expansions: the measure of a runaway.
    pub(super) waiting: usize,
    /// Files on the stack.
    pub(super) files: usize,
    /// Files that ended since somebody asked last, with the places where they ended and where reading goes on;
    /// for the debug flag `i`.
    pub(super) ended: Vec<(Position, Position)>,
    last: Position,
    last_newline: bool,
}

impl Input {
    pub(super) fn depth(&self) -> usize {
        self.blocks.len()
    }

    /// An emptied buffer for the next expansion.
    pub(super) fn buffer(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    /// Takes back a buffer that was not used.
    pub(super) fn recycle(&mut self, mut buffer: Vec<u8>) {
        if self.spare.len() < 32 && buffer.capacity() <= 1 << 16 {
            buffer.clear();
            self.spare.push(buffer);
        }
    }

    pub(super) fn push_file(&mut self, text: Cow<'static, [u8]>, file: u32, site: Option<Position>) {
        self.files += 1;
        let text = match text {
            Cow::Borrowed(text) => Text::Embedded(text),
            Cow::Owned(text) => Text::Owned(text),
        };
        self.push(text, Position { file, line: 1 }, site, InputKind::File { counted: 0 });
    }

    pub(super) fn push_text(&mut self, text: Text, place: Position, site: Option<Position>) {
        if text.bytes().is_empty() {
            if let Text::Owned(buffer) = text {
                self.recycle(buffer);
            }
            return;
        }
        self.push(text, place, site, InputKind::Expansion);
    }

    pub(super) fn push_builtin(&mut self, builtin: &'static Builtin, place: Position) {
        self.push(Text::Owned(Vec::new()), place, None, InputKind::Token(builtin));
    }

    fn push(&mut self, text: Text, place: Position, site: Option<Position>, kind: InputKind) {
        // What is used up must not pile up under a macro that calls itself at its end.
        self.top();
        if let Text::Owned(buffer) = &text {
            self.waiting += buffer.len();
        }
        self.blocks.push(Block { text, pos: 0, place, site, kind });
    }

    fn pop(&mut self) {
        let Some(mut block) = self.blocks.pop() else { return };
        self.last = block.place();
        self.last_newline = block.text.bytes().ends_with(b"\n");
        if let InputKind::File { .. } = block.kind {
            self.files -= 1;
            if let Some(below) = self.blocks.last_mut() {
                let below = below.place();
                self.ended.push((self.end_place(), below));
            }
        }
        if let Text::Owned(buffer) = block.text {
            self.waiting -= buffer.len();
            self.recycle(buffer);
        }
    }

    /// The block with something left, if any; exhausted ones above it leave. One with nothing left is a builtin.
    pub(super) fn top(&mut self) -> Option<&Block> {
        while let Some(block) = self.blocks.last() {
            if !block.rest().is_empty() || matches!(block.kind, InputKind::Token(_)) {
                break;
            }
            self.pop();
        }
        self.blocks.last()
    }

    /// Is the text on top used up?
    pub(super) fn exhausted(&self) -> bool {
        self.blocks.last().is_none_or(|block| block.rest().is_empty())
    }

    /// What is left of the text on top, be it nothing.
    pub(super) fn rest(&self) -> &[u8] {
        self.blocks.last().map_or(b"", Block::rest)
    }

    /// A builtin at the head of the input leaves it.
    pub(super) fn take_builtin(&mut self) -> Option<&'static Builtin> {
        let InputKind::Token(builtin) = self.blocks.last()?.kind else { return None };
        self.pop();
        Some(builtin)
    }

    /// Reads `count` bytes that the top block is known to hold.
    pub(super) fn advance(&mut self, count: usize) {
        if let Some(block) = self.blocks.last_mut() {
            block.pos += count;
        }
    }

    /// The byte `ahead` bytes from here, over block ends; nothing at a builtin or at the end.
    pub(super) fn peek(&self, ahead: usize) -> Option<u8> {
        match self.rest().get(ahead) {
            Some(byte) => Some(*byte),
            None => self.peek_below(ahead),
        }
    }

    fn peek_below(&self, mut ahead: usize) -> Option<u8> {
        for block in self.blocks.iter().rev() {
            if matches!(block.kind, InputKind::Token(_)) {
                return None;
            }
            let rest = block.rest();
            match rest.get(ahead) {
                Some(byte) => return Some(*byte),
                None => ahead -= rest.len(),
            }
        }
        None
    }

    /// Does the input go on with these bytes? An empty text never matches.
    pub(super) fn starts_with(&self, text: &[u8]) -> bool {
        let rest = self.rest();
        if rest.len() >= text.len() {
            return rest.starts_with(text) && !text.is_empty();
        }
        text.iter().enumerate().all(|(at, byte)| self.peek(at) == Some(*byte))
    }

    /// Reads `count` bytes over block ends.
    pub(super) fn consume(&mut self, count: usize) {
        if self.rest().len() >= count {
            return self.advance(count);
        }
        for _ in 0..count {
            if self.top().is_some() {
                self.advance(1);
            }
        }
    }

    /// Was the last byte read from a file?
    pub(super) fn in_file(&self) -> bool {
        self.blocks.last().is_some_and(|block| matches!(block.kind, InputKind::File { .. }))
    }

    /// Where the last byte came from.
    pub(super) fn place(&mut self) -> Position {
        match self.blocks.last_mut() {
            Some(block) => block.place(),
            None => self.last,
        }
    }

    /// Where the input that was read last ended: after its newline, the next line.
    pub(super) fn end_place(&self) -> Position {
        Position { line: self.last.line + u32::from(self.last_newline), ..self.last }
    }

    /// The site's line that led to the text now being read, if `is_site` knows the file or a text below did.
    pub(super) fn site(&mut self, is_site: &[bool]) -> Option<Position> {
        let block = self.blocks.last_mut()?;
        match block.kind {
            InputKind::File { .. } if is_site.get(block.place.file as usize).copied().unwrap_or(false) => {
                Some(block.place())
            }
            _ => block.site,
        }
    }
}
