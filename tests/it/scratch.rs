//! A site in a temporary directory, as an ordinary user, on loopback ports: the example's files,
//! expanded, and a daemon that can be started, stopped and killed.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program under test.
pub const CANONIFY: &str = env!("CARGO_BIN_EXE_canonify");

/// A prepared site.
pub struct Scratch {
    directory: tempfile::TempDir,
    /// The SMTP port.
    pub port: u16,
    /// The user all mail ends with.
    pub user: String,
}

impl Scratch {
    /// Expands `examples/site.mc`; mail for other hosts goes to `remote_port` of 127.0.0.1.
    pub fn new(remote_port: u16) -> Self {
        Self::with_definitions(remote_port, &[])
    }

    /// The same with further `-D` definitions.
    pub fn with_definitions(remote_port: u16, definitions: &[&str]) -> Self {
        let directory =
            tempfile::Builder::new().prefix("canonify-test").tempdir().expect("a temporary directory");
        let user = nix::unistd::User::from_uid(nix::unistd::getuid()).expect("readable accounts");
        let scratch = Self { directory, port: free_port(), user: user.expect("a named user").name };
        scratch.write_files();
        scratch.expand(remote_port, definitions);
        for map in ["virtusertable", "mailertable", "access"] {
            let source = fs::File::open(scratch.etc(map)).expect("a map source");
            let target = scratch.etc(map).display().to_string();
            scratch.run(&["makemap", "-C", &scratch.cf(), "hash", &target], Stdio::from(source));
        }
        scratch.run(&["sendmail", "-bi", "-C", &scratch.cf()], Stdio::null());
        scratch
    }

    fn write_files(&self) {
        use std::os::unix::fs::PermissionsExt;
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        for directory in ["etc", "mqueue", "mail"] {
            fs::create_dir_all(self.path(directory)).expect("a directory");
        }
        fs::set_permissions(self.path(""), fs::Permissions::from_mode(0o755)).expect("our directory");
        fs::set_permissions(self.path("mqueue"), fs::Permissions::from_mode(0o700)).expect("our directory");
        fs::copy(examples.join("site.mc"), self.etc("site.mc")).expect("the example");
        for entry in fs::read_dir(examples.join("site")).expect("the example's files").flatten() {
            fs::copy(entry.path(), self.etc(&entry.file_name().to_string_lossy())).expect("a copy");
        }
        fs::write(self.etc("service.switch"), "hosts\tfiles\naliases\tfiles\n").expect("a file");
        let root = if self.user == "root" { String::new() } else { format!("root: {}\n", self.user) };
        let aliases = fs::read_to_string(self.etc("aliases")).expect("aliases") + &root;
        fs::write(self.etc("aliases"), aliases).expect("a file");
    }

    fn expand(&self, remote_port: u16, definitions: &[&str]) {
        let mut words = vec![
            format!("SITE_ETC={}", self.path("etc").display()),
            format!("SITE_QUEUE={}", self.path("mqueue").display()),
            format!("SITE_PID={}", self.path("sendmail.pid").display()),
            format!("SITE_MAILDIR={}/$u", self.path("mail").display()),
            "SITE_ADDRESS=127.0.0.1".to_owned(),
            format!("SITE_SMTP_PORT={}", self.port),
            format!("SITE_SUBMISSION_PORT={}", free_port()),
            format!("SITE_REMOTE_PORT={remote_port}"),
            "SITE_DONT_BLAME=TrustStickyBit".to_owned(),
            format!("SITE_TRUSTED_USER={}", nix::unistd::getuid()),
        ];
        words.extend(definitions.iter().map(|word| (*word).to_owned()));
        let (cf, mc) = (self.cf(), self.etc("site.mc").display().to_string());
        let mut arguments = vec!["mc"];
        arguments.extend(words.iter().flat_map(|word| ["-D", word.as_str()]));
        arguments.extend(["-o", &cf, &mc]);
        self.run(&arguments, Stdio::null());
    }

    /// Runs the program, which must succeed.
    pub fn run(&self, arguments: &[&str], input: Stdio) {
        let output = Command::new(CANONIFY).args(arguments).stdin(input).output().expect("canonify runs");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{arguments:?}: {} {said}", output.status);
    }

    /// A place below the scratch directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A place below its `etc`.
    pub fn etc(&self, name: &str) -> PathBuf {
        self.path("etc").join(name)
    }

    /// The expanded configuration.
    pub fn cf(&self) -> String {
        self.etc("site.cf").display().to_string()
    }

    /// Where the user's mail arrives.
    pub fn inbox(&self) -> PathBuf {
        self.path("mail").join(&self.user).join("new")
    }

    /// Starts the daemon in a process group of its own and waits until it listens.
    pub fn start(&self) -> Daemon {
        let mut command = Command::new(CANONIFY);
        command.arg("sendmail");
        self.start_by(command)
    }

    /// The same by the full path of a link named `sendmail`.
    pub fn start_linked(&self) -> Daemon {
        let link = self.path("sendmail");
        // an earlier daemon may have left it
        let _ = std::os::unix::fs::symlink(CANONIFY, &link);
        self.start_by(Command::new(link))
    }

    fn start_by(&self, mut command: Command) -> Daemon {
        let log = fs::File::options().create(true).append(true).open(self.path("log")).expect("a log");
        command.args(["-bD", "-q1s", "-C", &self.cf()]).env("CANONIFY_LOG", "stderr");
        command
            .env(MARK, self.directory.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log);
        let mut child = command.spawn().expect("canonify runs");
        let deadline = Instant::now() + Duration::from_secs(120);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let ended = child.try_wait().expect("our child");
            assert!(ended.is_none() && Instant::now() < deadline, "{ended:?}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
        Daemon { child, mark: format!("{MARK}={}", self.directory.path().display()) }
    }

    /// What the daemon logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

/// In the environment of a daemon, so that all of its processes can be found.
const MARK: &str = "CANONIFY_TEST_SITE";

/// A running daemon; killed when dropped.
pub struct Daemon {
    child: Child,
    mark: String,
}

impl Daemon {
    /// Its process id, which is the supervisor's.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to the supervisor.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(self.child.id() as i32);
        nix::sys::signal::kill(pid, signal).expect("our process");
    }

    /// Waits for the supervisor's end.
    pub fn wait(&mut self) -> std::process::ExitStatus {
        self.child.wait().expect("our child")
    }

    /// The first of its processes whose title begins like this.
    pub fn process(&self, title: &str) -> Option<nix::unistd::Pid> {
        let has_title = |pid: &nix::unistd::Pid| {
            fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(title.as_bytes()))
        };
        processes_with(&self.mark).into_iter().find(has_title)
    }

    /// `kill -9`, of the supervisor alone or of front and keeper as well.
    pub fn kill(&mut self, all: bool) {
        let _ = self.child.kill();
        if all {
            for pid in processes_with(&self.mark) {
                let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
            }
        }
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill(true);
    }
}

/// Processes that were started with this in their environment.
fn processes_with(mark: &str) -> Vec<nix::unistd::Pid> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("a mounted /proc").flatten() {
        let Some(pid) = entry.file_name().to_string_lossy().parse().ok() else { continue };
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes()) {
            found.push(nix::unistd::Pid::from_raw(pid));
        }
    }
    found
}

/// The files of a folder of `testdata/`, in a directory of their own, whose name they have where `@DIR@` stands.
pub fn copied(folder: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(folder);
    for entry in fs::read_dir(from).expect("a folder of testdata").flatten() {
        let text = fs::read_to_string(entry.path()).expect("UTF-8");
        let text = text.replace("@DIR@", &directory.path().display().to_string());
        fs::write(directory.path().join(entry.file_name()), text).expect("a new directory");
    }
    directory
}

/// What was said of a site in this directory, with all made alike that is no part of the answer.
pub fn alike(text: &str, directory: &Path) -> String {
    let text = text.replace(&directory.display().to_string(), "DIR");
    // the greeting has the time
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("220 "));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    // a line more in the library is no change here
    let numbers = regex::Regex::new(r"(cf|\.m4):\d+").expect("a pattern");
    numbers.replace_all(&text, "$1:N").into_owned()
}

/// A port nobody listens on just now.
pub fn free_port() -> u16 {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
    socket.local_addr().expect("a bound socket").port()
}
