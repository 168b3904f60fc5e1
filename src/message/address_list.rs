//! Lists of addresses in header fields.

use crate::addr::split_list;

/// Cuts a list at its commas. Folds become blanks.
pub(super) fn split(value: &[u8]) -> Vec<Vec<u8>> {
    let flat: Vec<u8> = value.iter().copied().filter(|byte| *byte != b'\n').collect();
    split_list(&flat, b",").into_iter().map(<[u8]>::to_vec).collect()
}

/// Columns that a line with addresses may fill (RFC 5322, 2.1.1).
const WIDTH: usize = 78;

/// `a, b,` and so on behind the colon of a name of this length and these blanks, continued in lines that begin with eight
/// blanks.
pub(super) fn join(name_length: usize, blank: &[u8], parts: &[Vec<u8>], line_limit: usize) -> Vec<u8> {
    let width = match line_limit {
        0..=2 => WIDTH,
        limit => WIDTH.min(limit - 2),
    };
    let mut out = blank.to_vec();
    let mut column = name_length + 1 + blank.len();
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

    #[test]
    fn folds_are_no_line_ends() {
        assert_eq!(split(b" a@b,\n\tc@d\n e@f,"), [&b"a@b"[..], b"c@d e@f"]);
    }

    #[test]
    fn long_lists_are_folded() {
        let parts = vec![b"somebody@somewhere.example".to_vec(); 4];
        let text = String::from_utf8(join("To".len(), b" ", &parts, 990)).expect("ASCII");
        assert_eq!(
            text,
            " somebody@somewhere.example, somebody@somewhere.example,\n        \
             somebody@somewhere.example, somebody@somewhere.example"
        );
    }
}
