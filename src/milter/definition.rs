//! Filters as the configuration defines them: X lines, and which of them a listener's sessions pass through.

use super::negotiation::macro_names;
use crate::config::{Config, ConfigEnv, Filter, SystemEnv};
use crate::sys::accounts;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where a filter listens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Address {
    /// A UNIX socket.
    Local(PathBuf),
    /// A TCP port of a host, and whether its address is one of IPv6.
    Internet {
        /// Its name or address.
        host: String,
        /// The port.
        port: u16,
        /// By IPv6?
        six: bool,
    },
}

/// What becomes of mail when a filter fails (equate F=).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnFailure {
    /// It goes on without the filter.
    GoOn,
    /// R: it is refused.
    Reject,
    /// T: it is refused for now.
    TemporaryFailure,
    /// 4: the connection is closed with 421.
    ShutDown,
}

/// One X line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Definition {
    /// Its name.
    pub name: Vec<u8>,
    /// S=; `None`: it says nothing that can be used.
    pub address: Option<Address>,
    /// F=
    pub on_failure: OnFailure,
    /// T=C; `None`: as long as the system waits.
    pub connect_timeout: Option<Duration>,
    /// T=S
    pub write_timeout: Duration,
    /// T=R
    pub read_timeout: Duration,
    /// T=E; `None`: for ever, as long as it says that it is busy.
    pub end_timeout: Option<Duration>,
}

impl Definition {
    fn new(filter: &Filter, env: &mut dyn ConfigEnv) -> Self {
        let seconds = |value: i64| Duration::from_secs(u64::try_from(value).unwrap_or(0));
        let unless_zero = |value: i64| Some(seconds(value)).filter(|time| !time.is_zero());
        let failures =
            [(b'R', OnFailure::Reject), (b'T', OnFailure::TemporaryFailure), (b'4', OnFailure::ShutDown)];
        let on_failure = failures.into_iter().find(|(letter, _)| filter.flags.contains(letter));
        Self {
            name: filter.name.clone(),
            address: address(filter, env),
            on_failure: on_failure.map_or(OnFailure::GoOn, |(_, failure)| failure),
            connect_timeout: unless_zero(filter.connect),
            write_timeout: seconds(filter.send),
            read_timeout: seconds(filter.read),
            end_timeout: unless_zero(filter.end),
        }
    }
}

fn address(filter: &Filter, env: &mut dyn ConfigEnv) -> Option<Address> {
    if let Some(path) = filter.local_path() {
        return Some(Address::Local(accounts::path(path)));
    }
    let colon = filter.socket.iter().position(|byte| *byte == b':')?;
    let (kind, place) = (filter.socket[..colon].to_ascii_lowercase(), &filter.socket[colon + 1..]);
    if !matches!(&kind[..], b"inet" | b"inet6") {
        return None;
    }
    let at = place.iter().position(|byte| *byte == b'@')?;
    let (port, host) = (std::str::from_utf8(&place[..at]).ok()?, std::str::from_utf8(&place[at + 1..]).ok()?);
    let port = port.parse().ok().or_else(|| env.service(port.as_bytes()))?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let host = host.strip_prefix("IPv6:").unwrap_or(host);
    Some(Address::Internet { host: host.to_owned(), port, six: kind == b"inet6" })
}

/// UNIX sockets that are not there, as sendmail warns of them when a daemon starts: their filters may come later.
pub fn missing_sockets(config: &Config) -> Vec<String> {
    let missing = config.filters.iter().filter(|filter| {
        let path = filter.local_path().map(accounts::path);
        path.is_some_and(|path| {
            std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
        })
    });
    let text = |filter: &Filter| {
        let (name, path) = (filter.name.as_slice(), filter.local_path().unwrap_or_default());
        let shown = String::from_utf8_lossy;
        format!("WARNING: X{}: local socket name {} missing", shown(name), shown(path))
    };
    missing.map(text).collect()
}

/// All filters of a configuration, and the macros that they are told.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    /// In the order of the X lines.
    all: Vec<Arc<Definition>>,
    /// Option InputMailFilters.
    usual: Vec<Vec<u8>>,
    /// Options Milter.macros.STAGE, by [`Stage`](super::protocol::Stage).
    pub macros: [Vec<Vec<u8>>; 7],
}

impl Definitions {
    /// Of a configuration.
    pub fn of(config: &Config) -> Self {
        let mut env = SystemEnv::default();
        let options = &config.options;
        Self {
            all: config.filters.iter().map(|filter| Arc::new(Definition::new(filter, &mut env))).collect(),
            usual: options.input_mail_filters.clone(),
            macros: options.milter.macros.each_ref().map(|names| macro_names(&names.join(&b','))),
        }
    }

    /// All of them, for the log: `NAME S=socket F=T`.
    pub fn summary(config: &Config) -> Vec<String> {
        let text = |filter: &Filter| {
            let shown = String::from_utf8_lossy;
            let flags =
                if filter.flags.is_empty() { String::new() } else { format!(" F={}", shown(&filter.flags)) };
            format!("{} S={}{flags}", shown(&filter.name), shown(&filter.socket))
        };
        config.filters.iter().map(text).collect()
    }

    /// Those that a session passes through, in their order: `own` are those of its listener.
    pub fn chosen(&self, own: Option<&[Vec<u8>]>) -> Vec<Arc<Definition>> {
        let names = own.filter(|names| !names.is_empty()).unwrap_or(&self.usual);
        let named = |name: &Vec<u8>| self.all.iter().find(|definition| definition.name == *name).cloned();
        names.iter().filter_map(named).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_of_every_kind() {
        let read = |text: &str| address(&Filter::named(b"f", text.as_bytes()), &mut SystemEnv::default());
        let tcp = |host: &str, port, six| Some(Address::Internet { host: host.into(), port, six });
        assert_eq!(read("unix:/run/f"), Some(Address::Local("/run/f".into())));
        assert_eq!(read("/run/f"), Some(Address::Local("/run/f".into())));
        assert_eq!(read("inet:8891@localhost"), tcp("localhost", 8891, false));
        assert_eq!(read("inet:8891@[127.0.0.1]"), tcp("127.0.0.1", 8891, false));
        assert_eq!(read("INET6:8891@[IPv6:::1]"), tcp("::1", 8891, true));
        assert_eq!(read("x25:8891@host"), None);
        assert_eq!(read("inet:8891"), None);
    }
}
