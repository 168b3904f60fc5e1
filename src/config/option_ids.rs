//! Options that name users and groups.

use super::load::Loader;
use super::numbers::{leading_int, parse_int};
use crate::schema::UserIds;

impl Loader<'_> {
    pub(super) fn default_group(&mut self, value: &[u8]) {
        let gid = match value.first() {
            Some(digit) if digit.is_ascii_digit() => Some(leading_int(value) as u32),
            _ => self.env.group(value),
        };
        match gid {
            Some(gid) => self.config.options.default_user = Some(UserIds { gid, ..self.default_user() }),
            None => self.error([b"readcf: option g: unknown group ", value].concat()),
        }
    }

    /// `user[:group]`, names or numbers; the ids, unless the user is unknown. A user without an account leaves
    /// the group as it was.
    pub(super) fn user_option(
        &mut self,
        option: &str,
        value: &[u8],
        old: fn(&mut Self) -> UserIds,
    ) -> Option<UserIds> {
        let end =
            value.iter().position(|byte| matches!(byte, b':' | b'/' | b'.' | b';')).unwrap_or(value.len());
        let (user, group) = (value[..end].trim_ascii(), value.get(end + 1..).map(<[u8]>::trim_ascii));
        let mut ids = if user.first().is_some_and(u8::is_ascii_digit) {
            UserIds { uid: parse_int(user, 0).0 as u32, ..old(self) }
        } else if let Some(found) = self.env.user(user) {
            found
        } else {
            self.error([format!("readcf: option {option}: unknown user ").as_bytes(), user].concat());
            return None;
        };
        match group.filter(|group| !group.is_empty()) {
            None => {}
            Some(digits) if digits.first().is_some_and(u8::is_ascii_digit) => {
                ids.gid = parse_int(digits, 0).0 as u32
            }
            Some(name) => match self.env.group(name) {
                Some(gid) => ids.gid = gid,
                None => {
                    let head = format!("readcf: option {option}: unknown group ");
                    self.error([head.as_bytes(), name].concat());
                }
            },
        }
        Some(ids)
    }

    pub(super) fn trusted_user(&mut self, value: &[u8]) {
        if value.first().is_some_and(u8::is_ascii_digit) {
            self.config.options.trusted_user = leading_int(value) as u32;
            return;
        }
        match self.env.user(value) {
            Some(ids) => self.config.options.trusted_user = ids.uid,
            None => self.error([b"readcf: option TrustedUser: unknown user ", value].concat()),
        }
    }
}
