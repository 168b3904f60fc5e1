//! What the front gives up, as the configuration has it.
//!
//! In: a [`Site`] and its queue, in a process that has not started any thread. Out: the same process without root's
//! rights, and what is to be said of that. Never here: how rights are given up (`sys::confinement`).

use super::status::StatusSocket;
use crate::config::Config;
use crate::deliver::host_status;
use crate::logging::{Logger, Priority};
use crate::net::{LdapTls, ldap_log_in_files};
use crate::queue::{Adoption, QueueDirectories, QueueOptions};
use crate::rewrite::Site;
use crate::sasl;
use crate::schema::UserIds;
use crate::sys::confinement::{self, Plan, Report};
use crate::sys::{accounts, identity};
use std::io;
use std::path::{Path, PathBuf};

/// What any process needs of the system: time zones, name services and their libraries, its processors.
const SYSTEM: &[&str] = &[
    "/usr/share/zoneinfo",
    "/dev/urandom",
    "/proc/loadavg",
    "/proc/self/cgroup",
    "/proc/sys/vm/overcommit_memory",
    "/sys/fs/cgroup",
    "/sys/devices/system/cpu",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/var/lib/sss",
];

/// What it needs of /etc.
const ETC: &[&str] = &[
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/nsswitch.conf",
    "/etc/services",
    "/etc/localtime",
    "/etc/passwd",
    "/etc/group",
    "/etc/ld.so.cache",
];

/// Who the front becomes.
enum User {
    /// Nobody else: it is not root.
    Same,
    /// These ids.
    Other(UserIds),
    /// It stays root, without root's power, and this is why.
    Root(String),
}

/// The front's protections, and what the operator must know of them.
#[derive(Debug)]
pub struct Confinement {
    /// What is up, and what the system does not give.
    pub report: Report,
    /// What was done, and what does not work any more.
    pub notes: Vec<(Priority, String)>,
    /// Where a daemon's front tells what it does.
    pub(super) status: Option<StatusSocket>,
}

impl Confinement {
    /// Tells the log.
    pub fn log(&self, log: &Logger, level: u8) {
        let (uid, gid) = (identity::effective_uid(), identity::effective_gid());
        let text = format!("confined: uid={uid}, gid={gid}, protections={}", self.report);
        log.log(level, Priority::Info, None, text.as_bytes());
        for why in &self.report.missing {
            log.log(level, Priority::Warning, None, format!("not confined: {why}").as_bytes());
        }
        for (priority, text) in &self.notes {
            log.log(level, *priority, None, text.as_bytes());
        }
    }
}

/// Gives up what the front does not need; files that root has laid into the queue are given to it before. That of a `daemon`
/// tells its status later.
///
/// # Errors
/// Rights stayed that must go: the process must end.
pub fn confine(site: &Site, queue: &QueueOptions, daemon: bool) -> Result<Confinement, String> {
    let directories = QueueDirectories::find(queue).map_err(|error| error.to_string())?;
    let mut notes = Vec::new();
    let user = user(&site.config, &directories, &mut notes);
    let files = files(site);
    let trees: Vec<PathBuf> = host_status::directory(&site.config, &queue.base()).into_iter().collect();
    if let User::Other(ids) = &user {
        notes.extend(trees.iter().filter_map(|tree| give_hosts(tree, ids.uid)));
    }
    let status = if daemon { status_socket(&user, &directories, &mut notes) } else { None };
    let plan = Plan { trees, ..plan(&user, &directories, &files, calling_ports(&site.config)) };
    let report = confinement::confine(&plan).map_err(|error| format!("cannot give up rights: {error}"))?;
    if let User::Root(why) = &user {
        notes.push((Priority::Alert, format!("the front stays root: {why}")));
    }
    notes.extend(unreadable(site, &files));
    Ok(Confinement { report, notes, status })
}

/// RunAsUser, else the queue's owner, else the service user, to whom the queue is given.
fn user(config: &Config, directories: &QueueDirectories, notes: &mut Vec<(Priority, String)>) -> User {
    if !identity::is_root() {
        return User::Same;
    }
    let run_as_user = config.options.run_as_user.filter(|ids| ids.uid != 0);
    let given = run_as_user.or_else(|| queue_owner(directories));
    let ids = match given.map_or_else(|| service_user(config), Ok) {
        Ok(ids) => ids,
        Err(why) => return User::Root(why),
    };
    match directories.adopt(ids.uid) {
        Ok(adoption) => notes.extend(adoption_notes(&adoption, ids)),
        // a queue that is not the service user's can only be worked on by root
        Err(error) if given.is_none() => return User::Root(error.to_string()),
        Err(error) => notes.push((Priority::Error, error.to_string())),
    }
    User::Other(ids)
}

/// The owner of the queue directory, unless that is root.
fn queue_owner(directories: &QueueDirectories) -> Option<UserIds> {
    let owner = directories.owner().ok().filter(|owner| owner.uid != 0)?;
    let account = accounts::user_by_uid(owner.uid).ok().flatten();
    Some(account.map_or(owner, |user| user.ids()))
}

fn service_user(config: &Config) -> Result<UserIds, String> {
    let name = config.service_user();
    let shown = String::from_utf8_lossy(name);
    match accounts::user(name) {
        Ok(Some(user)) if user.uid != 0 => Ok(user.ids()),
        Ok(Some(_)) => Err(format!("the service user {shown} is root")),
        Ok(None) => Err(format!("there is no user {shown} (option ServiceUser): make one, or set RunAsUser")),
        Err(error) => Err(format!("cannot look up the service user {shown}: {error}")),
    }
}

fn adoption_notes(adoption: &Adoption, ids: UserIds) -> Vec<(Priority, String)> {
    let uid = ids.uid;
    let given =
        adoption.directories.iter().map(|path| format!("{} now belongs to uid {uid}", path.display()));
    let mut notes: Vec<_> = given.map(|text| (Priority::Notice, text)).collect();
    if adoption.files > 0 {
        notes.push((Priority::Notice, format!("{} queue files now belong to uid {uid}", adoption.files)));
    }
    let left =
        adoption.left.iter().map(|path| format!("{} is not root's alone: not adopted", path.display()));
    notes.extend(left.map(|text| (Priority::Warning, text)));
    notes
}

/// A file that is opened later, and what for.
type NeededFile = (String, PathBuf);

/// Maps, and files that options name.
fn files(site: &Site) -> Vec<NeededFile> {
    let options = &site.config.options;
    let of_map = |(name, file): (&[u8], Vec<u8>)| {
        (format!("map {}", String::from_utf8_lossy(name)), accounts::path(&file))
    };
    let mut files: Vec<NeededFile> = site.maps.files().into_iter().map(of_map).collect();
    let named = [
        ("HelpFile", &options.help_file),
        ("ErrorHeader", &options.error_header),
        ("DNSSECTrustAnchor", &options.dnssec_trust_anchor),
        ("ServiceSwitchFile", &options.service_switch_file),
    ];
    for (option, file) in named {
        if let Some(file) = file.as_deref().filter(|file| file.starts_with(b"/")) {
            files.push((format!("option {option}"), accounts::path(file)));
        }
    }
    let hosts = site.resolver.hosts_files().map(|path| (String::from("option HostsFile"), path.to_owned()));
    files.extend(hosts);
    files.extend(ldap_files(&site.config).into_iter().map(|path| (String::from("TLS to LDAP"), path)));
    files
}

/// What TLS to LDAP servers needs, if any is asked: by a map, or about passwords.
fn ldap_files(config: &Config) -> Vec<PathBuf> {
    let settings = sasl::Settings::of_site().ok();
    let log_ins = settings.filter(|settings| settings.methods.contains(&sasl::Method::Ldap));
    match log_ins {
        Some(settings) => ldap_log_in_files(&settings.ldap),
        None if config.maps.iter().any(|map| map.class == b"ldap") => LdapTls::default().files(),
        None => Vec::new(),
    }
}

fn status_socket(
    user: &User,
    directories: &QueueDirectories,
    notes: &mut Vec<(Priority, String)>,
) -> Option<StatusSocket> {
    let uid = match user {
        User::Other(ids) => ids.uid,
        User::Same | User::Root(_) => identity::effective_uid(),
    };
    let bound = directories.paths().first().map(|directory| StatusSocket::bind(directory, uid))?;
    bound.map_err(|error| notes.push((Priority::Warning, format!("canonify status: {error}")))).ok()
}

fn plan(user: &User, directories: &QueueDirectories, files: &[NeededFile], ports: Vec<u16>) -> Plan {
    let writable = directories.paths();
    // a relative name in the configuration must go on to mean what it meant
    let directory = writable.first().filter(|_| writable.iter().all(|path| path.is_absolute())).cloned();
    let ids = match user {
        User::Other(ids) => Some(*ids),
        User::Same | User::Root(_) => None,
    };
    // what is secret in /etc is root's: who stays root reads single files there, until they are replaced
    let closed = [Path::new("/"), Path::new("/etc")];
    let closed = &closed[..if matches!(user, User::Root(_)) { 2 } else { 1 }];
    let etc = ETC.iter().map(PathBuf::from);
    let needed = files.iter().map(|(_, path)| path.clone()).chain(etc).flat_map(|path| places(&path));
    let open = needed.filter(|path| !closed.contains(&path.as_path()));
    let readable = SYSTEM.iter().map(PathBuf::from).chain(open).collect();
    Plan { ids, directory, writable, readable, ports, ..Plan::default() }
}

/// What root has in HostStatusDirectory becomes the front's.
fn give_hosts(directory: &Path, uid: u32) -> Option<(Priority, String)> {
    let shown = directory.display();
    match host_status::give(directory, uid) {
        Ok(0) => None,
        Ok(given) => Some((
            Priority::Notice,
            format!("{shown}: {given} host status files and directories now belong to uid {uid}"),
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some((Priority::Warning, format!("{shown}: host statuses are not kept: {error}"))),
    }
}

/// Local ports that ClientPortOptions needs: a call from an address of its own choice takes any port.
fn calling_ports(config: &Config) -> Vec<u16> {
    let ports = config.options.client_port_options.iter();
    let bound = ports.filter(|port| port.address.is_some() || port.port.is_some());
    bound.map(|port| port.port.unwrap_or(0)).collect()
}

/// Where a file is: itself and its directory, since it may be replaced; behind a link as well.
fn places(path: &Path) -> Vec<PathBuf> {
    let paths = [Some(path.to_owned()), path.canonicalize().ok()];
    let with_directory = |path: PathBuf| [path.parent().map(Path::to_owned), Some(path)];
    paths.into_iter().flatten().flat_map(with_directory).flatten().collect()
}

/// Files that neither the front may read as who it is now, nor the keeper opens for it. What is not there is nobody's.
fn unreadable(site: &Site, files: &[NeededFile]) -> Vec<(Priority, String)> {
    let uid = identity::effective_uid();
    let denied = |error: io::Error| error.kind() == io::ErrorKind::PermissionDenied;
    let refused = |path: &Path| site.maps.open_file(path).is_err_and(denied);
    let unreadable = files.iter().filter(|(_, path)| refused(path));
    unreadable
        .map(|(what, path)| (Priority::Error, format!("{what}: uid {uid} cannot read {}", path.display())))
        .collect()
}
