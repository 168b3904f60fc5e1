//! What the configuration says about local delivery, in the form the keeper needs.

use crate::config::Config;
use crate::db::AliasSpec;
use crate::sys::accounts;
use crate::sys::identity::Identity;
use crate::sys::safe::Blame;

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
    /// `$j`
    pub(super) host: Vec<u8>,
}

/// Option ForwardPath where the cf has none.
const FORWARD_PATH: &[u8] = b"\x81z/.forward";

impl Policy {
    /// Reads the options.
    pub(super) fn of(config: &Config) -> Self {
        let options = &config.options;
        let default_user = config.default_user();
        let account = accounts::user_by_uid(default_user.uid).ok().flatten();
        let specs = options.alias_file.iter().map(|part| AliasSpec::parse(part));
        Self {
            alias_files: specs.collect(),
            blame: config.blame(),
            forward_path: options.forward_path.clone().unwrap_or_else(|| FORWARD_PATH.to_vec()),
            default_user: Identity::bare(default_user),
            default_name: account.map(|account| account.name).unwrap_or_default(),
            host: config.expand(config.macro_value("j").unwrap_or_default()),
        }
    }
}
