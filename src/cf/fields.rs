//! Lists of `key=value`, by the grammar in `grammar/fields.lalrpop`.

use super::grammars::fields;
use logos::Logos;

/// What such a list consists of.
#[derive(Logos, Clone, Copy, PartialEq, Eq, Debug)]
#[logos(utf8 = false)]
pub enum Bit<'a> {
    /// `=`
    #[token(b"=")]
    Equals,
    /// `,`
    #[token(b",")]
    Comma,
    /// `"`
    #[token(b"\"")]
    Quote,
    /// White space.
    #[regex(br"[ \t\n\x0b\x0c\r]", |lex| lex.slice()[0])]
    Blank(u8),
    /// A backslash and what it makes of the byte behind it; nothing at the end of the text.
    #[regex(br"\\(?s-u:.)?", |lex| lex.slice().get(1).map(|byte| escaped(*byte)))]
    Escape(Option<u8>),
    /// Other bytes.
    #[regex(br#"(?-u:[^=,"\\ \t\n\x0b\x0c\r])+"#, |lex| lex.slice())]
    Run(&'a [u8]),
}

/// What a backslash makes of a character: r n f b are control characters.
pub(super) fn escaped(byte: u8) -> u8 {
    match byte {
        b'r' => b'\r',
        b'n' => b'\n',
        b'f' => 0x0c,
        b'b' => 0x08,
        other => other,
    }
}

/// One `key=value` of an M, Q or X line, quotes and backslashes gone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Equate {
    /// First character of the key; no other counts.
    pub key: u8,
    /// The value.
    pub value: Vec<u8>,
}

/// One item of DaemonPortOptions or ClientPortOptions, by its place in the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PortItem {
    /// First character of the key; no other counts.
    pub key: u8,
    /// Where the item begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// Where its value begins.
    pub value: usize,
}

fn bits(text: &[u8]) -> impl Iterator<Item = (usize, Bit<'_>, usize)> {
    // every byte is a bit, so the lexer cannot fail
    Bit::lexer(text).spanned().filter_map(|(bit, span)| Some((span.start, bit.ok()?, span.end)))
}

/// The fields of an M, Q or X line; false when one has no `=`, which drops the rest of the line.
pub fn equates(text: &[u8]) -> (Vec<Equate>, bool) {
    fields::EquatesParser::new().parse(bits(text)).unwrap_or_default()
}

/// The items of a port list that have a value.
pub fn port_items(text: &[u8]) -> Vec<PortItem> {
    fields::PortsParser::new().parse(bits(text)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &[u8]) -> (Vec<(char, String)>, bool) {
        let (fields, complete) = equates(text);
        let shown = |field: Equate| (field.key as char, String::from_utf8_lossy(&field.value).into_owned());
        (fields.into_iter().map(shown).collect(), complete)
    }

    #[test]
    fn quotes_and_backslashes_protect_commas() {
        let (fields, complete) = shown(br#" P=/x, A=y "q, r" z\, w,, E=\r\n"#);
        assert!(complete);
        let expected = [('P', "/x"), ('A', "y q, r z, w"), ('E', "\r\n")];
        assert_eq!(fields, expected.map(|(key, value)| (key, value.to_owned())));
    }

    #[test]
    fn a_field_without_a_value_ends_the_line() {
        assert_eq!(shown(b"P=/x, F, A=y"), (vec![('P', "/x".to_owned())], false));
        assert_eq!(shown(b"P=, F"), (vec![('P', String::new())], false));
        assert_eq!(shown(b"A=\"open, x=y"), (vec![('A', "open, x=y".to_owned())], true));
        assert_eq!(shown(b""), (vec![], true));
        assert_eq!(shown(b" , "), (vec![], true));
    }

    #[test]
    fn ports() {
        let text = b"Name=MTA, Zork, P =25 ,, =x, M=a=b";
        let items: Vec<_> = port_items(text)
            .into_iter()
            .map(|item| (item.key as char, String::from_utf8_lossy(&text[item.value..item.end]).into_owned()))
            .collect();
        let expected = [('N', "MTA"), ('P', "25 "), ('M', "a=b")];
        assert_eq!(items, expected.map(|(key, value)| (key, value.to_owned())));
    }

    #[test]
    fn no_byte_is_too_strange() {
        for byte in 0..=255u8 {
            for text in [vec![byte], vec![b'P', b'=', byte], vec![b'\\', byte], vec![byte, b'=', b'"', byte]]
            {
                assert!(fields::EquatesParser::new().parse(bits(&text)).is_ok(), "{text:?}");
                assert!(fields::PortsParser::new().parse(bits(&text)).is_ok(), "{text:?}");
            }
        }
    }
}
