//! S and R lines.

use super::Config;
use super::load::{Loader, MAX_LINE};
use super::quick_rules::quick_rule;
use super::rulesets::RulesetId;
use crate::addr::{MAX_SHOWN, MacroId, Operators, ScanProblem, Table, Token, prescan_rule, shorten};
use crate::cf;
use std::sync::Arc;

/// Rulesets are numbered below this; named ones get the numbers above, from the top.
pub(super) const MAX_NUMBER: u16 = 100;

impl Loader<'_> {
    /// `Sname`, `Snumber`, `Sname=number`
    pub(super) fn ruleset_line(&mut self, text: &[u8]) {
        let expanded = self.expanded(text, MAX_LINE);
        self.ruleset = self.ruleset_id(&expanded).map(|(id, _)| id);
        let Some(id) = self.ruleset else { return };
        if self.options.test_mode && self.config.rulesets.get(id).is_some() {
            self.say([b"WARNING: Ruleset ", text, b" has multiple definitions"].concat());
        }
        self.config.rulesets.touch(id);
    }

    /// The ruleset that a text begins with, entered if its name is new, and how many bytes it takes.
    pub(super) fn ruleset_id(&mut self, text: &[u8]) -> Option<(RulesetId, usize)> {
        let blanks = text.iter().take_while(|byte| crate::addr::is_space(byte)).count();
        let name_text = &text[blanks..];
        if name_text.first().is_some_and(u8::is_ascii_digit) {
            let (number, length) = super::numbers::parse_int(name_text, 10);
            if number >= i64::from(MAX_NUMBER) {
                let number = number as i32; // as C's int has it
                self.error(format!("bad ruleset {number} ({MAX_NUMBER} max)"));
                return None;
            }
            return Some((RulesetId(number as u16), blanks + length));
        }
        let length =
            name_text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        if !name_text.first().is_some_and(u8::is_ascii_alphabetic) {
            self.error([b"invalid ruleset name: \"", &name_text[..name_text.len().min(20)], b"\""].concat());
            return None;
        }
        let name = &name_text[..length];
        let rest = &name_text[length..];
        let gap = rest.iter().take_while(|byte| crate::addr::is_space(byte)).count();
        let (number, used) = match &rest[gap..] {
            [b'=', definition @ ..] => {
                let (number, used) = self.ruleset_number(name_text, definition)?;
                (Some(number), gap + 1 + used)
            }
            _ => (None, 0),
        };
        // without a blank behind it the name is shown with all that follows
        let shown = if gap > 0 { name } else { name_text };
        let id = self.enter_ruleset(name, shown, number)?;
        Some((id, blanks + length + used))
    }

    fn ruleset_number(&mut self, all: &[u8], definition: &[u8]) -> Option<(u16, usize)> {
        let gap = definition.iter().take_while(|byte| crate::addr::is_space(byte)).count();
        let digits = &definition[gap..];
        if !digits.first().is_some_and(u8::is_ascii_digit) {
            self.error([b"bad ruleset definition \"", all, b"\" (number required after `=')"].concat());
            return None;
        }
        let (number, used) = super::numbers::parse_int(digits, 10);
        if number >= i64::from(MAX_NUMBER) {
            let text = format!("bad ruleset number {number} in \"");
            self.error([text.as_bytes(), all, format!("\" ({MAX_NUMBER} max)").as_bytes()].concat());
            return None;
        }
        Some((number as u16, gap + used))
    }

    fn enter_ruleset(&mut self, name: &[u8], shown: &[u8], number: Option<u16>) -> Option<RulesetId> {
        let known = self.config.rulesets.by_name.get(name).copied();
        match (known, number) {
            (Some(old), Some(new)) if old.0 != new => {
                let text = format!(": ruleset changed value (old {}, new {new})", old.0);
                self.error([shown, text.as_bytes()].concat());
                Some(old)
            }
            (Some(old), _) => {
                // of several names of a number, the last one is shown
                self.config.rulesets.name(name, old);
                Some(old)
            }
            (None, Some(number)) => {
                self.config.rulesets.name(name, RulesetId(number));
                Some(RulesetId(number))
            }
            (None, None) => {
                let Some(id) = self.config.rulesets.next_named() else {
                    self.error([shown, b": too many named rulesets (100 max)"].concat());
                    return None;
                };
                self.config.rulesets.name(name, id);
                Some(id)
            }
        }
    }

    /// Settles which bytes are operators, at the first tokenisation.
    pub(super) fn freeze(&mut self) {
        if self.operators.is_some() {
            return;
        }
        let old = (self.config.level < 7)
            .then(|| self.config.macros.get(MacroId(b'o')).map(<[u8]>::to_vec))
            .flatten();
        let chars = self.config.options.operator_chars.clone().or(old);
        let chars = chars.unwrap_or_else(|| Operators::DEFAULT.to_vec());
        let chars = self.expanded(&chars, MAX_LINE);
        self.config.operators = Operators::new(&chars);
        self.operators = Some(Arc::new(self.config.operators.clone()));
    }

    /// Reads a rule that is as rules are; false if it is to be read slowly.
    pub(super) fn quick_rule(&mut self, line: &[u8]) -> bool {
        let (Some(id), Some(operators)) = (self.ruleset, &self.operators) else { return false };
        if self.config.level < 9 || self.traces(35, 24) || self.traces(37, 53) {
            return false;
        }
        let Config { rulesets, names, macros, .. } = &mut self.config;
        rulesets.touch(id).push_text(self.at, operators, |text| quick_rule(line, names, macros, text))
    }

    /// `Rlhs TAB rhs [TAB comment]`
    pub(super) fn rule_line(&mut self, line: &[u8], left: &[u8], right: Option<&[u8]>) {
        let Some(ruleset) = self.ruleset else {
            self.error([b"missing valid ruleset for \"", line, b"\""].concat());
            return;
        };
        let Some(right) = right else {
            self.error([b"invalid rewrite line \"", line, b"\" (tab expected)"].concat());
            return;
        };
        let (left, wildcards) = self.left_side(left);
        let right = self.right_side(right, wildcards);
        self.config.rulesets.touch(ruleset).push(left, right, self.at);
    }

    fn left_side(&mut self, text: &[u8]) -> (Vec<Token>, usize) {
        let text = self.rule_text(text);
        let mut tokens = self.side(&text, "LHS");
        let found = cf::left_side(&tokens);
        self.report(&found.findings);
        if found.wildcards > cf::MAX_WILDCARDS {
            self.error("R line: too many wildcards");
            tokens.clear();
        }
        (tokens, found.wildcards)
    }

    fn right_side(&mut self, text: &[u8], wildcards: usize) -> Vec<Token> {
        let text = self.rule_text(text);
        let tokens = self.side(&text, "RHS");
        self.report(&cf::right_side(&tokens, wildcards).findings);
        tokens
    }

    /// Macros expanded; the operators are settled from now on.
    fn rule_text(&mut self, text: &[u8]) -> Vec<u8> {
        let text = self.expanded(text, MAX_LINE);
        self.freeze();
        text
    }

    fn report(&mut self, findings: &[(usize, cf::Finding)]) {
        for (_, finding) in findings {
            self.error(finding.to_string());
        }
    }

    fn side(&mut self, text: &[u8], which: &str) -> Vec<Token> {
        let table = if self.config.level >= 9 { Table::NoComment } else { Table::Internal };
        let scan = prescan_rule(&self.config.operators, text, table);
        for problem in scan.problems.iter().filter(|problem: &&ScanProblem| problem.is_fatal()) {
            // sendmail puts the text in front as it does with addresses
            self.error([&shorten(text, MAX_SHOWN)[..], b"... ", &problem.reply().text].concat());
        }
        if scan.tokens.is_empty() {
            self.error(format!("R line: null {which}"));
        }
        scan.tokens
    }
}
