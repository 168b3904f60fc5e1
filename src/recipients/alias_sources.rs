//! The sources of option AliasFile, in order: files are the keeper's, everything else (LDAP, NIS, programs, …) is
//! looked up here, through the maps.
//!
//! What such a source names as file, program or `:include:` file is refused: the keeper acts only on what it has
//! read itself. An alias of a file that names it, and whose name the source gives, is the way.

use super::expander::Expander;
use crate::keeper::AliasAnswer;
use crate::logging::Quiet;
use crate::maps::{LookupContext, TextAnswer};
use crate::rewrite::Address;
use crate::schema::Outcome;

impl Expander<'_> {
    /// The name under which an address is looked up.
    pub(super) fn alias_key(&self, address: &Address) -> Vec<u8> {
        let exact = self.mailer(address).is_some_and(|mailer| mailer.has(b'u'));
        let folded = !exact || address.user.eq_ignore_ascii_case(b"postmaster");
        if folded { address.user.to_ascii_lowercase() } else { address.user.clone() }
    }

    /// The value of an alias: the first answer wins.
    pub(super) async fn alias_value(&self, key: &[u8]) -> Outcome<Option<Vec<u8>>> {
        let mut first = 0;
        loop {
            let number = match self.keeper.alias(key, first).await {
                Outcome::Done(AliasAnswer::Value(value)) => return Outcome::Done(Some(value)),
                Outcome::Done(AliasAnswer::Absent) => return Outcome::Done(None),
                Outcome::Done(AliasAnswer::NotRead(number)) => number,
                Outcome::Later(why) | Outcome::Never(why) => return Outcome::Later(why),
            };
            match self.mapped_alias(number, key).await {
                Outcome::Done(None) => first = number + 1,
                answer => return answer,
            }
        }
    }

    /// One source that is no file, by its number: the map of that name comes with the option.
    async fn mapped_alias(&self, number: u32, key: &[u8]) -> Outcome<Option<Vec<u8>>> {
        let name = format!("Alias{number}");
        let mut quiet = Quiet;
        let mut context =
            LookupContext { deferred: false, once: false, observer: &mut quiet, aliases: Some(self.site) };
        match self.site.maps.lookup_text(name.as_bytes(), key, &mut context).await {
            TextAnswer::Answer(answer) if answer.status.is_temporary() => {
                Outcome::Later(format!("{name} cannot be asked"))
            }
            TextAnswer::Answer(answer) => Outcome::Done(answer.value),
            TextAnswer::Unknown | TextAnswer::NotOpen => Outcome::Later(format!("{name} is not open")),
        }
    }
}
