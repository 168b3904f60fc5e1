//! Lists of addresses: where a comma ends one, and where it belongs to it.

/// Cuts a list at `separators`; those within quotes, comments and angle brackets stay, but for commas in brackets that hold no
/// route, and so does whatever stands behind a backslash (RFC 5322, 3.2.1). Blanks around the parts go, empty parts too.
pub fn split_list<'a>(text: &'a [u8], separators: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (index, byte) in bare_bytes(text) {
        if separators.contains(&byte) {
            parts.push(&text[start..index]);
            start = index + 1;
        }
    }
    parts.push(&text[start..]);
    parts.into_iter().map(<[u8]>::trim_ascii).filter(|part| !part.is_empty()).collect()
}

/// The bytes of a list that nothing protects, and where they are. As sendmail reads lists, a comma ends an address whose bracket is
/// still open, unless what stands in it is a source route, whose hops stand between commas (RFC 5322, 4.4).
pub fn bare_bytes(text: &[u8]) -> impl Iterator<Item = (usize, u8)> + '_ {
    let (mut quoted, mut escaped, mut comments, mut angles) = (false, false, 0u32, 0u32);
    let mut route = false;
    text.iter().copied().enumerate().filter(move |(at, byte)| {
        match byte {
            _ if escaped => {
                escaped = false;
                return false;
            }
            b'\\' => escaped = true,
            b'"' if comments == 0 => quoted = !quoted,
            _ if quoted => {}
            b'(' => comments += 1,
            b')' => comments = comments.saturating_sub(1),
            _ if comments > 0 => {}
            b'<' => {
                angles += 1;
                route |= text[at + 1..].trim_ascii_start().starts_with(b"@");
            }
            b',' if angles == 0 || !route => {
                (angles, route) = (0, false);
                return true;
            }
            b'>' => angles = angles.saturating_sub(1),
            _ => return angles == 0,
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, separators: &str) -> Vec<String> {
        let parts = split_list(text.as_bytes(), separators.as_bytes());
        parts.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect()
    }

    #[test]
    fn commas_that_belong_to_a_name_stay() {
        assert_eq!(
            split(r#""Doe, Jane" <j@x>, (a, b) c@d ,, <@e,@f:g@h>"#, ","),
            [r#""Doe, Jane" <j@x>"#, "(a, b) c@d", "<@e,@f:g@h>"]
        );
        assert_eq!(split(r#"a\,b@c, "\",", d"#, ","), [r"a\,b@c", r#""\",""#, "d"]);
        assert_eq!(split("a; b, c", ",;"), ["a", "b", "c"]);
        assert_eq!(split(" , ", ","), [""; 0]);
        assert_eq!(
            split("Name <a,b@c> , < @d,@e:f>, g <h,i", ","),
            ["Name <a", "b@c>", "< @d,@e:f>", "g <h", "i"]
        );
        assert_eq!(split("(a <b,c>) d, \"<\" e", ","), ["(a <b,c>) d", "\"<\" e"]);
    }
}
