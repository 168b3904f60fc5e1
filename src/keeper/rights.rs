//! As whom a mailer of this host acts: decided from the configuration and the accounts that the keeper finds, never
//! from what the front says.
//!
//! Mailers whose recipients are files or commands (`prog`, `*file*`), each one named by somebody:
//!
//! | flags | named by | acts as |
//! |---|---|---|
//! | o, not S | a user's list or `.forward` | that user |
//! | o, not S | an alias, root's list | U=, else DefaultUser |
//! | S, or not o | anybody | U=, else DefaultUser |
//!
//! All others, whose recipients are mailboxes:
//!
//! | flags | recipient | acts as |
//! |---|---|---|
//! | S | anybody | U=; without it the keeper's own user (root) |
//! | o and w, not S | an account that is not root's | that account |
//! | o and w, not S | root | U=, else DefaultUser |
//! | not S, and not both o and w | anybody | U=, else DefaultUser |
//!
//! `[FILE]` and `[MAILDIR]` mailboxes belong to accounts, and are written as their account (root's too); with U= and
//! without o as U= says.
//!
//! Stricter than sendmail, on purpose: no file or command is ever run as root (there flag S does it); U= beside S
//! gives no way back to root; the sender, of whom only the front knows, is nobody to act as; nobody has more groups
//! than U= or the account gives.

use super::settings::LocalMailer;
use crate::sys::identity::Identity;

/// The identity for a program. `person`: the account of a mailbox (looked up where the mailer has flag w), or
/// whoever names the file or command; `None` stands for the DefaultUser and for nobody.
pub(super) fn of_program(
    mailer: &LocalMailer,
    person: Option<Identity>,
    default_user: &Identity,
) -> Option<Identity> {
    let fixed = mailer.user.map(Identity::bare);
    if mailer.has(b'S') && !mailer.is_named() {
        return fixed;
    }
    Some(on_own_account(mailer, person).or(fixed).unwrap_or_else(|| default_user.clone()))
}

/// Flag o acts as the person, but never as root.
fn on_own_account(mailer: &LocalMailer, person: Option<Identity>) -> Option<Identity> {
    person.filter(|person| mailer.has(b'o') && !mailer.has(b'S') && person.uid != 0)
}

/// The identity for a mailbox or file. `person` as for [`of_program`], but a mailbox always has an account.
pub(super) fn of_file(mailer: &LocalMailer, person: Option<Identity>, default_user: &Identity) -> Identity {
    let fixed = mailer.user.map(Identity::bare);
    let owner = match mailer.is_named() {
        true => on_own_account(mailer, person),
        false => person.filter(|_| mailer.has(b'o') || fixed.is_none()),
    };
    owner.or(fixed).unwrap_or_else(|| default_user.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::UserIds;

    fn mailer(name: &str, flags: &str, user: Option<u32>) -> LocalMailer {
        LocalMailer {
            name: name.into(),
            flags: flags.bytes().fold(0, |all, flag| all | 1 << flag),
            user: user.map(|id| UserIds { uid: id, gid: id }),
            ..LocalMailer::default()
        }
    }

    fn identity(uid: u32) -> Identity {
        Identity::bare(UserIds { uid, gid: uid })
    }

    type Uid = Option<u32>;
    const JOE: Uid = Some(5001);
    const ROOT: Uid = Some(0);
    const ANN: Uid = Some(5002);
    /// DefaultUser.
    const ONE: Uid = Some(1);

    #[test]
    fn every_row_for_files_and_commands() {
        let rows: &[(&str, Uid, Uid, Uid)] = &[
            // F=, U=, named by, acts as
            ("o", None, JOE, JOE),
            ("o", ANN, JOE, JOE),
            ("o", None, None, ONE),
            ("o", ANN, None, ANN),
            ("o", None, ROOT, ONE),
            ("o", ANN, ROOT, ANN),
            ("", None, JOE, ONE),
            ("", ANN, JOE, ANN),
            ("S", None, JOE, ONE),
            ("S", None, None, ONE),
            ("S", ANN, None, ANN),
            ("oS", None, JOE, ONE),
            ("oS", None, ROOT, ONE),
            ("oS", ANN, JOE, ANN),
        ];
        for (flags, user, person, expected) in rows {
            for name in ["prog", "PROG", "*file*"] {
                let (mailer, person) = (mailer(name, flags, *user), person.map(identity));
                let program = of_program(&mailer, person.clone(), &identity(1));
                assert_eq!(program.map(|identity| identity.uid), *expected, "{name} {flags} {user:?}");
                let file = of_file(&mailer, person, &identity(1));
                assert_eq!(Some(file.uid), *expected, "{name} {flags} {user:?}");
            }
        }
    }

    #[test]
    fn every_row_for_mailboxes() {
        let rows: &[(&str, Uid, Uid, Uid, Uid)] = &[
            // F=, U=, account, a program acts as (none: the keeper itself), a built-in mailer acts as
            ("S", None, JOE, None, JOE),
            ("S", None, None, None, ONE),
            ("S", ANN, JOE, ANN, ANN),
            ("oS", None, JOE, None, JOE),
            ("oS", ANN, JOE, ANN, JOE),
            ("o", None, JOE, JOE, JOE),
            ("o", ANN, JOE, JOE, JOE),
            ("o", None, ROOT, ONE, ROOT),
            ("o", ANN, ROOT, ANN, ROOT),
            ("o", None, None, ONE, ONE),
            ("", None, JOE, ONE, JOE),
            ("", ANN, JOE, ANN, ANN),
        ];
        for (flags, user, person, program, file) in rows {
            let (mailer, person) = (mailer("local", flags, *user), person.map(identity));
            let found = of_program(&mailer, person.clone(), &identity(1));
            assert_eq!(found.map(|identity| identity.uid), *program, "{flags} {user:?} {person:?}");
            let found = of_file(&mailer, person.clone(), &identity(1));
            assert_eq!(Some(found.uid), *file, "[FILE] {flags} {user:?} {person:?}");
        }
    }
}
