//! What a configuration asks for and this program does not have yet: filters.
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

const FILTER_HELP: &str = "leave mail that must be filtered to sendmail, or take the filter out";

/// All of it, in the order of the questions a client meets.
pub fn unsupported(config: &Config) -> Vec<Unsupported> {
    let mut found = Vec::new();
    let mut add = |message: String, help, cf_line: &[u8], nth| {
        found.push(Unsupported { message, help, cf_line: cf_line.to_vec(), nth });
    };
    let options = &config.options;
    let own = options.daemon_port_options.iter().flat_map(|port| port.filters.iter().flatten());
    for filter in &config.filters {
        let asked = options.input_mail_filters.iter().chain(own.clone()).any(|name| *name == filter.name);
        if asked {
            let name = String::from_utf8_lossy(&filter.name);
            let message = format!("there are no mail filters yet: mail passes without filter {name}");
            add(message, FILTER_HELP, &[b"X", &filter.name[..]].concat(), 0);
        }
    }
    found
}
