//! From a configuration to what the keeper needs of it. Runs before the fork, in whoever has read it.

use super::protocol::UNSAFE_LEVEL;
use super::secrets::PasswordSources;
use super::settings::{KeeperSettings, LocalMailer, MapNeeds, NamedFile, TlsFile};
use crate::addr::{MacroId, op};
use crate::config::{CertificateFiles, Config, Mailer};
use crate::db::AliasSpec;
use crate::sasl;
use crate::schema::Options;
use crate::sys::accounts;
use crate::sys::identity::Identity;
use std::collections::{HashMap, HashSet};

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
            mailers: config.mailers.iter().map(|mailer| local_mailer(mailer, options)).collect(),
            environment: config.environment.clone(),
            macros: (0..=u8::MAX).filter_map(value).collect(),
            alias_files: options.alias_file.iter().map(|part| AliasSpec::parse(part)).collect(),
            alias_wait: options.alias_wait,
            blame: config.blame(),
            // cut before anything is filled in, so that no detail of an address adds a file
            forward_path: path
                .split(|byte| *byte == b':')
                .filter(|name| !name.is_empty())
                .map(internal)
                .collect(),
            file_root: options.safe_file_environment.as_deref().map(accounts::path),
            file_mode: options.temp_file_mode & 0o666,
            one_group: options.dont_init_groups,
            tells_unsafe: options.log_level > i64::from(UNSAFE_LEVEL),
            dead_letters: options.dead_letter_drop.as_deref().map(accounts::path),
            default_user: Identity::bare(default_user),
            default_name: account.map(|account| account.name).unwrap_or_default(),
            host: config.expand(config.macro_value("j").unwrap_or_default()),
            tls_files: tls_files(config),
            filters: filters(config),
            maps: MapNeeds::default(),
            // what is wrong with the file stands in the front's log
            passwords: PasswordSources::new(
                config,
                sasl::Settings::of_site().unwrap_or_else(|_| sasl::Settings::none()),
            ),
        }
    }
}

impl PasswordSources {
    /// Those that `Sendmail.conf` names, on a host that is configured so.
    pub fn new(config: &Config, settings: sasl::Settings) -> Self {
        Self { settings, blame: config.blame(), runs_as: Identity::bare(config.default_user()) }
    }
}

/// Octets that a mailer is never given more of, but for their encoding; 0: there is no end. M= is not for reports, which return a message as long as
/// this host takes.
fn longest(mailer: u64, message: i64) -> u64 {
    let message = u64::try_from(message).unwrap_or(0);
    if mailer == 0 || message == 0 { 0 } else { mailer.max(message) }
}

fn local_mailer(mailer: &Mailer, options: &Options) -> LocalMailer {
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
        longest: longest(mailer.max_size, options.max_message_size),
    }
}

/// The files that a front may ask for: those that these options name, and no others.
fn tls_files(config: &Config) -> HashSet<NamedFile> {
    let options = &config.options;
    let single = [
        (&options.ca_cert_file, TlsFile::Certificate),
        (&options.crl_file, TlsFile::Certificate),
        (&options.ca_cert_path, TlsFile::Directory),
        (&options.crl_path, TlsFile::Directory),
        (&options.dkim_signing_table, TlsFile::SigningTable),
        (&options.default_auth_info, TlsFile::AuthInfo),
    ];
    let pairs = [
        (&options.server_cert_file, &options.server_key_file),
        (&options.client_cert_file, &options.client_key_file),
    ];
    let mut found: HashSet<_> =
        single.into_iter().filter_map(|(path, kind)| Some((kind, path.clone()?))).collect();
    for (certificates, keys) in pairs {
        let files = CertificateFiles::new(certificates.as_deref(), keys.as_deref());
        found.extend(files.certificates.into_iter().map(|path| (TlsFile::Certificate, path)));
        found.extend(files.keys.into_iter().map(|path| (TlsFile::Key, path)));
    }
    found
}

/// Mail filters that listen on a UNIX socket. With RunAsUser sendmail connects as that user, as the front does.
fn filters(config: &Config) -> HashMap<Vec<u8>, Vec<u8>> {
    if config.options.run_as_user.is_some_and(|ids| ids.uid != 0) {
        return HashMap::new();
    }
    let local =
        config.filters.iter().filter_map(|filter| Some((filter.name.clone(), filter.local_path()?.to_vec())));
    local.collect()
}

/// `$x` as the internal operator, for values that are still as written.
fn internal(text: &[u8]) -> Vec<u8> {
    text.iter().map(|byte| if *byte == b'$' { op::MACRO_EXPAND } else { *byte }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_may_be_as_long_as_a_message() {
        for (mailer, message, end) in [(0, 0, 0), (0, 9, 0), (5, 0, 0), (5, -1, 0), (5, 9, 9), (9, 5, 9)] {
            assert_eq!(longest(mailer, message), end, "M={mailer}, MaxMessageSize={message}");
        }
    }
}
