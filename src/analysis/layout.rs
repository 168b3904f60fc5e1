//! Lines for a terminal: parts in colours, folded at the width of the screen.

/// How text is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Escape sequences for a terminal?
    pub colour: bool,
    /// Columns; 0: lines are not folded.
    pub width: usize,
    /// Show rules, and not only what maps have said and what decided?
    pub rules: bool,
}

/// Parts of the text, with their SGR codes.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Good,
    Bad,
    Heading,
    Name,
    Faint,
    Plain,
}

impl Part {
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Good => Some("32"),
            Self::Bad => Some("31"),
            Self::Heading => Some("1"),
            Self::Name => Some("36"),
            Self::Faint => Some("2"),
            Self::Plain => None,
        }
    }
}

/// Text that grows line by line.
pub(super) struct Lines {
    style: Style,
    pub text: String,
}

/// Columns for each level of the tree.
const INDENT: usize = 2;
/// However deep the tree, so much of a line is left for its text.
const LEAST_TEXT: usize = 32;

impl Lines {
    pub fn new(style: Style) -> Self {
        Self { style, text: String::new() }
    }

    /// A line of parts at a depth; what does not fit goes on below, further in.
    pub fn line(&mut self, depth: usize, parts: &[(Part, &str)]) {
        let indent = depth * INDENT;
        let width =
            if self.style.width == 0 { usize::MAX } else { self.style.width.max(indent + LEAST_TEXT) };
        let mut column = indent;
        self.text.push_str(&" ".repeat(indent));
        for (part, text) in parts {
            self.open(*part);
            for word in text.split_inclusive(' ') {
                let length = word.trim_end().chars().count();
                if column + length > width && column > indent + 2 * INDENT {
                    self.text.truncate(self.text.trim_end_matches(' ').len());
                    column = indent + 2 * INDENT;
                    self.text.push('\n');
                    self.text.push_str(&" ".repeat(column));
                }
                self.text.push_str(word);
                column += word.chars().count();
            }
            self.close(*part);
        }
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }

    fn open(&mut self, part: Part) {
        if let Some(code) = part.code().filter(|_| self.style.colour) {
            self.text.push_str(&format!("\x1b[{code}m"));
        }
    }

    fn close(&mut self, part: Part) {
        if part.code().is_some() && self.style.colour {
            self.text.push_str("\x1b[0m");
        }
    }

    pub fn empty(&mut self) {
        self.text.push('\n');
    }
}

/// A number with a comma before every three digits.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_the_screen() {
        let mut page = Lines::new(Style { colour: false, width: 40, rules: false });
        page.line(1, &[(Part::Plain, &"word ".repeat(20)), (Part::Bad, "end")]);
        assert!(page.text.lines().all(|line| line.chars().count() <= 40), "{}", page.text);
        assert_eq!(page.text.split_whitespace().count(), 21);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
