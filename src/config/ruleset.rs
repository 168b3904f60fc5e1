//! One ruleset: its rules as text, cut into tokens when somebody asks for them.
//!
//! A configuration has thousands of rules, and a run often needs none or a few of them. Rules lie one after
//! another in one text; a rule is where its sides begin and end.

use crate::addr::{Operators, Table, Token, TokenBuffer};
use std::sync::Arc;

/// One R line. Macros have been expanded; conditionals are gone.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    left: Side,
    right: Side,
    /// Line of the cf (the last physical line of the logical one).
    pub line: u32,
}

/// A pattern or a replacement.
#[derive(Clone, Copy, Debug)]
enum Side {
    /// From here to there in the ruleset's text.
    Text(u32, u32),
    /// The number of a list of tokens.
    Tokens(u32),
}

/// The rules of one S line and its continuations.
#[derive(Clone, Debug, Default)]
pub struct Ruleset {
    rules: Vec<Rule>,
    /// Macros expanded; rules of level 9 or later of which nothing is to be said.
    text: Vec<u8>,
    /// What cuts the text.
    operators: Option<Arc<Operators>>,
    /// Sides that the scanner has seen.
    tokens: Vec<Vec<Token>>,
}

impl Ruleset {
    /// The rules in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Pattern tokens (operators in the internal alphabet).
    pub fn left(&self, rule: &Rule) -> Vec<Token> {
        self.side(rule.left)
    }

    /// Replacement tokens, the leading `$:` or `$@` included.
    pub fn right(&self, rule: &Rule) -> Vec<Token> {
        self.side(rule.right)
    }

    fn side(&self, side: Side) -> Vec<Token> {
        let mut cut = TokenBuffer::default();
        self.cut(side, &mut cut);
        cut.tokens().map(Token::new).collect()
    }

    /// [`left`](Self::left) in the room of the scan before.
    pub fn cut_left(&self, rule: &Rule, cut: &mut TokenBuffer) {
        self.cut(rule.left, cut);
    }

    /// [`right`](Self::right) in the room of the scan before.
    pub fn cut_right(&self, rule: &Rule, cut: &mut TokenBuffer) {
        self.cut(rule.right, cut);
    }

    fn cut(&self, side: Side, cut: &mut TokenBuffer) {
        match (side, &self.operators) {
            (Side::Text(from, to), Some(operators)) => {
                let text = &self.text[from as usize..to as usize];
                cut.scan(operators, text, b'\t', Table::NoComment, true);
            }
            (Side::Tokens(number), _) => cut.take(&self.tokens[number as usize]),
            (Side::Text(..), None) => cut.take(&[]),
        }
    }

    /// Adds a rule of these tokens.
    pub fn push(&mut self, left: Vec<Token>, right: Vec<Token>, line: u32) {
        let (left, right) = (self.keep(left), self.keep(right));
        self.rules.push(Rule { left, right, line });
    }

    fn keep(&mut self, tokens: Vec<Token>) -> Side {
        self.tokens.push(tokens);
        Side::Tokens(self.tokens.len() as u32 - 1)
    }

    /// Adds a rule whose sides `write` puts behind the text that is there, and tells where the first of them
    /// ends; `None`: the rule must be read another way, and none is added.
    pub(super) fn push_text(
        &mut self,
        line: u32,
        operators: &Arc<Operators>,
        write: impl FnOnce(&mut Vec<u8>) -> Option<usize>,
    ) -> bool {
        if self.rules.is_empty() {
            // most sets have about as many, and growing from nothing takes several steps
            self.rules.reserve(16);
            self.text.reserve(512);
        }
        let start = self.text.len();
        let Some(middle) = write(&mut self.text) else {
            self.text.truncate(start);
            return false;
        };
        let [start, middle, end] = [start, middle, self.text.len()].map(|at| at as u32);
        self.operators.get_or_insert_with(|| operators.clone());
        self.rules.push(Rule { left: Side::Text(start, middle), right: Side::Text(middle, end), line });
        true
    }

    /// Replaces the right side of a rule.
    pub(super) fn set_right(&mut self, rule: usize, tokens: Vec<Token>) {
        let side = self.keep(tokens);
        self.rules[rule].right = side;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::prescan;

    #[test]
    fn tokens_are_the_scanners() {
        let operators = Arc::new(Operators::default());
        let (left, right) = (&b"\x90 <@ \x93w.>(x)"[..], &b"\x98 \"a b\" \x951"[..]);
        let mut ruleset = Ruleset::default();
        assert!(ruleset.push_text(7, &operators, |text| {
            text.extend_from_slice(left);
            text.extend_from_slice(right);
            Some(left.len())
        }));
        ruleset.push(vec![Token::new(b"a")], Vec::new(), 8);
        assert!(!ruleset.push_text(9, &operators, |text| {
            text.push(b'x');
            None
        }));
        let [text, tokens] = ruleset.rules() else { panic!("two rules") };
        let scan = |text| prescan(&operators, text, b'\t', Table::NoComment, true).tokens;
        assert_eq!((ruleset.left(text), ruleset.right(text)), (scan(left), scan(right)));
        assert_eq!((ruleset.left(tokens), ruleset.right(tokens)), (vec![Token::new(b"a")], Vec::new()));
        assert_eq!((text.line, tokens.line), (7, 8));
    }
}
