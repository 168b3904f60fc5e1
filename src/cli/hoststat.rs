//! `hoststat` (-bh) and `purgestat` (-bH): what is known of other hosts.

use super::invocation::Invocation;
use super::process::complain;
use super::rights::{self, Privileged};
use super::{messages, site, start};
use crate::config::Config;
use crate::deliver::host_status::{self, HostStatus, Unreadable};
use crate::schema::Sysexit;
use crate::sys::{clock, lock};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
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
    let (now, mut head) = (clock::now(), Some(HEAD));
    let visited = host_status::visit(&directory, &mut |path, host| {
        if host.is_empty() {
            return Ok(());
        }
        let read = read(path);
        let status = match &read {
            Ok(Ok(status)) => Some(status.clone()),
            Ok(Err(why)) => complain_of(invocation, &config, path, why),
            Err(_) => None, // gone, or not for us
        };
        let row = status.map(|status| row(path, host, &status, now)).unwrap_or_default();
        let head = if row.is_empty() { None } else { head.take() };
        // a closed stdout leaves nobody to tell
        let _ = io::stdout().write_all(&[head.unwrap_or_default(), &row].concat());
        Ok(())
    });
    visited.map(|()| Sysexit::OK).map_err(|error| failed(&directory, &error))
}

fn read(path: &Path) -> io::Result<Result<HostStatus, Unreadable>> {
    Ok(HostStatus::parse(&std::fs::read(path)?))
}

/// What of a strange file is shown all the same: of a version to come, that there is one.
fn complain_of(
    invocation: &Invocation,
    config: &Config,
    path: &Path,
    why: &Unreadable,
) -> Option<HostStatus> {
    let shown = path.display();
    let (text, status) = match why {
        Unreadable::Version(version, line, status) => {
            let text = format!("{shown}: line {line}: Unknown host status version {version}: 0 max");
            (text, Some(status.clone()))
        }
        Unreadable::Cut(line) => (format!("{shown}: line {line}: {shown}: could not read status file"), None),
    };
    messages::syserr(invocation, config, &text, Sysexit::OK);
    status
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
    start::warn_of_caller(invocation, &config);
    rights::require_trust(invocation, &config, Privileged::HostStatus)?;
    rights::enter_queue(invocation, &config)?;
    let Some(directory) = directory(&config) else { return Ok(Sysexit::OK) };
    let oldest = clock::now().saturating_sub(config.options.timeout.hoststatus);
    let visited = host_status::visit(&directory, &mut |path, host| {
        match std::fs::symlink_metadata(path)?.mtime() <= oldest {
            // one that still holds something stays
            true if host.is_empty() => drop(std::fs::remove_dir(path)),
            true => std::fs::remove_file(path)?,
            false => {}
        }
        Ok(())
    });
    visited.map(|()| Sysexit::OK).map_err(|error| failed(&directory, &error))
}

/// HostStatusDirectory; a relative one is below the queue's.
fn directory(config: &Config) -> Option<PathBuf> {
    host_status::directory(config, &rights::queue_base(config)).filter(|directory| directory.is_dir())
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
        let wanted = " mx.good.example                           1+01:01:01 250 2.0.0 took it, and th\n";
        assert_eq!(String::from_utf8_lossy(&row), wanted);
    }
}
