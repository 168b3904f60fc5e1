//! Checks of addresses that no rule can make.

use super::AddressKind;
use crate::schema::{EnhancedStatus, Reply};

/// What is wrong with control bytes.
const NON_PRINTABLE: &str = "non-printable character";
/// Longest address in bytes.
const MAX_ADDRESS: usize = 255;

fn enhanced(kind: AddressKind) -> Option<EnhancedStatus> {
    Some(EnhancedStatus(5, 1, if kind.sender { 7 } else { 3 }))
}

/// May addresses be UTF-8 (option UTF8Addresses), and is this one? No character of it begins with a byte that is an operator inside, and the
/// rules know operators by the first byte of a token.
fn is_utf8(text: &[u8], allowed: bool) -> bool {
    allowed && std::str::from_utf8(text).is_ok()
}

/// Is this text an address at all? Bytes that are operators inside would change the rules' meaning; `utf8`: the option UTF8Addresses.
///
/// # Errors
/// The reply that refuses it.
pub fn invalid_text(text: &[u8], kind: AddressKind, utf8: bool) -> Result<(), Reply> {
    if text.len() > MAX_ADDRESS {
        return Err(too_long(text));
    }
    if text.iter().any(is_operator) && !is_utf8(text, utf8) {
        let message = [b"8-bit character in mailbox address \"", &shown(text)[..], b"\""].concat();
        return Err(Reply::new(501, enhanced(kind), message));
    }
    Ok(())
}

/// A bad address as a reply quotes it: not too long, and what is an operator inside is `?`.
pub(super) fn shown(address: &[u8]) -> Vec<u8> {
    let letter = |byte: &u8| match *byte {
        0x80..=0x9f => b'?',
        0xff => 0x7f,
        byte => byte,
    };
    address[..address.len().min(MAX_ADDRESS)].iter().map(letter).collect()
}

fn too_long(text: &[u8]) -> Reply {
    let message = [b"Address \"", &shown(text)[..], b"\" too long (255 bytes max)"].concat();
    Reply::new(553, Some(EnhancedStatus(5, 1, 0)), message)
}

fn is_operator(byte: &u8) -> bool {
    matches!(byte, 0x80..=0x9f)
}

/// The user part after the rules: control bytes outside quotes, and operators, become `?`; a backslash protects
/// one byte. `utf8`: the option UTF8Addresses.
///
/// # Errors
/// The reply that refuses it.
pub fn invalid_user(user: &mut [u8], kind: AddressKind, utf8: bool) -> Result<(), Reply> {
    if user.len() > MAX_ADDRESS {
        return Err(too_long(user));
    }
    let utf8 = is_utf8(user, utf8);
    let (mut quoted, mut escaped, mut odd, mut eight) = (false, false, false, false);
    for byte in user.iter_mut() {
        let protected = std::mem::take(&mut escaped);
        match *byte {
            b'\\' if !protected => escaped = true,
            b'"' if !protected => quoted = !quoted,
            0..=0x1f | 0x7f if !quoted && !protected => {
                *byte = b'?';
                odd = true;
            }
            // an operator that has come out of a macro's value
            0x80..=0x9f if !utf8 => {
                *byte = b'?';
                eight = true;
            }
            _ => {}
        }
    }
    let why = match () {
        () if eight => "8-bit character",
        () if odd => NON_PRINTABLE,
        () if escaped => "trailing \\ character",
        () if quoted => "unbalanced quote",
        () => return Ok(()),
    };
    let message = [b"Syntax error in mailbox address \"", &user[..], b"\" (", why.as_bytes(), b")"].concat();
    Err(Reply::new(if eight || odd { 501 } else { 553 }, enhanced(kind), message))
}

/// Is this such a refusal, for control bytes? Programs that end with the status of their errors pass over it, as sendmail does.
pub fn is_about_control_bytes(reply: &Reply) -> bool {
    reply.code == 501 && reply.text.ends_with([b"(", NON_PRINTABLE.as_bytes(), b")"].concat().as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_bytes_are_a_syntax_error_with_a_status_of_sender_or_recipient() {
        for (kind, detail) in [(AddressKind::SENDER, 7), (AddressKind::RECIPIENT, 3)] {
            let mut user = b"a\x01b@x.example".to_vec();
            let reply = invalid_user(&mut user, kind, false).expect_err("no rule makes these");
            assert_eq!((reply.code, reply.enhanced), (501, Some(EnhancedStatus(5, 1, detail))));
            assert!(is_about_control_bytes(&reply));
        }
        // within quotes and behind a backslash they are text
        assert_eq!(invalid_user(&mut b"\"a\x01b\"@x".to_vec(), AddressKind::SENDER, false), Ok(()));
        let eight = invalid_user(&mut b"\x9b".to_vec(), AddressKind::SENDER, false).expect_err("an operator");
        assert!(!is_about_control_bytes(&eight));
    }

    #[test]
    fn utf8_is_an_address_where_the_option_says_so() {
        let kind = AddressKind::RECIPIENT;
        // the second byte of each capital is an operator inside
        let address = "Ä.Öl@Ü.example".as_bytes();
        assert!(invalid_text(address, kind, false).is_err());
        assert_eq!(invalid_text(address, kind, true), Ok(()));
        let mut user = address.to_vec();
        assert_eq!((invalid_user(&mut user, kind, true), &user[..]), (Ok(()), address));
        assert!(invalid_user(&mut user, kind, false).is_err());
        for broken in [&b"\xc3\x84"[..], b"\x81j@x", b"\xed\xa0\x80"] {
            assert!(invalid_text(&[broken, b"\x84"].concat(), kind, true).is_err(), "{broken:x?}");
        }
    }

    #[test]
    fn a_long_address_is_cut_and_shows_no_operators() {
        let text = [&[b'x'; 253][..], b"\x9b\x1bmore"].concat();
        let reply = invalid_text(&text, AddressKind::RECIPIENT, true).expect_err("it is too long");
        let shown = [&[b'x'; 253][..], b"?\x1b"].concat();
        let expected = [b"Address \"", &shown[..], b"\" too long (255 bytes max)"].concat();
        assert_eq!(reply, Reply::new(553, Some(EnhancedStatus(5, 1, 0)), expected));
    }
}
