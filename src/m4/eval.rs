//! Integer expressions of `eval`: 32 bits, wrapping, C's operators and `**`.
//!
//! A fault in the unused branch of `&&` and `||` ends that branch where it happens, and is forgotten. Operators
//! wait in a list, so nesting costs no stack.

/// What is wrong with an expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    Syntax,
    MissingParenthesis,
    BadInput,
    ExcessInput,
    InvalidOperator,
    DivideByZero,
    ModuloByZero,
    NegativeExponent,
}

/// Value or fault, and how often `=` stood for `==`.
pub(super) struct Evaluation {
    pub(super) value: Result<i32, Fault>,
    pub(super) single_equals: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operator {
    Or,
    And,
    BitOr,
    BitXor,
    BitAnd,
    Equal,
    NotEqual,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    ShiftLeft,
    ShiftRight,
    Plus,
    Minus,
    Times,
    Divide,
    Modulo,
    Power,
    Not,
    Complement,
}

use Operator as Op;

/// Binding strength of `||`.
const OR: u8 = 1;

/// Spelling, operator, binding strength. Longer spellings first.
const OPERATORS: &[(&[u8], Operator, u8)] = &[
    (b"||", Op::Or, OR),
    (b"&&", Op::And, 2),
    (b"==", Op::Equal, 6),
    (b"!=", Op::NotEqual, 6),
    (b"<<", Op::ShiftLeft, 8),
    (b">>", Op::ShiftRight, 8),
    (b">=", Op::GreaterEqual, 7),
    (b"<=", Op::LessEqual, 7),
    (b"**", Op::Power, 11),
    (b"|", Op::BitOr, 3),
    (b"^", Op::BitXor, 4),
    (b"&", Op::BitAnd, 5),
    (b"=", Op::Equal, 6),
    (b">", Op::Greater, 7),
    (b"<", Op::Less, 7),
    (b"+", Op::Plus, 9),
    (b"-", Op::Minus, 9),
    (b"*", Op::Times, 10),
    (b"/", Op::Divide, 10),
    (b"%", Op::Modulo, 10),
    (b"!", Op::Not, 12),
    (b"~", Op::Complement, 12),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Token {
    Number(i32),
    Operator(Operator, u8),
    Left,
    Right,
    End,
    /// C has such an operator, eval has not.
    Invalid,
    Bad,
}

struct Scanner<'a> {
    rest: &'a [u8],
    /// The operator just read was a single `=`.
    last_single: bool,
}

impl Scanner<'_> {
    fn next(&mut self) -> Token {
        let blanks = self.rest.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x0b).count();
        self.rest = &self.rest[blanks..];
        match self.rest {
            [] => Token::End,
            [digit, ..] if digit.is_ascii_digit() => self.number(),
            [b'(', rest @ ..] => {
                self.rest = rest;
                Token::Left
            }
            [b')', rest @ ..] => {
                self.rest = rest;
                Token::Right
            }
            _ => self.operator(),
        }
    }

    fn operator(&mut self) -> Token {
        let Some((spelling, operator, strength)) = OPERATORS.iter().find(|row| self.rest.starts_with(row.0))
        else {
            return Token::Bad;
        };
        self.rest = &self.rest[spelling.len()..];
        let next = self.rest.first();
        let invalid = matches!(
            (*spelling, next),
            (b"+", Some(b'+' | b'='))
                | (b"-", Some(b'-' | b'='))
                | (b"*" | b"/" | b"%" | b"&" | b"|" | b"^" | b"<<" | b">>", Some(b'='))
        );
        self.last_single = *spelling == b"=";
        if invalid { Token::Invalid } else { Token::Operator(*operator, *strength) }
    }

    /// Radix and digits: `0x`, `0b`, `0rN:`, a leading `0`, or decimal.
    fn number(&mut self) -> Token {
        let (radix, rest) = match self.rest {
            [b'0', b'x' | b'X', rest @ ..] => (16, rest),
            [b'0', b'b' | b'B', rest @ ..] => (2, rest),
            [b'0', b'r' | b'R', rest @ ..] => {
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                let radix = rest[..digits]
                    .iter()
                    .fold(0u32, |sum, byte| sum.saturating_mul(10).saturating_add(u32::from(byte - b'0')));
                if rest.get(digits) != Some(&b':') || !(1..=36).contains(&radix) {
                    return Token::Bad;
                }
                (radix, &rest[digits + 1..])
            }
            [b'0', rest @ ..] => (8, rest),
            rest => (10, rest),
        };
        let mut value: u32 = 0;
        let mut length = 0;
        for byte in rest {
            let digit = match byte {
                b'0'..=b'9' => u32::from(byte - b'0'),
                b'a'..=b'z' => u32::from(byte - b'a') + 10,
                b'A'..=b'Z' => u32::from(byte - b'A') + 10,
                _ => break,
            };
            if radix == 1 {
                match digit {
                    0 if value == 0 => {}
                    1 => value = value.wrapping_add(1),
                    _ => break,
                }
            } else if digit >= radix {
                break;
            } else {
                value = value.wrapping_mul(radix).wrapping_add(digit);
            }
            length += 1;
        }
        self.rest = &rest[length..];
        Token::Number(value as i32)
    }
}

/// What waits for its right-hand side.
#[derive(Clone, Copy)]
enum Waiting {
    Unary(Operator),
    /// Operator, strength, left side, and whether it was written `=`.
    Binary(Operator, u8, i32, bool),
    Parenthesis,
}

/// Evaluates an expression that is not empty.
pub(super) fn evaluate(text: &[u8]) -> Evaluation {
    let mut scanner = Scanner { rest: text, last_single: false };
    let mut single_equals = 0;
    // An expression that begins with nonsense is told apart from one that runs into it.
    let value = match (Scanner { rest: text, last_single: false }).next() {
        Token::Bad => Err(Fault::Syntax),
        _ => expression(&mut scanner, &mut single_equals),
    };
    Evaluation { value, single_equals }
}

fn expression(scanner: &mut Scanner<'_>, single_equals: &mut usize) -> Result<i32, Fault> {
    let mut waiting: Vec<Waiting> = Vec::new();
    loop {
        let mut value = operand(scanner, &mut waiting)?;
        loop {
            let token = scanner.next();
            let least = match token {
                Token::Bad => return Err(Fault::BadInput),
                Token::Operator(Op::Not | Op::Complement, _) => 0,
                // `**` groups to the right, the others to the left.
                Token::Operator(Op::Power, strength) => strength + 1,
                Token::Operator(_, strength) => strength,
                _ => 0,
            };
            value = reduce_or_forget(&mut waiting, value, least, single_equals)?;
            match token {
                Token::Operator(operator, strength) if least > 0 => {
                    waiting.push(Waiting::Binary(operator, strength, value, scanner.last_single));
                    break;
                }
                Token::Right if waiting.pop().is_none() => return Err(Fault::ExcessInput),
                Token::Right => {}
                Token::End if waiting.is_empty() => return Ok(value),
                Token::End => return Err(Fault::MissingParenthesis),
                Token::Invalid if waiting.is_empty() => return Err(Fault::InvalidOperator),
                _ => return Err(excess(&waiting)),
            }
        }
    }
}

/// Something follows where nothing may.
fn excess(waiting: &[Waiting]) -> Fault {
    match waiting.iter().any(|kind| matches!(kind, Waiting::Parenthesis)) {
        true => Fault::MissingParenthesis,
        false => Fault::ExcessInput,
    }
}

/// `reduce`; a fault in a side that does not count gives that operator its value, and only an operator that
/// binds no more strongly than it may follow.
fn reduce_or_forget(
    waiting: &mut Vec<Waiting>,
    mut value: i32,
    least: u8,
    single_equals: &mut usize,
) -> Result<i32, Fault> {
    loop {
        let fault = match reduce(waiting, value, least, single_equals) {
            Ok(value) => return Ok(value),
            Err(fault) => fault,
        };
        let strength = loop {
            match waiting.pop().ok_or(fault)? {
                Waiting::Binary(Op::And, strength, 0, _) => break strength,
                Waiting::Binary(Op::Or, strength, left, _) if left != 0 => break strength,
                _ => {}
            }
        };
        value = i32::from(strength == OR);
        if least > strength {
            return Err(excess(waiting));
        }
    }
}

fn operand(scanner: &mut Scanner<'_>, waiting: &mut Vec<Waiting>) -> Result<i32, Fault> {
    loop {
        match scanner.next() {
            Token::Number(value) => return Ok(value),
            Token::Left => waiting.push(Waiting::Parenthesis),
            Token::Operator(operator @ (Op::Plus | Op::Minus | Op::Not | Op::Complement), _) => {
                waiting.push(Waiting::Unary(operator));
            }
            Token::Invalid => return Err(Fault::InvalidOperator),
            Token::Bad => return Err(Fault::BadInput),
            Token::Operator(..) | Token::Right | Token::End => return Err(Fault::Syntax),
        }
    }
}

/// Applies what binds at least as strongly as `least`, up to the nearest parenthesis.
fn reduce(
    waiting: &mut Vec<Waiting>,
    mut value: i32,
    least: u8,
    single_equals: &mut usize,
) -> Result<i32, Fault> {
    while let Some(last) = waiting.last() {
        value = match *last {
            Waiting::Parenthesis => break,
            Waiting::Unary(operator) => unary(operator, value),
            Waiting::Binary(_, strength, ..) if strength < least => break,
            Waiting::Binary(operator, _, left, single) => {
                *single_equals += usize::from(single);
                binary(operator, left, value)?
            }
        };
        waiting.pop();
    }
    Ok(value)
}

fn unary(operator: Operator, value: i32) -> i32 {
    match operator {
        Op::Minus => value.wrapping_neg(),
        Op::Not => i32::from(value == 0),
        Op::Complement => !value,
        _ => value,
    }
}

fn binary(operator: Operator, left: i32, right: i32) -> Result<i32, Fault> {
    Ok(match operator {
        Op::Or => i32::from(left != 0 || right != 0),
        Op::And => i32::from(left != 0 && right != 0),
        Op::BitOr => left | right,
        Op::BitXor => left ^ right,
        Op::BitAnd => left & right,
        Op::Equal => i32::from(left == right),
        Op::NotEqual => i32::from(left != right),
        Op::Greater => i32::from(left > right),
        Op::GreaterEqual => i32::from(left >= right),
        Op::Less => i32::from(left < right),
        Op::LessEqual => i32::from(left <= right),
        Op::ShiftLeft => left.wrapping_shl(right as u32),
        Op::ShiftRight => left.wrapping_shr(right as u32),
        Op::Plus => left.wrapping_add(right),
        Op::Minus => left.wrapping_sub(right),
        Op::Times => left.wrapping_mul(right),
        Op::Divide if right == 0 => return Err(Fault::DivideByZero),
        Op::Divide => left.wrapping_div(right),
        Op::Modulo if right == 0 => return Err(Fault::ModuloByZero),
        Op::Modulo => left.wrapping_rem(right),
        Op::Power if right < 0 => return Err(Fault::NegativeExponent),
        Op::Power if left == 0 && right == 0 => return Err(Fault::DivideByZero),
        Op::Power => left.wrapping_pow(right as u32),
        Op::Not | Op::Complement => return Err(Fault::Syntax),
    })
}

/// Prints in a radix from 1 to 36, padded with zeros; the sign does not count for the width.
pub(super) fn print(out: &mut Vec<u8>, value: i32, radix: u32, width: usize) {
    let mut rest = value.unsigned_abs();
    let mut digits = Vec::new();
    if radix == 1 {
        digits.resize(rest as usize, b'1');
    } else {
        loop {
            digits.push(b"0123456789abcdefghijklmnopqrstuvwxyz"[(rest % radix) as usize]);
            rest /= radix;
            if rest == 0 {
                break;
            }
        }
    }
    if value < 0 {
        out.push(b'-');
    }
    out.resize(out.len() + width.saturating_sub(digits.len()), b'0');
    out.extend(digits.iter().rev());
}
