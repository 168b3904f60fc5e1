//! What options of the configuration mean for maps.

use super::files;
use super::program_runner::ProgramSettings;
use crate::config::Config;
use crate::schema::DeliveryMode;
use crate::sys::opener::FileOpener;
use crate::sys::safe::{self, Blame, Refusal, Rules};
use std::path::Path;

/// Why a file must not be opened.
pub(super) struct Refused {
    /// It does not exist.
    pub absent: bool,
    /// The reason, in the system's or sendmail's words.
    pub text: Vec<u8>,
}

/// The options that maps obey.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// BlankSub.
    pub blank_sub: u8,
    /// May mail come in delivery mode d, for which maps with -D are not asked?
    pub may_defer: bool,
    /// UserDatabaseSpec.
    pub user_databases: Option<Vec<u8>>,
    /// How programs run.
    pub programs: ProgramSettings,
    service_switch: Option<Vec<u8>>,
    blame: Blame,
    /// For files of maps.
    rules: Rules,
}

/// Does the option or a listener say so?
fn may_defer(config: &Config) -> bool {
    let usual = config.options.delivery_mode;
    let modes = config.daemon_ports().into_iter().filter_map(|port| port.delivery_mode);
    modes.chain([usual]).any(|mode| mode == DeliveryMode::Defer)
}

impl Settings {
    pub fn of(config: &Config) -> Self {
        Self {
            blank_sub: config.options.blank_sub,
            may_defer: may_defer(config),
            user_databases: config.options.user_database_spec.clone(),
            programs: ProgramSettings::of(config),
            service_switch: config.options.service_switch_file.clone(),
            blame: config.blame(),
            rules: Rules::map(config.blame()).trusting(config.options.trusted_user),
        }
    }

    /// Is the file there, and may it be trusted?
    ///
    /// # Errors
    /// Why it must not be opened.
    pub fn check_file(&self, opener: &dyn FileOpener, path: &Path) -> Result<(), Refused> {
        self.refuse(safe::open_by(opener, path, &self.rules).map(drop))
    }

    /// May a client trust the server that listens on this socket?
    ///
    /// # Errors
    /// Why it must not be used.
    pub fn check_socket(&self, path: &Path) -> Result<(), Refused> {
        self.refuse(safe::check_socket(path, &Rules::socket(self.blame)))
    }

    fn refuse(&self, result: Result<(), Refusal>) -> Result<(), Refused> {
        let refusal = match result {
            Ok(()) => return Ok(()),
            Err(refusal) => refusal,
        };
        let absent = refusal.is_absent();
        Err(Refused { absent, text: refusal.to_string().into_bytes() })
    }

    /// The services that look a kind of thing up (`hosts`, `aliases`), in order.
    pub fn services(&self, kind: &[u8]) -> Option<Vec<Vec<u8>>> {
        let file = files::path(self.service_switch.as_deref().unwrap_or_default());
        crate::net::services(file, kind, self.blame)
    }
}
