//! Whom the log names when an exchange has failed.

use super::bearer::claimed;
use super::digest_md5::username;

/// The longest name that the log shows.
const MAX_SHOWN: usize = 64;

/// Whom the log names when an exchange has failed: what the client's first words say, never a password. Names that
/// are in a language of their own (SCRAM) are not shown. A backslash is doubled.
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
        b"DIGEST-MD5" => username(response).unwrap_or_default().to_vec(),
        b"OAUTHBEARER" | b"XOAUTH2" => claimed(response),
        _ => Vec::new(),
    };
    let backslash = |byte: &u8| if *byte == b'\\' { 2 } else { 1 };
    let shown = shown.iter().take(MAX_SHOWN);
    shown.flat_map(|byte| std::iter::repeat_n(*byte, backslash(byte))).collect()
}
