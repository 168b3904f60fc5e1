//! What options of the configuration mean for maps.

use super::files;
use super::store::Refused;
use crate::addr::{MacroId, Operators};
use crate::config::{Class, Config};
use std::path::Path;

/// The options that maps obey.
#[derive(Debug)]
pub(super) struct Settings {
    /// BlankSub.
    pub blank_sub: u8,
    /// Which bytes separate tokens.
    pub operators: Operators,
    /// ServiceSwitchFile.
    pub service_switch: Vec<u8>,
    own_names: Option<Class>,
}

impl Settings {
    pub fn of(config: &Config) -> Self {
        Self {
            blank_sub: b' ',
            operators: Operators::default(),
            service_switch: b"/etc/mail/service.switch".to_vec(),
            own_names: config.classes.get(MacroId(b'w')).cloned(),
        }
    }

    pub fn check_file(&self, path: &Path) -> Result<(), Refused> {
        match std::fs::metadata(path) {
            Ok(_) => Ok(()),
            Err(error) => Err(Refused {
                absent: error.kind() == std::io::ErrorKind::NotFound,
                text: files::error_text(&error),
            }),
        }
    }

    pub fn check_socket(&self, path: &Path) -> Result<(), Refused> {
        self.check_file(path)
    }

    /// Is this one of the host's own names (class w)?
    pub fn is_own_name(&self, name: &[u8]) -> bool {
        self.own_names.as_ref().is_some_and(|names| names.contains(name))
    }

    /// The services that look a kind of thing up (`hosts`, `aliases`), in order.
    pub fn services(&self, kind: &[u8]) -> Option<Vec<Vec<u8>>> {
        crate::net::services(files::path(&self.service_switch), kind)
    }
}
