//! Bytes that nobody can guess.

use std::fs::File;
use std::io::{self, Read};

/// Fresh bytes of the kernel's.
///
/// # Errors
/// When it has none to give.
pub fn bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}
