//! Was this file, program or list really named by an alias, a list or that user's own `.forward`?
//!
//! The front says so, but the keeper reads for itself: the alias that the front points to, the user's own `.forward`
//! files, and at last everything that aliases and the lists they include name, which is kept until one of those
//! files changes. A spelling counts if it is one of those in which the rules hand on what stands in the file: with
//! its quotes or without them, blanks as they are or one in place of several.

use super::aliases::{Aliases, signature};
use super::lists;
use super::protocol::{Listing, NamedBy, Signature};
use super::settings::KeeperSettings;
use crate::addr::without_quotes;
use crate::db::{included_file, split_list, unquote};
use crate::sys::accounts;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Lists within lists that are followed.
const MAX_DEPTH: usize = 10;
/// Lists that are followed in all.
const MAX_LISTS: usize = 100_000;

/// What has been found so far.
#[derive(Default)]
pub(super) struct Named {
    /// Locked while all is read anew: one thread does that for all.
    known: Mutex<Option<Arc<Known>>>,
}

/// Where it is looked for.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) settings: &'a KeeperSettings,
    pub(super) aliases: &'a Aliases,
}

/// On whose behalf: login names; the empty one is the DefaultUser.
type Users = HashSet<Vec<u8>>;

/// What some files name.
#[derive(Default)]
struct Known {
    aliases: Vec<Option<Signature>>,
    /// Files and programs, in each spelling.
    targets: HashMap<Vec<u8>, Users>,
    /// Lists.
    lists: HashMap<Vec<u8>, (Option<Signature>, Users)>,
}

fn stat(path: &[u8]) -> Option<Signature> {
    Some(signature(&std::fs::metadata(accounts::path(path)).ok()?))
}

/// Blanks in a row become one.
fn single_blanks(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b' ' | b'\t' if out.last() == Some(&b' ') => {}
            b' ' | b'\t' => out.push(b' '),
            other => out.push(*other),
        }
    }
    out
}

/// The ways in which a file or program can come out of the rules.
fn spellings(member: &[u8]) -> HashSet<Vec<u8>> {
    let mut all = HashSet::new();
    let trimmed = member.trim_ascii();
    // as it stands, as an alias names it, as a mailer with flag s gets it
    for text in [trimmed.to_vec(), unquote(member), without_quotes(trimmed).collect()] {
        let bare = text.strip_prefix(b"|").unwrap_or(&text).trim_ascii_start();
        all.insert(single_blanks(bare));
        all.insert(bare.to_vec());
        all.insert(text);
    }
    all
}

fn is_target(member: &[u8]) -> bool {
    matches!(unquote(member).first(), Some(b'|' | b'/'))
}

/// What is sought.
#[derive(Clone, Copy)]
pub(super) enum Sought<'a> {
    /// A file or program.
    Target(&'a [u8]),
    /// An `:include:` file.
    List(&'a [u8]),
}

impl Sought<'_> {
    /// Does this text name it, without following any list?
    fn is_in(self, text: &[u8]) -> bool {
        split_list(text).iter().any(|member| match self {
            Self::Target(target) => is_target(member) && spellings(member).contains(target),
            Self::List(path) => included_file(member).is_some_and(|file| file == path),
        })
    }
}

impl Known {
    /// Notes what a text of `user` names; the name is empty for the DefaultUser.
    fn gather(&mut self, sources: Sources<'_>, text: &[u8], user: &[u8], depth: usize) {
        for member in split_list(text) {
            if is_target(&member) {
                for spelling in spellings(&member) {
                    self.targets.entry(spelling).or_default().insert(user.to_vec());
                }
            } else if let Some(path) = included_file(&member)
                && self.note_list(&path, user)
                && depth < MAX_DEPTH
                && let Ok(listing) = lists::read_include(sources.settings, &path, user).result
            {
                self.gather_list(sources, &listing, depth + 1);
            }
        }
    }

    /// Notes what a list or a `.forward` names.
    fn gather_list(&mut self, sources: Sources<'_>, listing: &Listing, depth: usize) {
        let text = match listing.safe && listing.shell {
            true => Cow::Borrowed(&listing.text),
            // what is not safe may name lists and people, but no files and programs
            false => Cow::Owned(without_targets(&listing.text)),
        };
        self.gather(sources, &text, &listing.owner.user, depth);
    }

    /// `true` if it is to be read: a list is followed once for each user, and not for ever.
    fn note_list(&mut self, path: &[u8], user: &[u8]) -> bool {
        if self.lists.len() >= MAX_LISTS {
            return false;
        }
        let (_, users) = self.lists.entry(path.to_vec()).or_insert_with(|| (stat(path), Users::new()));
        users.insert(user.to_vec())
    }

    fn is_current(&self, aliases: &[Option<Signature>]) -> bool {
        self.aliases == aliases && self.lists.iter().all(|(path, (then, _))| stat(path) == *then)
    }

    fn holds(&self, sought: Sought<'_>, user: &[u8]) -> bool {
        let users = match sought {
            Sought::Target(target) => self.targets.get(target),
            Sought::List(path) => self.lists.get(path).map(|(_, users)| users),
        };
        users.is_some_and(|users| users.contains(user))
    }
}

/// A list without its files and programs.
fn without_targets(text: &[u8]) -> Vec<u8> {
    let others = split_list(text).into_iter().filter(|member| !is_target(member));
    others.collect::<Vec<_>>().join(&b',')
}

impl Named {
    /// Everything that aliases name, directly and through lists.
    fn known(&self, sources: Sources<'_>) -> Result<Arc<Known>, String> {
        let mut kept = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let signatures = sources.aliases.signatures();
        if let Some(known) = kept.as_ref()
            && known.is_current(&signatures)
        {
            return Ok(known.clone());
        }
        let mut known = Known { aliases: signatures, ..Known::default() };
        sources.aliases.each_value(&mut |value| {
            // most aliases name people only
            if value.iter().any(|byte| matches!(byte, b'|' | b'/' | b':')) {
                known.gather(sources, value, b"", 0);
            }
        })?;
        let known = Arc::new(known);
        *kept = Some(known.clone());
        Ok(known)
    }

    /// By the user's own `.forward` files, or by a list that they include.
    fn by_forward(sources: Sources<'_>, sought: Sought<'_>, user: &[u8]) -> Result<bool, String> {
        let mut known = Known::default();
        for listing in lists::all_forwards(sources.settings, user).map_err(|why| why.to_string())? {
            known.gather_list(sources, &listing, 0);
        }
        Ok(known.holds(sought, user))
    }

    /// Does `named_by` name it? An error means that the files cannot be read just now.
    pub(super) fn is_named(
        &self,
        sources: Sources<'_>,
        sought: Sought<'_>,
        named_by: &NamedBy,
    ) -> Result<bool, String> {
        match sources.settings.controlling(&named_by.user) {
            None => {
                let value = match named_by.alias.is_empty() {
                    true => None,
                    false => sources.aliases.value(&named_by.alias)?,
                };
                Ok(value.is_some_and(|value| sought.is_in(&value)) || self.known(sources)?.holds(sought, b""))
            }
            Some(user) => {
                Ok(Self::by_forward(sources, sought, user)? || self.known(sources)?.holds(sought, user))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_those_of_the_rules_and_no_others() {
        let text = br#""|/bin/x  \"a b\" c""#;
        let found = spellings(text);
        for known in [&br#"/bin/x  "a b" c"#[..], br#"/bin/x "a b" c"#, br#"|/bin/x  "a b" c"#, text] {
            assert!(found.contains(known), "{}", known.escape_ascii());
        }
        for other in [&b"/bin/x a b c"[..], b"/bin/x  \"ab\" c", b"/bin/x", b""] {
            assert!(!found.contains(other), "{}", other.escape_ascii());
        }
        assert!(spellings(b"|\"prog a\"").contains(&b"prog a"[..]));
    }

    #[test]
    fn what_stands_beside_people() {
        let text = b"ann, \"|prog\", :include:/l, /file";
        assert_eq!(without_targets(text), b"ann,:include:/l");
        assert!(Sought::List(b"/l").is_in(text) && Sought::Target(b"/file").is_in(text));
        assert!(!Sought::Target(b"/l").is_in(text) && !Sought::List(b"/file").is_in(text));
    }
}
