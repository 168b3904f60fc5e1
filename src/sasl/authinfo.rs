//! Name and password for another host: what ruleset `authinfo` returns, and what the file of option DefaultAuthInfo says.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Who a client is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Credentials {
    /// As whom it acts.
    pub user: Vec<u8>,
    /// Whose password it has.
    pub id: Vec<u8>,
    /// The password.
    pub password: Vec<u8>,
    /// The realm that it is to choose.
    pub realm: Option<Vec<u8>>,
    /// The mechanisms that it may use.
    pub mechanisms: Option<Vec<u8>>,
}

/// Reads the words `"U:user" "I:id" "P:password" "R:realm" "M:mechanisms"`; `=` in place of the colon stands before
/// base64. The first of each letter counts. `None`: a word is none of these, or nothing says who or the password.
pub fn credentials<'a>(words: impl Iterator<Item = &'a [u8]>) -> Option<Credentials> {
    let (mut user, mut id, mut password) = (None, None, None);
    let mut found = Credentials::default();
    for word in words {
        let word = word.strip_prefix(b"\"").unwrap_or(word);
        let word = word.strip_suffix(b"\"").unwrap_or(word);
        let [letter, mark, value @ ..] = word else { return None };
        let value = match mark {
            b':' => value.to_vec(),
            b'=' => STANDARD.decode(value).ok()?,
            _ => return None,
        };
        let place = match letter.to_ascii_uppercase() {
            b'U' => &mut user,
            b'I' => &mut id,
            b'P' => &mut password,
            b'R' => &mut found.realm,
            b'M' => &mut found.mechanisms,
            _ => return None,
        };
        place.get_or_insert(value);
    }
    found.user = user.clone().or_else(|| id.clone())?;
    found.id = id.or(user)?;
    found.password = password?;
    Some(found)
}

/// Reads the lines of a DefaultAuthInfo file: as whom, who, the password, the realm, the mechanisms; `#` begins a comment. `None`:
/// it has no password, and nobody logs in.
///
/// # Errors
/// What is missing, in sendmail's words.
pub fn of_file(text: &[u8]) -> Result<Option<Credentials>, &'static str> {
    let lines = text.strip_suffix(b"\n").unwrap_or(text).split(|byte| *byte == b'\n');
    let mut lines = lines.filter(|line| !text.is_empty() && !line.starts_with(b"#")).map(<[u8]>::to_vec);
    let user = lines.next().ok_or("authentication id")?.trim_ascii().to_vec();
    let id = lines.next().ok_or("password")?.trim_ascii().to_vec();
    let password = lines.next().unwrap_or_default();
    let mut rest = || lines.next().filter(|line| !line.is_empty());
    let (realm, mechanisms) = (rest(), rest());
    let user = if user.is_empty() { id.clone() } else { user };
    let known = !id.is_empty() && !password.is_empty();
    Ok(known.then_some(Credentials { user, id, password, realm, mechanisms }))
}
