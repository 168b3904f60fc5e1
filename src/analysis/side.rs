//! A configuration in memory, from its text on: read, compiled, with somebody who knows accounts and aliases.

use super::dns::Dns;
use crate::config::{LoadOptions, load};
use crate::diag::Severity;
use crate::keeper::Keeper;
use crate::m4::{CfText, McOptions, expand_mc};
use crate::maps;
use crate::rewrite::Site;
use std::sync::Arc;

/// One configuration that can be asked.
pub struct Side {
    /// Rules and maps.
    pub site: Arc<Site>,
    /// Accounts and aliases, read with the rights of this process.
    pub keeper: Keeper,
    /// The text of the cf.
    pub cf: Vec<u8>,
    /// What made the lines of the cf, if it was a .mc.
    pub origins: Option<CfText>,
}

/// An entry of a map that is there for the time being, whatever the map's file says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The map.
    pub map: String,
    /// The key.
    pub key: String,
    /// The value, as the file would have it.
    pub value: String,
}

/// How configurations are read, and who answers for the DNS.
pub struct Loading {
    /// What the loader is told.
    pub options: LoadOptions,
    /// Names of hosts.
    pub dns: Dns,
    /// Are programs run, those of maps and those that a .mc names? Those of maps cannot answer for now, if not.
    pub programs: bool,
}

impl Loading {
    /// Reads a text; a file that ends in `.mc` is expanded first.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its place.
    pub fn side(&self, file: &str, text: &[u8]) -> Result<Side, String> {
        self.side_with(file, text, &[])
    }

    /// The same, with some entries of its maps in memory only.
    ///
    /// # Errors
    /// As [`Self::side`]; and when there is no such map.
    pub fn side_with(&self, file: &str, text: &[u8], entries: &[Entry]) -> Result<Side, String> {
        let origins = file.ends_with(".mc").then(|| self.expanded(file, text)).transpose()?;
        let cf = origins.as_ref().map_or_else(|| text.to_vec(), |cf| cf.text.clone());
        let loaded = load(file.as_bytes(), &cf, &mut maps::environment(), &self.options);
        if !loaded.exit.is_ok() || loaded.stop {
            let error = loaded.messages.iter().find(|message| message.severity == Severity::Error);
            let said = error.or(loaded.messages.first());
            let said = said.map(|message| String::from_utf8_lossy(&message.text).into_owned());
            return Err(said.unwrap_or_else(|| format!("{file}: it cannot be used")));
        }
        let config = Arc::new(loaded.config);
        let keeper = Keeper::in_process(config.clone()).map_err(|error| format!("{file}: {error}"))?;
        let resolver = Arc::new(self.dns.resolver(&config));
        let mut site = match self.programs {
            true => Site::new(config, resolver),
            false => Site::with_helpers(config, resolver, maps::Helpers::with_programs(maps::NotRun)),
        };
        for Entry { map, key, value } in entries {
            if !site.add_entry(map.as_bytes(), key.as_bytes(), value.as_bytes()) {
                return Err(format!("{file}: there is no map {map}"));
            }
        }
        Ok(Side { site: Arc::new(site), keeper, cf, origins })
    }

    fn expanded(&self, file: &str, text: &[u8]) -> Result<CfText, String> {
        // whoever asks has no borrowed rights: the commands of a .mc run with his own
        let options = McOptions { commands: self.programs, ..McOptions::default() };
        expand_mc(file, text, &options).map(|(cf, _)| cf).map_err(|findings| {
            let error = findings.iter().find(|finding| finding.severity == Severity::Error);
            error.map_or_else(
                || format!("{file}: it cannot be expanded"),
                |error| format!("{}:{}: {}", error.place.file, error.place.line, error.message),
            )
        })
    }
}

/// The lines of a cf that mean something, for a comparison.
pub(super) fn meaning(cf: &[u8]) -> Vec<&[u8]> {
    let lines = cf.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    lines.filter(|line| !line.is_empty() && !line.starts_with(b"#")).collect()
}
