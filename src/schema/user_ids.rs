//! A user and a group by number.

use serde::{Deserialize, Serialize};

/// Under which ids something runs or is owned (options DefaultUser and RunAsUser, mailer field U=).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct UserIds {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}
