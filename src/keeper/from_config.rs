//! From a configuration to what the keeper needs of it. Runs before the fork, in whoever has read it.

use super::settings::{KeeperSettings, LocalMailer};
use crate::addr::{MacroId, op};
use crate::config::{Config, Mailer};
use crate::db::AliasSpec;
use crate::sys::accounts;
use crate::sys::identity::Identity;
use crate::sys::process::Programs;

/// Option ForwardPath where the cf has none.
const FORWARD_PATH: &[u8] = b"\x81z/.forward";

impl From<&Config> for KeeperSettings {
    fn from(config: &Config) -> Self {
        let options = &config.options;
        let default_user = config.default_user();
        let account = accounts::user_by_uid(default_user.uid).ok().flatten();
        let path = options.forward_path.as_deref().unwrap_or(FORWARD_PATH);
        let value = |id: u8| Some((id, config.macros.get(MacroId(id))?.to_vec()));
        Self {
            mailers: config.mailers.iter().map(local_mailer).collect(),
            environment: config.environment.clone(),
            macros: (0..=u8::MAX).filter_map(value).collect(),
            alias_files: options.alias_file.iter().map(|part| AliasSpec::parse(part)).collect(),
            blame: config.blame(),
            // cut before anything is filled in, so that no detail of an address adds a file
            forward_path: path.split(|byte| *byte == b':').map(internal).collect(),
            default_user: Identity::bare(default_user),
            default_name: account.map(|account| account.name).unwrap_or_default(),
            host: config.expand(config.macro_value("j").unwrap_or_default()),
            programs: Programs::default(),
        }
    }
}

fn local_mailer(mailer: &Mailer) -> LocalMailer {
    LocalMailer {
        name: mailer.name.clone(),
        path: mailer.path.clone(),
        argv: mailer.argv.clone(),
        flags: mailer.flags,
        directory: mailer.directory.clone(),
        root: mailer.root.clone(),
        user: mailer.user,
        nice: mailer.nice,
        wait: mailer.wait,
        max_size: mailer.max_size,
    }
}

/// `$x` as the internal operator, for values that are still as written.
fn internal(text: &[u8]) -> Vec<u8> {
    text.iter().map(|byte| if *byte == b'$' { op::MACRO_EXPAND } else { *byte }).collect()
}
