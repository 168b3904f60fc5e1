//! xtext (RFC 3461, section 4).

/// Is it xtext: printable ASCII without `=`, and `+` only before two upper-case hexadecimal digits?
pub fn is_xtext(text: &[u8]) -> bool {
    decode_xtext(text).is_some()
}

/// The text that the xtext stands for.
pub fn decode_xtext(text: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match byte {
            b'+' => {
                let [high, low, tail @ ..] = tail else { return None };
                plain.push(hex(*high)? << 4 | hex(*low)?);
                rest = tail;
            }
            b'!'..=b'~' if *byte != b'=' => plain.push(*byte),
            _ => return None,
        }
    }
    Some(plain)
}

/// Text as xtext; brackets and the like are hidden from rules, too, as sendmail does.
pub fn encode_xtext(text: &[u8]) -> Vec<u8> {
    let plain = |byte: &u8| matches!(byte, b'!'..=b'~') && !b"+=<>\")".contains(byte);
    let coded = text.iter().flat_map(|byte| match plain(byte) {
        true => vec![*byte],
        false => format!("+{byte:02X}").into_bytes(),
    });
    coded.collect()
}

fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plus_needs_two_digits() {
        assert_eq!(decode_xtext(b"env+2B42").as_deref(), Some(&b"env+42"[..]));
        for wrong in ["a+zz", "a+2", "a+2b", "a=b", "a b", "a\u{e9}"] {
            assert!(!is_xtext(wrong.as_bytes()), "{wrong}");
        }
    }
}
