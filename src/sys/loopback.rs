//! The loopback network: there nearly always, but not in a network namespace that nobody has set up.

use super::ffi;
use nix::unistd::{getgid, getuid};
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};

/// Makes sure that this process and its children can talk to each other on 127.0.0.1. Where that does not
/// work they get a network of their own, which ends with them; nothing of the system's is changed. Call it
/// before there is a second thread. `true`: it was needed.
///
/// # Errors
/// There is no loopback network, and the kernel does not let this user have one.
pub fn ensure() -> io::Result<bool> {
    if works() {
        return Ok(false);
    }
    let (user, group) = (getuid(), getgid());
    ffi::leave_network(!user.is_root())?;
    if !user.is_root() {
        // the same ids inside, so that everything else stays as it is
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
        fs::write("/proc/self/gid_map", format!("{group} {group} 1"))?;
    }
    ffi::raise_loopback()?;
    match works() {
        true => Ok(true),
        false => Err(io::ErrorKind::AddrNotAvailable.into()),
    }
}

fn works() -> bool {
    let connected = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        TcpStream::connect(listener.local_addr()?)
    };
    connected().is_ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_working_one_is_left_alone() {
        assert!(!super::works() || !super::ensure().expect("nothing to be done"));
    }
}
