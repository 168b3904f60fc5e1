//! A line of a test file as words.

use logos::Logos;

#[derive(Logos, Clone, Copy, PartialEq, Eq, Debug)]
#[logos(skip r"[ \t\r]+")]
enum Lexeme {
    #[token("=>", priority = 20)]
    Arrow,
    #[regex(r#""([^"\\]|\\.)*""#)]
    Quoted,
    // only at the beginning of a word: addresses may hold it
    #[regex(r"#[^\n]*", priority = 20, allow_greedy = true)]
    Comment,
    #[regex(r#"[^ \t\r"]+"#, priority = 1)]
    Plain,
}

/// A word and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Word {
    /// Without its quotes.
    pub(super) text: String,
    /// Was it written with quotes? Then it is no keyword.
    pub(super) quoted: bool,
    /// From 1.
    pub(super) column: u32,
}

/// What a line says: the question, and what stands behind `=>` if there is one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Words {
    pub(super) question: Vec<Word>,
    pub(super) answer: Option<Vec<Word>>,
    /// Bytes of the line up to the end of the question.
    pub(super) question_end: usize,
    /// Where a comment behind it begins, or the line's length.
    pub(super) end: usize,
}

/// What is wrong with a line: at which column, what, and what to do.
pub(super) type Wrong = (u32, String, Option<String>);

pub(super) fn column(at: usize) -> u32 {
    u32::try_from(at + 1).unwrap_or(0)
}

/// Cuts a line.
///
/// # Errors
/// A quote that is not closed, or one in the middle of a word.
pub(super) fn words(line: &str) -> Result<Words, Wrong> {
    let mut words = Words { end: line.len(), ..Words::default() };
    let mut last_end = None;
    for (lexeme, span) in Lexeme::lexer(line).spanned() {
        let at = column(span.start);
        let quoted = match lexeme {
            Err(()) => return Err((at, "the quote is not closed".into(), Some("end it with \"".into()))),
            Ok(Lexeme::Comment) if last_end != Some(span.start) => {
                words.end = span.start;
                break;
            }
            Ok(Lexeme::Arrow) if words.answer.is_none() => {
                words.answer = Some(Vec::new());
                last_end = Some(span.end);
                continue;
            }
            Ok(lexeme) => lexeme == Lexeme::Quoted,
        };
        if last_end == Some(span.start) {
            let help = "quote the whole word, and write \\\" for a quote within it";
            return Err((at, "a quote in the middle of a word".into(), Some(help.into())));
        }
        last_end = Some(span.end);
        let text = if quoted { unquoted(&line[span.clone()]) } else { line[span.clone()].to_owned() };
        let word = Word { text, quoted, column: at };
        match &mut words.answer {
            Some(answer) => answer.push(word),
            None => {
                words.question.push(word);
                words.question_end = span.end;
            }
        }
    }
    Ok(words)
}

fn unquoted(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text[1..text.len() - 1].chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

/// The word as it has to be written.
pub(super) fn written(text: &str) -> String {
    let special = |c: char| c.is_whitespace() || matches!(c, '"' | '\\');
    if !text.is_empty() && !text.contains(special) && !text.starts_with('#') && !text.starts_with("=>") {
        return text.to_owned();
    }
    quoted(text)
}

/// The same in quotes in any case.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(words: &[Word]) -> Vec<&str> {
        words.iter().map(|word| word.text.as_str()).collect()
    }

    #[test]
    fn lines_are_cut() {
        let line = "header From \"Joe \\\"J\\\" <www>\" via esmtp => \"a b\"  # why";
        let cut = words(line).expect("well-formed");
        assert_eq!(texts(&cut.question), ["header", "From", "Joe \"J\" <www>", "via", "esmtp"]);
        assert_eq!(texts(&cut.answer.expect("one")), ["a b"]);
        assert_eq!(&line[cut.end..], "# why");
        assert_eq!(&line[..cut.question_end], "header From \"Joe \\\"J\\\" <www>\" via esmtp");
    }

    #[test]
    fn what_is_no_word_is_told() {
        assert_eq!(words("rcpt \"joe").map_err(|wrong| wrong.0), Err(6));
        assert_eq!(words("rcpt \"joe x\"@y => accept").map_err(|wrong| wrong.0), Err(13));
        assert_eq!(texts(&words("rcpt a#b@c").expect("a word").question), ["rcpt", "a#b@c"]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(text in "[ -~]{0,20}") {
            let cut = words(&format!("map x {} => {}", written(&text), quoted(&text))).expect("well-formed");
            prop_assert_eq!(&cut.question[2].text, &text);
            prop_assert_eq!(&cut.answer.expect("one")[0].text, &text);
        }
    }
}
