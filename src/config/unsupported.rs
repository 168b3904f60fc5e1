//! What a configuration asks for in vain: filters that nobody passes through.
//!
//! In: a configuration that has been read. Out: one entry for each thing asked for. Never here: options that are
//! only read and change nothing for anybody (`docs/options.md` lists those).

use super::Config;

/// Something that is asked for in vain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unsupported {
    /// What will not happen, for a log line or a finding.
    pub message: String,
    /// What its user can do.
    pub help: &'static str,
    /// How the cf line begins that asks for it.
    pub cf_line: Vec<u8>,
    /// Which of the lines that begin so it is, from 0.
    pub nth: usize,
}

const NOT_NAMED: &str =
    "name it in option InputMailFilters (INPUT_MAIL_FILTER does), or in InputMailFilters= of a listener";
const NOT_DEFINED: &str =
    "define it by an X line (MAIL_FILTER), or take the name out: mail passes without it";

/// All of it, in the order of the X lines, then of the names.
pub fn unsupported(config: &Config) -> Vec<Unsupported> {
    let options = &config.options;
    let own = options.daemon_port_options.iter().flat_map(|port| port.filters.iter().flatten());
    let named: Vec<&Vec<u8>> = options.input_mail_filters.iter().chain(own).collect();
    let unused =
        config.filters.iter().filter(|filter| !named.contains(&&filter.name)).map(|filter| Unsupported {
            message: format!("no mail passes through filter {}", String::from_utf8_lossy(&filter.name)),
            help: NOT_NAMED,
            cf_line: [b"X", &filter.name[..]].concat(),
            nth: 0,
        });
    let mut undefined: Vec<&Vec<u8>> = Vec::new();
    for name in &named {
        let known = config.filters.iter().any(|filter| &filter.name == *name);
        if !known && !undefined.contains(name) {
            undefined.push(name);
        }
    }
    let undefined = undefined.into_iter().map(|name| Unsupported {
        message: format!("InputFilter {} not defined", String::from_utf8_lossy(name)),
        help: NOT_DEFINED,
        cf_line: match options.input_mail_filters.contains(name) {
            true => b"O InputMailFilters".to_vec(),
            false => b"O DaemonPortOptions".to_vec(),
        },
        nth: 0,
    });
    unused.chain(undefined).collect()
}
