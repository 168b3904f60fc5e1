//! Names of users: `alice`, or `alice@realm`.

/// The longest name that the log shows.
const MAX_SHOWN: usize = 64;

/// A name without the blanks around it; `None`: nothing is left.
pub(super) fn canonical(name: &[u8]) -> Option<&[u8]> {
    Some(name.trim_ascii()).filter(|name| !name.is_empty())
}

/// Up to the first NUL.
pub(super) fn before_nul(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Whom the log names when an exchange has failed: what the client's first words say, never a password. Names that
/// are in a language of their own (SCRAM) are not shown.
pub fn shown_user(mechanism: &[u8], response: &[u8]) -> Vec<u8> {
    let shown = match mechanism.to_ascii_uppercase().as_slice() {
        b"PLAIN" | b"LOGIN" => {
            let mut words = response.split(|byte| *byte == 0);
            let (author, user) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            if author.is_empty() || user.is_empty() {
                [author, user].concat()
            } else {
                [author, b"/", user].concat()
            }
        }
        b"CRAM-MD5" => response.split(|byte| *byte == b' ').next().unwrap_or_default().to_vec(),
        b"DIGEST-MD5" => super::digest_md5::username(response).unwrap_or_default(),
        _ => Vec::new(),
    };
    shown[..shown.len().min(MAX_SHOWN)].to_vec()
}
