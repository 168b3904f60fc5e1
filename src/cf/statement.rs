//! The kinds of lines, and a whole cf as a list of them.

use super::fields::equates;
use super::lines::logical_lines;
use super::names::NameTable;
use super::translate;
use crate::addr::{META_QUOTE, MacroId, op};
use crate::diag::{Diagnostic, Place, Severity};

/// One logical line by its kind; texts are in the internal alphabet, unexpanded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Statement<'a> {
    /// `Rleft TAB right [TAB comment]`; no right side means that there is no tab.
    Rule {
        /// Pattern.
        left: &'a [u8],
        /// Replacement.
        right: Option<&'a [u8]>,
    },
    /// `Sname`, `Snumber`, `Sname=number`
    Ruleset(&'a [u8]),
    /// `Dxvalue`
    Macro(&'a [u8]),
    /// `H[?cond?]Name: value`
    Header(&'a [u8]),
    /// `Cxwords`
    Class(&'a [u8]),
    /// `Twords`
    Trusted(&'a [u8]),
    /// `Fx[-o] spec`
    ClassFile(&'a [u8]),
    /// `Mname, key=value, …`
    Mailer(&'a [u8]),
    /// `O name=value`, `Oxvalue`
    Option(&'a [u8]),
    /// `Pname=number`
    Priority {
        /// The word in a Precedence header.
        name: &'a [u8],
        /// Its class.
        value: &'a [u8],
    },
    /// `Vlevel[/vendor]`
    Version(&'a [u8]),
    /// `Kname class arguments`
    Map(&'a [u8]),
    /// `Ename[=value]`
    Environment {
        /// The variable.
        name: &'a [u8],
        /// Its value; without one it is the caller's.
        value: Option<&'a [u8]>,
    },
    /// `Qname, key=value, …`
    Queue(&'a [u8]),
    /// `Xname, key=value, …`
    Filter(&'a [u8]),
    /// Anything else.
    Unknown,
}

/// The kind of a translated line; an empty one has none.
pub fn statement(text: &[u8]) -> Option<Statement<'_>> {
    let (kind, rest) = text.split_first()?;
    // only these two have a sign of their own
    let sign = match kind {
        b'P' | b'E' => memchr::memchr(b'=', rest),
        _ => None,
    };
    Some(match (kind, sign) {
        (b'R', _) => rule(rest),
        (b'S', _) => Statement::Ruleset(rest),
        (b'D', _) => Statement::Macro(rest),
        (b'H', _) => Statement::Header(rest),
        (b'C', _) => Statement::Class(rest),
        (b'T', _) => Statement::Trusted(rest),
        (b'F', _) => Statement::ClassFile(rest),
        (b'M', _) => Statement::Mailer(rest),
        (b'O', _) => Statement::Option(rest),
        (b'P', Some(at)) => Statement::Priority { name: &rest[..at], value: &rest[at + 1..] },
        (b'V', _) => Statement::Version(rest),
        (b'K', _) => Statement::Map(rest),
        (b'E', Some(at)) => Statement::Environment { name: &rest[..at], value: Some(&rest[at + 1..]) },
        (b'E', None) => Statement::Environment { name: rest, value: None },
        (b'Q', _) => Statement::Queue(rest),
        (b'X', _) => Statement::Filter(rest),
        _ => Statement::Unknown,
    })
}

fn rule(text: &[u8]) -> Statement<'_> {
    let mut fields = text.splitn(2, |byte| *byte == b'\t');
    let left = fields.next().unwrap_or_default();
    let right = fields.next().map(|rest| {
        let tabs = rest.iter().take_while(|byte| **byte == b'\t').count();
        rest[tabs..].split(|byte| *byte == b'\t').next().unwrap_or_default()
    });
    Statement::Rule { left, right }
}

/// A line of an [`Ast`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The text in the internal alphabet.
    pub text: Vec<u8>,
    /// First physical line, from 1.
    pub first_line: u32,
    /// Last physical line: the one that messages name.
    pub line: u32,
    /// Where it begins in the file, in bytes.
    pub start: usize,
}

/// A whole cf, comments and empty lines left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ast {
    /// The lines in order.
    pub lines: Vec<Line>,
    /// Long names in the order of their first appearance; ids count from 0xa0.
    pub names: Vec<Vec<u8>>,
}

impl NameTable for Ast {
    fn intern(&mut self, name: &[u8]) -> Option<MacroId> {
        let known = self.names.iter().position(|known| known == name);
        let index = known.unwrap_or_else(|| {
            self.names.push(name.to_vec());
            self.names.len() - 1
        });
        u8::try_from(0xa0 + index).ok().filter(|id| *id < META_QUOTE).map(MacroId)
    }
}

/// Reads a cf without carrying it out: all lines, and what is wrong with their form.
pub fn parse(text: &[u8]) -> (Ast, Vec<Diagnostic>) {
    let mut ast = Ast::default();
    let mut found = Vec::new();
    let mut level = 0;
    for logical in logical_lines(text).filter(|logical| logical.text.first() != Some(&b'#')) {
        let (text, problems) = translate(&logical.text, level, &mut ast);
        let mut say = |message: String| found.push(diagnostic(message, logical.line, &logical.text));
        problems.iter().for_each(|problem| say(String::from_utf8_lossy(&problem.text()).into_owned()));
        match statement(&text) {
            None => continue,
            Some(Statement::Version(version)) => {
                let digits = version.trim_ascii_start().iter().take_while(|byte| byte.is_ascii_digit());
                level = digits.fold(0u32, |level, digit| {
                    level.saturating_mul(10).saturating_add(u32::from(digit - b'0'))
                });
            }
            Some(Statement::Rule { right: None, .. }) => {
                say("invalid rewrite line (tab expected)".to_owned())
            }
            Some(Statement::Unknown) => say("unknown configuration line".to_owned()),
            Some(Statement::Mailer(fields) | Statement::Queue(fields) | Statement::Filter(fields)) => {
                let end = fields.iter().position(|byte| *byte == b',' || crate::addr::is_space(byte));
                if end.is_some_and(|end| !equates(&fields[end..]).1) {
                    say("`=' expected".to_owned());
                }
            }
            Some(_) => {}
        }
        ast.lines.push(Line {
            text,
            first_line: logical.first_line,
            line: logical.line,
            start: logical.start,
        });
    }
    (ast, found)
}

fn diagnostic(message: String, line: u32, text: &[u8]) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        message,
        place: Place { file: String::new(), line, column: 0 },
        excerpt: Some(String::from_utf8_lossy(text).into_owned()),
        help: None,
    }
}

/// Writes a cf that reads as the same lines.
pub fn print(ast: &Ast) -> Vec<u8> {
    let mut out = Vec::new();
    for line in &ast.lines {
        print_line(&line.text, &ast.names, &mut out);
        out.push(b'\n');
    }
    out
}

fn print_line(text: &[u8], names: &[Vec<u8>], out: &mut Vec<u8>) {
    let mut bytes = text.iter().copied().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'$' => out.extend(b"$$"),
            b'#' if at > 0 => out.extend(b"\\#"),
            META_QUOTE => out.extend(bytes.next().map(|(_, quoted)| quoted)),
            op::MACRO_EXPAND => {
                out.push(b'$');
                let prefix = bytes.next_if(|(_, next)| b"=~&?".contains(next));
                // such a character alone is the name itself
                let id = match (prefix, bytes.peek()) {
                    (Some((_, prefix)), Some(_)) => {
                        out.push(prefix);
                        bytes.next()
                    }
                    (Some(alone), None) => Some(alone),
                    (None, _) => bytes.next(),
                };
                let Some((_, id)) = id else { continue };
                match id.checked_sub(0xa0).and_then(|index| names.get(usize::from(index))) {
                    Some(name) => out.extend([b"{", &name[..], b"}"].concat()),
                    None => out.push(id),
                }
            }
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_findings() {
        let (ast, found) = parse(b"V10\n# no\nR$*\t$@ $1\tcomment\nRno tab\nZ\nMx, P=/x, F\nP x=5\n");
        assert_eq!(ast.lines.len(), 6);
        let rule = Statement::Rule { left: b"\x81*", right: Some(b"\x81@ \x811") };
        assert_eq!(statement(&ast.lines[1].text), Some(rule));
        let found: Vec<_> =
            found.iter().map(|finding| (finding.place.line, finding.message.as_str())).collect();
        let tab = "invalid rewrite line (tab expected)";
        assert_eq!(found, [(4, tab), (5, "unknown configuration line"), (6, "`=' expected")]);
    }

    #[test]
    fn what_is_printed_reads_the_same() {
        let text = b"V10/Berkeley\nD{abc}x$$y ${x}\nDXa\\#b\nR$* $| ${abc}\t$?x $&{abc} $.\nC{l}\x90 a\n b\nR$=w$~{abc}\t$#\n";
        let (ast, _) = parse(text);
        let (again, found) = parse(&print(&ast));
        let texts = |ast: &Ast| ast.lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>();
        assert_eq!(texts(&ast), texts(&again));
        assert!(found.is_empty(), "{found:?}");
    }
}
