//! Who runs this program: asked before it becomes somebody else.

use crate::config::Config;
use crate::sys::accounts::{self, User};
use crate::sys::identity;

/// The user who called.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// The real user id.
    pub(super) uid: u32,
    /// The login name, or, of a user without account, the number as sendmail shows it.
    pub(super) name: Vec<u8>,
    /// The account.
    pub(super) account: Option<User>,
}

impl Caller {
    /// Who it is now.
    pub(super) fn of_process() -> Self {
        let uid = identity::real_uid();
        let account = accounts::user_by_uid(uid).ok().flatten();
        let name = account
            .as_ref()
            .map_or_else(|| format!("Unknown UID {uid}").into_bytes(), |user| user.name.clone());
        Self { uid, name, account }
    }

    /// What system errors call the user.
    pub(super) fn blamed(&self) -> Vec<u8> {
        match self.account {
            Some(_) => self.name.clone(),
            None => format!("UID{}", self.uid).into_bytes(),
        }
    }

    /// Root, and class t: whoever may say that mail is somebody else's.
    pub(super) fn is_trusted(&self, config: &Config) -> bool {
        let trusted = config.macro_id("t").and_then(|id| config.classes.get(id));
        trusted.is_some_and(|class| class.contains(&self.name)) || self.uid == 0
    }
}
