//! A front that has been taken over: it gives its rights up by the code of the daemon, then attacks.
//!
//! Each attack runs in a process of its own, which is this test program again ([`victim`]), once free and once
//! confined. Free it works, or the attack would prove nothing; confined it fails, or the process ends.

use super::confine;
use crate::config::Config;
use crate::net::{Resolver, Settings};
use crate::queue::{GroupOptions, QueueOptions};
use crate::rewrite::Site;
use crate::sys::attempt;
use crate::sys::confinement::Protection;
use nix::libc;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};
use std::sync::Arc;

/// What the process is to do: the name of an attack, or the number of a system call.
const ATTACK: &str = "CANONIFY_TEST_ATTACK";
/// Where the scene is.
const SCENE: &str = "CANONIFY_TEST_SCENE";
/// It gives nothing up.
const FREE: &str = "CANONIFY_TEST_FREE";
/// The exit status of a process whose attack failed.
const FAILED: i32 = 10;
/// Of a process on a kernel without Landlock.
const NO_LANDLOCK: i32 = 11;

/// For whom an attack works where nothing is given up.
#[derive(Clone, Copy, PartialEq)]
enum Works {
    Always,
    ForRoot,
    /// On some systems only: containers refuse it as well.
    Somewhere,
}

type Attack = (&'static str, Works, fn(&Path) -> io::Result<()>);

/// Every attack, by name.
const ATTACKS: &[Attack] = &[
    ("reads /etc/shadow", Works::ForRoot, |_| read("/etc/shadow")),
    ("reads a user's private file", Works::Always, |scene| read(scene.join("home/private"))),
    ("reads a user's public file", Works::Always, |scene| read(scene.join("home/public"))),
    ("reads another process's environment", Works::Always, |_| {
        read(format!("/proc/{}/environ", nix::unistd::getppid()))
    }),
    ("writes outside the queue", Works::Always, |scene| fs::write(scene.join("home/new"), "x")),
    ("writes where everybody may", Works::Always, |scene| fs::write(scene.join("open/new"), "x")),
    ("removes a file outside the queue", Works::Always, |scene| fs::remove_file(scene.join("open/old"))),
    ("links out of the queue", Works::Always, |scene| {
        std::os::unix::fs::symlink("/etc/shadow", scene.join("queue/link"))
    }),
    ("makes a directory in the queue", Works::Always, |scene| fs::create_dir(scene.join("queue/new"))),
    ("becomes another program", Works::Always, |_| Err(Command::new("/bin/true").exec())),
    ("starts a program", Works::Always, |_| Command::new("/bin/true").status().map(drop)),
    ("binds a port", Works::Always, |_| TcpListener::bind("127.0.0.1:0").map(drop)),
    ("listens without binding", Works::Always, |_| {
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?.listen(1)
    }),
    ("connects to an abstract socket", Works::Always, |_| {
        UnixStream::connect_addr(&abstract_address(nix::unistd::getppid().as_raw())?).map(drop)
    }),
    ("opens a raw socket", Works::Somewhere, |_| {
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::RAW, Some(socket2::Protocol::ICMPV4))
            .map(drop)
    }),
    ("opens a netlink socket", Works::Always, |_| {
        attempt(libc::SYS_socket, [libc::AF_NETLINK, libc::SOCK_RAW, 0, 0]).map(drop)
    }),
    ("signals another process", Works::Always, |_| {
        attempt(libc::SYS_kill, [nix::unistd::getppid().as_raw(), 0, 0, 0]).map(drop)
    }),
    ("traces another process", Works::Somewhere, |_| {
        let seize = 0x4206;
        attempt(libc::SYS_ptrace, [seize, nix::unistd::getppid().as_raw(), 0, 0]).map(drop)
    }),
    ("becomes root", Works::ForRoot, |_| attempt(libc::SYS_setuid, [0; 4]).map(drop)),
    ("leaves its namespace", Works::ForRoot, |_| {
        attempt(libc::SYS_unshare, [libc::CLONE_NEWUTS, 0, 0, 0]).map(drop)
    }),
    ("changes its root", Works::Somewhere, |_| reached(attempt(libc::SYS_chroot, [0; 4]))),
    ("mounts", Works::Somewhere, |_| reached(attempt(libc::SYS_mount, [0; 4]))),
    ("loads a kernel module", Works::Somewhere, |_| reached(attempt(libc::SYS_init_module, [0; 4]))),
    ("loads a program into the kernel", Works::Somewhere, |_| reached(attempt(libc::SYS_bpf, [0; 4]))),
];

fn read(path: impl AsRef<Path>) -> io::Result<()> {
    fs::File::open(path)?.read_to_end(&mut Vec::new()).map(drop)
}

/// With null pointers for arguments a call that the kernel begins to carry out fails for that reason.
fn reached(result: io::Result<i64>) -> io::Result<()> {
    match result {
        Err(error) if matches!(error.raw_os_error(), Some(libc::EFAULT | libc::EINVAL | libc::ENOEXEC)) => {
            Ok(())
        }
        other => other.map(drop),
    }
}

fn abstract_address(pid: i32) -> io::Result<SocketAddr> {
    SocketAddr::from_abstract_name(format!("canonify-test-{pid}"))
}

/// What a confined front must still be able to do.
fn goes_on_working(scene: &Path) -> io::Result<()> {
    fs::write(scene.join("queue/dfAAAAAAAAAAAAAA"), "x")?;
    fs::rename(scene.join("queue/dfAAAAAAAAAAAAAA"), scene.join("queue/dfAAAAAAAAAAAAAB"))?;
    fs::remove_file(scene.join("queue/dfAAAAAAAAAAAAAB"))?;
    // a map that was built anew is another file of the same name
    read(scene.join("etc/map"))?;
    read("/etc/hosts")?;
    fs::File::open("/dev/urandom")?.read_exact(&mut [0; 8])?;
    fs::OpenOptions::new().write(true).open("/dev/null")?.write_all(b"x")?;
    UdpSocket::bind("127.0.0.1:0")?;
    crate::sys::memory::file(b"body")?;
    let refused = TcpStream::connect("127.0.0.1:1");
    match std::thread::spawn(move || refused.map(drop)).join() {
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        other => Err(io::Error::other(format!("{other:?}"))),
    }
}

/// Queue, maps, a home that is nobody's business, a directory open to all.
fn scene() -> tempfile::TempDir {
    let scene = tempfile::tempdir().expect("a directory");
    let mode = |path: &str, mode| {
        fs::set_permissions(scene.path().join(path), fs::Permissions::from_mode(mode)).expect("a mode");
    };
    for directory in ["queue", "etc", "home", "open"] {
        fs::create_dir(scene.path().join(directory)).expect("a directory");
    }
    for (file, text) in [("home/private", "x"), ("home/public", "x"), ("open/old", "x"), ("etc/map", "a b\n")]
    {
        fs::write(scene.path().join(file), text).expect("a file");
    }
    for (path, bits) in [("", 0o755), ("queue", 0o700), ("home/private", 0o600), ("open", 0o777)] {
        mode(path, bits);
    }
    scene
}

/// The front's way into confinement, on a site whose queue and maps are in the scene.
fn confine_front(scene: &Path) -> Result<(), i32> {
    let mut config = Config::default();
    config.options.service_user = Some(b"nobody".to_vec());
    config.maps.push(crate::config::MapDecl {
        name: b"table".to_vec(),
        class: b"text".to_vec(),
        args: scene.join("etc/map").into_os_string().into_encoded_bytes(),
        ..Default::default()
    });
    let resolver = Resolver::with(Settings::isolated());
    let site = Site::new(Arc::new(config), Arc::new(resolver));
    let groups =
        vec![GroupOptions { name: b"mqueue".to_vec(), path: scene.join("queue"), ..GroupOptions::default() }];
    let queue = QueueOptions { groups, ..QueueOptions::default() };
    let confinement = confine(&site, &queue, true).expect("confined");
    let whole = confinement.report.up.contains(&Protection::Signals);
    eprintln!("{} {:?}", confinement.report, confinement.notes);
    if whole { Ok(()) } else { Err(NO_LANDLOCK) }
}

/// The process that attacks; without being told to, nothing.
#[test]
fn victim() {
    let Ok(attack) = std::env::var(ATTACK) else { return };
    let scene = PathBuf::from(std::env::var_os(SCENE).expect("a scene"));
    if std::env::var_os(FREE).is_none()
        && let Err(status) = confine_front(&scene)
    {
        std::process::exit(status);
    }
    let result = match (attack.parse::<i64>(), ATTACKS.iter().find(|(name, ..)| *name == attack)) {
        (Ok(number), _) => attempt(number, [0; 4]).map(drop),
        (_, Some((_, _, attack))) => attack(&scene),
        _ => goes_on_working(&scene),
    };
    if let Err(error) = &result {
        eprintln!("{attack}: {error}");
    }
    crate::sys::process::exit_now(if result.is_ok() { 0 } else { FAILED });
}

fn run(attack: &str, scene: &Path, free: bool) -> Output {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "daemon::attacks::victim", "--nocapture"]);
    command.env(ATTACK, attack).env(SCENE, scene);
    if free {
        command.env(FREE, "1");
    }
    command.output().expect("this program")
}

fn ended(status: ExitStatus) -> bool {
    status.signal() == Some(libc::SIGSYS)
}

fn without_landlock(output: &Output) -> bool {
    let missing = output.status.code() == Some(NO_LANDLOCK);
    if missing {
        println!("SKIPPED: this kernel has no Landlock, or an old one");
    }
    missing
}

#[test]
fn a_front_that_was_taken_over_fails_in_everything() {
    let root = nix::unistd::geteuid().is_root();
    let address = abstract_address(std::process::id() as i32).expect("an address");
    let _listener = UnixListener::bind_addr(&address).expect("a socket");
    let mut wrong = Vec::new();
    for (name, works, _) in ATTACKS {
        let before = scene();
        let free = run(name, before.path(), true);
        if (*works == Works::Always || (*works == Works::ForRoot && root)) && !free.status.success() {
            wrong.push(format!("{name}: does not even work free: {free:?}"));
        }
        let scene = scene();
        let confined = run(name, scene.path(), false);
        if without_landlock(&confined) {
            return;
        }
        println!("{name}: {}", if ended(confined.status) { "ended" } else { "refused" });
        if !ended(confined.status) && confined.status.code() != Some(FAILED) {
            wrong.push(format!("{name}: {confined:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_confined_front_goes_on_working() {
    let scene = scene();
    let output = run("nothing", scene.path(), false);
    if !without_landlock(&output) {
        assert!(output.status.success(), "{output:?}");
    }
}

#[test]
fn calls_that_only_an_attacker_makes_end_the_process() {
    let scene = scene();
    for number in [libc::SYS_execve, libc::SYS_ptrace, libc::SYS_listen, libc::SYS_setuid, libc::SYS_keyctl] {
        let output = run(&number.to_string(), scene.path(), false);
        if without_landlock(&output) {
            return;
        }
        assert!(ended(output.status), "{number}: {output:?}");
    }
}
