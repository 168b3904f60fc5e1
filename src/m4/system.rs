//! The real host: files on disk and `/bin/sh`. The only file of this room that leaves the process.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, Stdio};

use super::host::{CommandStatus, Commands, Files, Found};

/// Files on disk, with a search path.
#[derive(Default)]
pub struct DiskFiles {
    /// `-I` and `M4PATH`, in order.
    pub search: Vec<Vec<u8>>,
}

pub(super) fn path(name: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(name))
}

/// Reads a whole file that is not a directory.
pub(super) fn read_file(name: &[u8]) -> io::Result<Cow<'static, [u8]>> {
    std::fs::read(path(name)).map(Cow::Owned)
}

impl Files for DiskFiles {
    fn read(&mut self, name: &[u8]) -> io::Result<Found> {
        if name.is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let first = match read_file(name) {
            Ok(text) => return Ok(Found { name: name.into(), text, site: true }),
            Err(error) => error,
        };
        if name.starts_with(b"/") {
            return Err(first);
        }
        for directory in &self.search {
            let full = [directory, &b"/"[..], name].concat();
            if let Ok(text) = read_file(&full) {
                return Ok(Found { name: full.into(), text, site: true });
            }
        }
        Err(first)
    }

    fn temporary(&mut self, template: &[u8]) -> io::Result<Vec<u8>> {
        make_temporary(template)
    }

    fn create(&mut self, name: &[u8]) -> io::Result<Box<dyn Write>> {
        Ok(Box::new(File::create(path(name))?))
    }

    fn append(&mut self, name: &[u8]) -> io::Result<Box<dyn Write>> {
        Ok(Box::new(OpenOptions::new().append(true).create(true).open(path(name))?))
    }
}

/// Replaces the six last bytes of a template until a file of that name can be made.
fn make_temporary(template: &[u8]) -> io::Result<Vec<u8>> {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let stem = template.strip_suffix(b"XXXXXX").unwrap_or(template);
    let mut random = File::open("/dev/urandom")?;
    loop {
        let mut seed = [0; 6];
        random.read_exact(&mut seed)?;
        let mut name = stem.to_vec();
        name.extend(seed.iter().map(|byte| LETTERS[usize::from(*byte) % LETTERS.len()]));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path(&name)) {
            Ok(_) => return Ok(name),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Runs commands with `/bin/sh -c`.
pub struct Shell;

impl Commands for Shell {
    fn run(&mut self, command: &[u8], capture: bool) -> io::Result<(Vec<u8>, CommandStatus)> {
        let mut shell = Command::new("/bin/sh");
        shell
            .arg0("sh")
            .arg("-c")
            .arg(OsStr::from_bytes(command))
            .stdin(Stdio::inherit())
            .stderr(Stdio::inherit());
        let output = shell.stdout(if capture { Stdio::piped() } else { Stdio::inherit() }).spawn()?;
        let output = output.wait_with_output()?;
        let status = match (output.status.code(), output.status.signal()) {
            (Some(code), _) => code,
            (None, signal) => signal.unwrap_or(0) << 8,
        };
        Ok((output.stdout, status))
    }
}
