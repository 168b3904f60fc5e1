//! Where a sendmail has its things: a table for each family of systems.

use super::step::{Account, Piece, Thing};
use crate::sys::root::Root;
use std::io;
use std::path::Path;

/// The program, whatever its links are called.
pub(super) const PROGRAM: &str = "/usr/sbin/canonify";

/// A kind of system.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(super) enum Family {
    /// Debian and what comes of it
    Debian,
    /// Red Hat and what comes of it
    Redhat,
}

impl Family {
    /// What the system says of itself; where it says nothing known, Debian.
    pub(super) fn of(root: &Root) -> io::Result<Self> {
        if root.about_end(Path::new("/etc/redhat-release"))?.is_some() {
            return Ok(Self::Redhat);
        }
        let text = root.read(Path::new("/etc/os-release"))?.unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let kind = text.lines().filter_map(|line| {
            line.strip_prefix("ID=")
                .or_else(|| line.strip_prefix("ID_LIKE="))
                .map(|kind| kind.trim_matches('"'))
        });
        let is_red_hat =
            kind.flat_map(str::split_whitespace).any(|kind| ["rhel", "fedora", "centos"].contains(&kind));
        Ok(if is_red_hat { Self::Redhat } else { Self::Debian })
    }

    pub(super) fn layout(self) -> &'static Layout {
        match self {
            Self::Debian => &DEBIAN,
            Self::Redhat => &RED_HAT,
        }
    }
}

/// Where things are on a system.
pub(super) struct Layout {
    /// Programs of the system's own sendmail: who finds one there finds us instead. (path, personality)
    pub(super) programs: &'static [(&'static str, &'static str)],
    /// Below these are that sendmail's own scripts, which call its programs: a name that leads there stays.
    pub(super) scripts: &'static [&'static str],
    /// The names that users, other programs and scripts call. (path, personality)
    pub(super) names: &'static [(&'static str, &'static str)],
    /// Directories that must be there. (path, owner, group, mode)
    pub(super) directories: &'static [(&'static str, &'static str, &'static str, u32)],
    /// Whatever starts the system's own sendmail; where one is, no unit of ours is wanted.
    pub(super) starters: &'static [&'static str],
    /// The pid file of the client queue's runner, as the system's submit.cf has it.
    pub(super) client_pid: &'static str,
}

static DEBIAN: Layout = Layout {
    programs: &[
        ("/usr/libexec/sendmail/sendmail", "sendmail"),
        ("/usr/libexec/sendmail/makemap", "makemap"),
        ("/usr/libexec/sendmail/editmap", "editmap"),
        ("/usr/libexec/sendmail/praliases", "praliases"),
        ("/usr/libexec/sendmail/mailstats", "mailstats"),
        ("/usr/libexec/sendmail/smrsh", "smrsh"),
        ("/usr/libexec/sendmail/mail.local", "mail.local"),
        ("/usr/libexec/sendmail/vacation.sendmail", "vacation"),
    ],
    scripts: &["/usr/share/sendmail"],
    names: &[
        ("/usr/sbin/sendmail", "sendmail"),
        ("/usr/lib/sendmail", "sendmail"),
        ("/usr/sbin/sendmail-mta", "sendmail"),
        ("/usr/sbin/sendmail-msp", "sendmail"),
        ("/usr/bin/mailq", "mailq"),
        ("/usr/bin/newaliases", "newaliases"),
        ("/usr/sbin/hoststat", "hoststat"),
        ("/usr/sbin/purgestat", "purgestat"),
        ("/usr/sbin/makemap", "makemap"),
        ("/usr/sbin/editmap", "editmap"),
        ("/usr/sbin/praliases", "praliases"),
        ("/usr/sbin/mailstats", "mailstats"),
        ("/usr/lib/sm.bin/smrsh", "smrsh"),
        ("/usr/bin/vacation", "vacation"),
        ("/usr/sbin/rmail", "rmail"),
    ],
    directories: &[
        ("/etc/mail", "root", "root", 0o755),
        ("/var/spool/mqueue", "canonify", "canonify", 0o700),
        ("/var/spool/mqueue-client", "smmsp", "smmsp", 0o2770),
        ("/var/lib/sendmail", "root", "root", 0o755),
        ("/run/sendmail", "root", "root", 0o755),
        ("/run/sendmail/mta", "root", "root", 0o755),
        ("/run/sendmail/msp", "smmsp", "smmsp", 0o755),
    ],
    starters: &[
        "/etc/init.d/sendmail",
        "/usr/lib/systemd/system/sendmail.service",
        "/etc/systemd/system/sendmail.service",
    ],
    client_pid: "/run/sendmail/msp/sendmail.pid",
};

static RED_HAT: Layout = Layout {
    programs: &[
        ("/usr/sbin/sendmail.sendmail", "sendmail"),
        ("/usr/bin/mailq.sendmail", "mailq"),
        ("/usr/bin/newaliases.sendmail", "newaliases"),
        ("/usr/bin/rmail.sendmail", "rmail"),
        ("/usr/lib/sendmail.sendmail", "sendmail"),
    ],
    scripts: &[],
    names: &[
        ("/usr/sbin/sendmail", "sendmail"),
        ("/usr/lib/sendmail", "sendmail"),
        ("/usr/bin/mailq", "mailq"),
        ("/usr/bin/newaliases", "newaliases"),
        ("/usr/bin/hoststat", "hoststat"),
        ("/usr/bin/purgestat", "purgestat"),
        ("/usr/sbin/makemap", "makemap"),
        ("/usr/bin/makemap", "makemap"),
        ("/usr/sbin/editmap", "editmap"),
        ("/usr/sbin/praliases", "praliases"),
        ("/usr/sbin/mailstats", "mailstats"),
        ("/usr/sbin/smrsh", "smrsh"),
        ("/usr/bin/vacation", "vacation"),
        ("/usr/bin/rmail", "rmail"),
    ],
    directories: &[
        ("/etc/mail", "root", "root", 0o755),
        ("/var/spool/mqueue", "canonify", "canonify", 0o700),
        ("/var/spool/clientmqueue", "smmsp", "smmsp", 0o770),
        ("/var/log/mail", "root", "root", 0o755),
    ],
    starters: &["/usr/lib/systemd/system/sendmail.service", "/etc/systemd/system/sendmail.service"],
    client_pid: "/run/sm-client.pid",
};

/// Who owns the client queue, and who talks to the network.
pub(super) const ACCOUNTS: &[Account] = &[
    Account { name: "smmsp", comment: "Mail submission", home: "/" },
    Account { name: "canonify", comment: "Mail transport", home: "/" },
];

const SYSUSERS: &str = "/usr/lib/sysusers.d";
const UNITS: &str = "/usr/lib/systemd/system";

impl Layout {
    /// Files that systemd reads, where the system has it.
    pub(super) fn systemd(&self, root: &Root) -> io::Result<Vec<Piece>> {
        let mut pieces = Vec::new();
        let is_there = |path: &str| Ok::<_, io::Error>(root.about_end(Path::new(path))?.is_some());
        if is_there(SYSUSERS)? {
            let text: String = ACCOUNTS.iter().map(Account::sysusers_line).collect();
            pieces.push(file(&format!("{SYSUSERS}/canonify.conf"), &text));
        }
        if is_there(UNITS)? {
            pieces.push(file(&format!("{UNITS}/sendmail.service"), include_str!("sendmail.service")));
            let client = include_str!("sm-client.service").replace("@PID@", self.client_pid);
            pieces.push(file(&format!("{UNITS}/sm-client.service"), &client));
        }
        Ok(pieces)
    }

    /// Whatever of the system's own starts its sendmail.
    pub(super) fn starter(
        &self,
        root: &Root,
        ours: impl Fn(&Path) -> bool,
    ) -> io::Result<Option<&'static Path>> {
        for path in self.starters.iter().map(|path| Path::new(*path)) {
            if !ours(path) && root.about(path)?.is_some() {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }
}

fn file(path: &str, text: &str) -> Piece {
    let thing = Thing::File(text.as_bytes().to_vec());
    Piece { path: path.into(), thing, owner: "root", group: "root", mode: 0o644 }
}
