//! Reading df files.

use crate::envelope::BodySource;
use crate::sys::memory;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A df that is whole.
#[derive(Debug)]
pub(super) struct DataFile {
    pub(super) file: Arc<File>,
    pub(super) path: PathBuf,
    pub(super) size: u64,
}

impl DataFile {
    /// For the I line of a qf: major and minor number of the device, inode.
    pub(super) fn device_and_inode(&self) -> Option<(u64, u64, u64)> {
        self.file.metadata().ok().map(|meta| place(&meta))
    }
}

/// Where a file is: major and minor number of the device, inode.
pub(super) fn place(meta: &Metadata) -> (u64, u64, u64) {
    let device = meta.dev();
    let major = (device >> 8 & 0xfff) | (device >> 32 & !0xfff);
    let minor = (device & 0xff) | (device >> 12 & !0xff);
    (major, minor, meta.ino())
}

impl BodySource for DataFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn as_file(&self) -> io::Result<Arc<File>> {
        Ok(self.file.clone())
    }

    fn scratch_file(&self) -> io::Result<File> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        memory::nameless_file(folder)
    }
}
