//! The scratch site: its files, its daemon, its end.

use super::report::Report;
use super::scratch;
use crate::net::HOSTS_VARIABLE;
use anyhow::{Context, bail, ensure};
use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The example's files: name below `etc`, text.
const FILES: &[(&str, &str)] = &[
    ("site.mc", include_str!("../../../examples/site.mc")),
    ("aliases", include_str!("../../../examples/site/aliases")),
    ("virtusertable", include_str!("../../../examples/site/virtusertable")),
    ("mailertable", include_str!("../../../examples/site/mailertable")),
    ("access", include_str!("../../../examples/site/access")),
    ("local-host-names", include_str!("../../../examples/site/local-host-names")),
    // no DNS: the demonstration brings the answers that it needs, see HOSTS
    ("service.switch", "hosts\tfiles\naliases\tfiles\n"),
    ("hosts", "127.0.0.1\tmail.site.example localhost\n127.0.0.2\tclient.visitors.example\n"),
];

/// Maps built with makemap.
const MAPS: &[&str] = &["virtusertable", "mailertable", "access"];

/// How long the daemon may take to listen.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// A prepared site, with its daemon once that was started.
pub(super) struct Site {
    root: PathBuf,
    binary: PathBuf,
    user: String,
    smtp_port: u16,
    submission_port: u16,
    daemon: Option<Child>,
}

impl Site {
    /// Makes the directory, writes and expands the configuration, builds the maps.
    ///
    /// # Errors
    /// When one of these fails; the report says which.
    pub(super) fn prepare(
        dir: Option<PathBuf>,
        remote_port: u16,
        report: &mut Report,
    ) -> anyhow::Result<Self> {
        let [smtp_port, submission_port] = free_ports()?;
        let site = Self {
            root: scratch::directory(dir)?,
            binary: std::env::current_exe().context("cannot find this program")?,
            user: current_user()?,
            smtp_port,
            submission_port,
            daemon: None,
        };
        report.step("1. A site: examples/site.mc and its maps, in a scratch directory");
        report.note(&format!("{} (user {})", site.root.display(), site.user));
        site.write_files()?;
        site.expand(remote_port, report)?;
        for map in MAPS {
            let (database, source) = (site.etc(map), fs::File::open(site.etc(map))?);
            let arguments = ["makemap", "-C", &site.cf(), "hash", &database.display().to_string()];
            site.run(&arguments, Stdio::from(source), report)?;
        }
        site.run(&["sendmail", "-bi", "-C", &site.cf()], Stdio::null(), report)?;
        Ok(site)
    }

    fn write_files(&self) -> anyhow::Result<()> {
        for directory in ["etc", "mqueue", "mail"] {
            fs::create_dir_all(self.root.join(directory))?;
        }
        scratch::set_mode(&self.root.join("mqueue"), 0o700)?;
        for (name, text) in FILES {
            fs::write(self.etc(name), text)?;
        }
        if self.user != "root" {
            let mut aliases = fs::OpenOptions::new().append(true).open(self.etc("aliases"))?;
            writeln!(aliases, "root: {}", self.user)?;
        }
        Ok(())
    }

    fn expand(&self, remote_port: u16, report: &mut Report) -> anyhow::Result<()> {
        let mut defines = vec![
            format!("SITE_ETC={}", self.root.join("etc").display()),
            format!("SITE_QUEUE={}", self.root.join("mqueue").display()),
            format!("SITE_PID={}", self.root.join("sendmail.pid").display()),
            format!("SITE_MAILDIR={}/$u", self.root.join("mail").display()),
            "SITE_ADDRESS=127.0.0.1".to_owned(),
            format!("SITE_SMTP_PORT={}", self.smtp_port),
            format!("SITE_SUBMISSION_PORT={}", self.submission_port),
            format!("SITE_REMOTE_PORT={remote_port}"),
            // only root and TrustedUser may start a daemon
            format!("SITE_TRUSTED_USER={}", nix::unistd::getuid()),
        ];
        if scratch::is_below_open_directory(&self.root) {
            defines.push("SITE_DONT_BLAME=TrustStickyBit".to_owned());
        }
        let cf = self.cf();
        let source = self.etc("site.mc").display().to_string();
        let mut arguments = vec!["mc"];
        arguments.extend(defines.iter().flat_map(|define| ["-D", define.as_str()]));
        arguments.extend(["-o", &cf, &source]);
        self.run(&arguments, Stdio::null(), report)?;
        let lines = fs::read_to_string(&cf)?.lines().count();
        report.success(&format!("site.mc became a cf of {lines} lines"));
        Ok(())
    }

    /// This program under another name. Names of hosts come from the scratch directory: nothing here asks a
    /// name server, there may be none that answers.
    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).env(HOSTS_VARIABLE, self.etc("hosts"));
        command
    }

    /// Runs this program under another name and shows what it printed.
    fn run(&self, arguments: &[&str], input: Stdio, report: &mut Report) -> anyhow::Result<()> {
        report.command(&self.shown(arguments));
        let output = self.program(arguments).stdin(input).output()?;
        let said = [output.stdout, output.stderr].concat();
        let said = self.shorten(&String::from_utf8_lossy(&said));
        said.lines().for_each(|line| report.note(&format!("  {line}")));
        ensure!(output.status.success(), "`{}` ended with {}", arguments[0], output.status);
        Ok(())
    }

    /// Starts the daemon in the foreground, as a child, and waits until it listens.
    ///
    /// # Errors
    /// When it ends, or does not listen in time.
    pub(super) fn start_daemon(&mut self, report: &mut Report) -> anyhow::Result<()> {
        report.step("2. The daemon, on two loopback ports");
        let cf = self.cf();
        let arguments = ["sendmail", "-bD", "-q1m", "-C", &cf];
        report.command(&self.shown(&arguments));
        let log = fs::File::create(self.log_path())?;
        let mut command = self.program(&arguments);
        command.env("CANONIFY_LOG", "stderr").stdin(Stdio::null());
        let mut child = command.stdout(log.try_clone()?).stderr(log).spawn()?;
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.smtp_port)).is_err() {
            if let Some(status) = child.try_wait()? {
                bail!("the daemon ended with {status}: {}", self.log());
            }
            if Instant::now() > deadline {
                let _ = child.kill();
                bail!("the daemon does not listen after {} s", START_TIMEOUT.as_secs());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        report.success(&format!(
            "listening on 127.0.0.1, ports {} and {}",
            self.smtp_port, self.submission_port
        ));
        self.daemon = Some(child);
        Ok(())
    }

    /// Asks the `-bt` shell and gives back the lines it answered.
    ///
    /// # Errors
    /// When it cannot be run.
    pub(super) fn ask_rules(&self, questions: &str) -> anyhow::Result<Vec<String>> {
        let mut command = self.program(&["sendmail", "-bt", "-C", &self.cf()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut input = child.stdin.take().context("the shell takes input")?;
        input.write_all(questions.as_bytes())?;
        drop(input);
        let output = child.wait_with_output()?;
        let said = self.shorten(&String::from_utf8_lossy(&output.stdout));
        Ok(said.lines().map(|line| line.trim_start_matches("> ").to_owned()).collect())
    }

    /// The SMTP port.
    pub(super) fn port(&self) -> u16 {
        self.smtp_port
    }

    /// The local user every local address leads to.
    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// That user's Maildir.
    pub(super) fn maildir(&self) -> PathBuf {
        self.root.join("mail").join(&self.user)
    }

    /// What the daemon logged so far.
    pub(super) fn log(&self) -> String {
        self.shorten(&fs::read_to_string(self.log_path()).unwrap_or_default())
    }

    /// Paths as a reader wants them.
    pub(super) fn shorten(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.root.display()), "")
    }

    /// Leaves everything as it is and says how to use it.
    pub(super) fn keep(&mut self, report: &mut Report) {
        let canonify = self.binary.display();
        report.step("The daemon is still running; Ctrl-C ends it.");
        report.command(&format!("telnet 127.0.0.1 {}", self.smtp_port));
        report.command(&format!("cd {}", self.root.display()));
        report.command(&format!("export {HOSTS_VARIABLE}={}", self.etc("hosts").display()));
        report.command(&format!("{canonify} sendmail -bt -C etc/site.cf"));
        report.command(&format!("{canonify} mailq -C etc/site.cf"));
        report.command("tail -f daemon.log");
        report.command(&format!("ls {}/new", self.shorten(&self.maildir().display().to_string())));
    }

    /// What a newcomer may want to type next.
    pub(super) fn say_what_next(&self, report: &mut Report) {
        let canonify = scratch::as_typed(&self.binary);
        report.step("What next?");
        report.note("Keep a daemon running and talk to it:");
        report.command(&format!("{canonify} try --keep"));
        report.note("See what is wrong with a configuration of your own, before it is used:");
        report.command(&format!("{canonify} mc --check /etc/mail/sendmail.mc"));
        report.note("Ask it where a message would go:");
        report.command(&format!(
            "echo /parse someone@example.org | {canonify} sendmail -bt -C /etc/mail/sendmail.mc"
        ));
    }

    /// Ends the daemon as an operator would, and removes the directory.
    ///
    /// # Errors
    /// When the daemon fails on its last way, or the directory stays.
    pub(super) fn stop_and_remove(&mut self, report: &mut Report) -> anyhow::Result<()> {
        if let Some(mut child) = self.daemon.take() {
            crate::sys::process::terminate(child.id())?;
            let status = child.wait()?;
            ensure!(status.success(), "the daemon ended with {status}: {}", self.log());
        }
        fs::remove_dir_all(&self.root).with_context(|| format!("cannot remove {}", self.root.display()))?;
        report.note("daemon stopped, directory removed (--keep leaves both)");
        Ok(())
    }

    fn shown(&self, arguments: &[&str]) -> String {
        let quoted = |word: &&str| if word.contains('$') { format!("'{word}'") } else { (*word).to_owned() };
        let words: Vec<String> = arguments.iter().map(quoted).collect();
        format!("canonify {}", self.shorten(&words.join(" ")))
    }

    fn etc(&self, name: &str) -> PathBuf {
        self.root.join("etc").join(name)
    }

    fn cf(&self) -> String {
        self.etc("site.cf").display().to_string()
    }

    fn log_path(&self) -> PathBuf {
        self.root.join("daemon.log")
    }
}

impl Drop for Site {
    /// No daemon outlives its demonstration.
    fn drop(&mut self) {
        if let Some(child) = &mut self.daemon {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn current_user() -> anyhow::Result<String> {
    let uid = nix::unistd::getuid();
    let user = nix::unistd::User::from_uid(uid)?;
    Ok(user.with_context(|| format!("uid {uid} has no name in the password file"))?.name)
}

/// Ports nobody listens on. Both sockets are open at once, so that they differ.
fn free_ports() -> std::io::Result<[u16; 2]> {
    let sockets =
        [TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?, TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?];
    Ok([sockets[0].local_addr()?.port(), sockets[1].local_addr()?.port()])
}
