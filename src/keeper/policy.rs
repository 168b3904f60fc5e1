//! What the configuration says about local delivery, in the form the keeper needs.

use super::alias_file::{self, AliasSpec};
use crate::config::Config;
use crate::sys::accounts;
use crate::sys::identity::Identity;
use crate::sys::safe::Blame;
use std::path::PathBuf;

/// Rights and places.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    /// Option AliasFile.
    pub(super) alias_files: Vec<AliasSpec>,
    /// Option DontBlameSendmail.
    pub(super) blame: Blame,
    /// Option ForwardPath, its macros unexpanded.
    pub(super) forward_path: Vec<u8>,
    /// Option DefaultUser: who runs what has no controlling user.
    pub(super) default_user: Identity,
    /// Its login name, if it has one.
    pub(super) default_name: Vec<u8>,
    /// Option SafeFileEnvironment.
    pub(super) safe_environment: Option<PathBuf>,
    /// `$w`
    pub(super) short_host: Vec<u8>,
    /// `$j`
    pub(super) host: Vec<u8>,
}

/// Who runs programs when neither option DefaultUser nor the site's accounts say.
const NOBODY: &[&[u8]] = &[b"mailnull", b"sendmail", b"daemon"];

fn first_account() -> (Vec<u8>, Identity) {
    for name in NOBODY {
        if let Ok(Some(user)) = accounts::user(name) {
            return (name.to_vec(), Identity::bare(user.uid, user.gid));
        }
    }
    (Vec::new(), Identity::bare(1, 1))
}

impl Policy {
    /// Reads the options.
    pub(super) fn of(config: &Config) -> Self {
        let (default_name, default_user) = first_account();
        let value = |name: &[u8]| {
            let id = config.names.get(name)?;
            config.macros.get(id).map(<[u8]>::to_vec)
        };
        Self {
            alias_files: alias_file::specs(b"/etc/mail/aliases"),
            blame: Blame::empty(),
            forward_path: b"$z/.forward".to_vec(),
            default_user,
            default_name,
            safe_environment: None,
            short_host: value(b"w").unwrap_or_default(),
            host: value(b"j").unwrap_or_default(),
        }
    }
}
