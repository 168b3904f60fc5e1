//! Is what should be a cf the text of a .mc file, or what m4 makes of one without the cf library?

/// How lines of a .mc begin, and no line of a cf.
const CALLS: [&[u8]; 8] =
    [b"OSTYPE(", b"FEATURE(", b"MAILER(", b"VERSIONID(", b"DOMAIN(", b"define(", b"divert(", b"include("];

/// What to do about a file that m4 has not, or not rightly, gone over; `None` for a cf.
pub fn m4_hint(text: &[u8]) -> Option<&'static str> {
    let is_call = |line: &[u8]| CALLS.iter().any(|call| line.starts_with(call));
    if !text.split(|byte| *byte == b'\n').any(is_call) {
        return None;
    }
    // m4 takes its quotes and comments away
    let has_quotes = memchr::memchr(b'`', text).is_some() || memchr::memmem::find(text, b"dnl").is_some();
    Some(match has_quotes {
        true => {
            "this is m4 text (a .mc file), not a cf: make a cf of it with `canonify mc FILE.mc > sendmail.cf'"
        }
        false => {
            "m4 has expanded this without the cf library: expand the .mc with `canonify mc', or begin it with \
             include(`/usr/share/sendmail/cf/m4/cf.m4')"
        }
    })
}

#[cfg(test)]
mod tests {
    use super::m4_hint;

    #[test]
    fn text_that_is_no_cf() {
        assert_eq!(m4_hint(b"V10/Berkeley\nO MaxHopCount=17\nFw/etc/mail/names\nDjx\n"), None);
        let hint = |text: &[u8]| m4_hint(text).expect("a hint");
        assert!(hint(b"dnl # comment\nOSTYPE(`linux')dnl\n").contains("a .mc file"));
        assert!(hint(b"\nOSTYPE(linux)\nMAILER(local)\n").contains("without the cf library"));
    }
}
