//! From a pattern to a program.

use super::parser::{Node, ends_empty};
use super::{Op, Regex};

impl Regex {
    pub(super) fn compile(&mut self, node: &Node) {
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
}
