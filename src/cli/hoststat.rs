//! `hoststat` (-bh) and `purgestat` (-bH): what is known of other hosts.

use super::invocation::Invocation;
use super::process::complain;
use super::rights::{self, Privileged};
use super::{site, start};
use crate::config::Config;
use crate::deliver::host_status::{self, HostStatus};
use crate::schema::Sysexit;
use crate::sys::{accounts, clock, lock};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const HEAD: &[u8] = b" -------------- Hostname --------------- How long ago ---------Results---------\n";

/// Prints what is known of each host.
pub fn print(invocation: &Invocation) -> Sysexit {
    print_hosts(invocation).unwrap_or_else(|status| status)
}

fn print_hosts(invocation: &Invocation) -> Result<Sysexit, Sysexit> {
    let config = site::load_sound_site(invocation)?.config;
    start::warn_of_caller(invocation, &config);
    rights::enter_queue(invocation, &config)?;
    let Some(directory) = directory(&config) else { return Ok(Sysexit::OK) };
    let (now, mut out) = (clock::now(), Vec::new());
    let visited = host_status::visit(&directory, &mut |path, host, text| {
        if out.is_empty() {
            out.extend_from_slice(HEAD);
        }
        out.extend_from_slice(&row(path, host, &HostStatus::parse(text), now));
    });
    // a closed stdout leaves nobody to tell
    let _ = io::stdout().write_all(&out);
    visited.map(|()| Sysexit::OK).map_err(|error| failed(&directory, &error))
}

fn row(path: &Path, host: &[u8], status: &HostStatus, now: i64) -> Vec<u8> {
    let free = File::open(path).and_then(|file| lock::take(&file, lock::Kind::Shared)).unwrap_or(true);
    let mark = if free { ' ' } else { '*' };
    let (host, result) = (String::from_utf8_lossy(host), status.result());
    let row = format!("{mark}{host:<39.39} {:>12} ", age(now - status.updated));
    [row.as_bytes(), &result, b"\n"].concat()
}

/// `2+03:04:05`
fn age(seconds: i64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let days = if days > 0 { format!("{days}+") } else { String::new() };
    format!("{days}{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60)
}

/// Takes away what is older than Timeout.hoststatus.
pub fn purge(invocation: &Invocation) -> Sysexit {
    purge_hosts(invocation).unwrap_or_else(|status| status)
}

fn purge_hosts(invocation: &Invocation) -> Result<Sysexit, Sysexit> {
    let config = site::load_sound_site(invocation)?.config;
    rights::require_trust(invocation, &config, Privileged::HostStatus)?;
    rights::enter_queue(invocation, &config)?;
    let Some(directory) = directory(&config) else { return Ok(Sysexit::OK) };
    let oldest = clock::now().saturating_sub(config.options.timeout.hoststatus);
    let mut old: Vec<PathBuf> = Vec::new();
    let visited = host_status::visit(&directory, &mut |path, _, text| {
        if HostStatus::parse(text).updated <= oldest {
            old.push(path.to_owned());
        }
    });
    let removed = visited.and_then(|()| old.iter().try_for_each(|path| remove(path, &directory)));
    removed.map(|()| Sysexit::OK).map_err(|error| failed(&directory, &error))
}

/// With the directories that hold nothing any more.
fn remove(path: &Path, directory: &Path) -> io::Result<()> {
    std::fs::remove_file(path)?;
    let above = path.ancestors().skip(1).take_while(|folder| *folder != directory);
    // the first one that still holds something ends it
    above.map_while(|folder| std::fs::remove_dir(folder).ok()).for_each(drop);
    Ok(())
}

/// HostStatusDirectory; a relative one is below the queue's.
fn directory(config: &Config) -> Option<PathBuf> {
    let configured = accounts::path(config.options.host_status_directory.as_deref()?);
    Some(rights::queue_base(config).join(configured))
}

fn failed(directory: &Path, error: &io::Error) -> Sysexit {
    complain(&format!("{}: {error}", directory.display()));
    Sysexit::OSFILE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_wide_as_sendmails() {
        let status = HostStatus {
            reply: Some(b"250 2.0.0 took it, and thanks for it".to_vec()),
            ..HostStatus::default()
        };
        let row = row(Path::new("/nonexistent"), b"mx.good.example", &status, 90_061);
        let wanted = " mx.good.example                           1+01:01:01 250 2.0.0 took it, and than\n";
        assert_eq!(String::from_utf8_lossy(&row), wanted);
    }
}
