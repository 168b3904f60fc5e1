//! V lines: the level of a cf, and what it says of options.

use super::load::Loader;
use crate::addr::MacroId;

impl Loader<'_> {
    pub(super) fn version_line(&mut self, text: &[u8]) {
        let (given, text) = (text, crate::addr::trim_start(text));
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            self.error([b"invalid argument to V line: \"", &given[..given.len().min(20)], b"\""].concat());
            return;
        }
        let level = super::numbers::leading_int(&text[..digits]);
        self.set_level(u32::try_from(level).unwrap_or(u32::MAX));
        let rest = &text[digits..];
        let blanks = rest.iter().take_while(|byte| crate::addr::is_space(byte)).count();
        if let [b'/', vendor @ ..] = &rest[blanks..] {
            let length = vendor.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
            if !vendor[..length].eq_ignore_ascii_case(b"Berkeley") {
                self.error([b"invalid V line vendor code: \"", &vendor[..length], b"\""].concat());
            }
        }
    }

    pub(super) fn set_level(&mut self, level: u32) {
        self.config.level = level;
        if level >= 5 {
            let short = self.config.macros.get(MacroId(b'w')).and_then(|name| {
                let dot = name.iter().position(|byte| *byte == b'.')?;
                Some(name[..dot].to_vec())
            });
            if let Some(short) = short {
                self.define(MacroId(b'w'), &short);
            }
        }
        if level >= 6 {
            self.config.options.colon_ok_in_addr = false;
        }
    }
}
