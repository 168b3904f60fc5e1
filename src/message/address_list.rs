//! Lists of addresses in header fields.

/// Cuts a list at its commas; those within quotes, comments, angle brackets and domain literals stay.
/// Blanks around the parts are gone, empty parts too.
pub(super) fn split(value: &[u8]) -> Vec<Vec<u8>> {
    let (mut parts, mut part) = (Vec::new(), Vec::new());
    let (mut quoted, mut comments, mut angle, mut literal) = (false, 0u32, false, false);
    let mut bytes = value.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                part.push(byte);
                part.extend(bytes.next());
                continue;
            }
            b'"' if comments == 0 => quoted = !quoted,
            _ if quoted => {}
            b'(' => comments += 1,
            b')' => comments = comments.saturating_sub(1),
            _ if comments > 0 => {}
            b'<' => angle = true,
            b'>' => angle = false,
            b'[' => literal = true,
            b']' => literal = false,
            b',' if !angle && !literal => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(byte);
    }
    parts.push(part);
    parts.iter().map(|part| tidy(part)).filter(|part| !part.is_empty()).collect()
}

/// Folds become blanks.
fn tidy(part: &[u8]) -> Vec<u8> {
    let flat: Vec<u8> = part.iter().copied().filter(|byte| *byte != b'\n').collect();
    flat.trim_ascii().to_vec()
}

/// Columns that a line with addresses may fill.
const WIDTH: usize = 78;

/// `Name: a, b,` and so on, continued in lines that begin with eight blanks.
pub(super) fn join(name: &[u8], parts: &[Vec<u8>], line_limit: usize) -> Vec<u8> {
    let width = match line_limit {
        0..=2 => WIDTH,
        limit => WIDTH.min(limit - 2),
    };
    let mut out = [name, b": "].concat();
    let mut column = out.len();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            column += 2;
        }
        column += part.len();
        match index {
            0 => {}
            _ if column > width => {
                out.extend_from_slice(b",\n        ");
                column = 8 + part.len();
            }
            _ => out.extend_from_slice(b", "),
        }
        out.extend_from_slice(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> Vec<String> {
        split(value.as_bytes()).iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect()
    }

    #[test]
    fn commas_that_belong_to_a_name_stay() {
        assert_eq!(
            shown(r#""Doe, Jane" <j@x>, (a, b) c@d ,, <@e,@f:g@h>"#),
            [r#""Doe, Jane" <j@x>"#, "(a, b) c@d", "<@e,@f:g@h>"]
        );
        assert_eq!(shown(" a@b,\n\tc@d\n e@f"), ["a@b", "c@d e@f"]);
        assert_eq!(shown(r#"a\,b@c, "\",", d"#), [r"a\,b@c", r#""\",""#, "d"]);
        assert_eq!(shown(" , "), [""; 0]);
    }

    #[test]
    fn long_lists_are_folded() {
        let parts = vec![b"somebody@somewhere.example".to_vec(); 4];
        let text = String::from_utf8(join(b"To", &parts, 990)).expect("ASCII");
        assert_eq!(
            text,
            "To: somebody@somewhere.example, somebody@somewhere.example,\n        \
             somebody@somewhere.example, somebody@somewhere.example"
        );
    }
}
