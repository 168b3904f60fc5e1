//! The cf library, embedded or in a directory, as the files of a .mc see it.
//!
//! Names that start with `@canonify/` are the embedded library. The places where other systems keep
//! theirs lead to it as well, so that a .mc that names them works as it is.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::PathBuf;

use super::host::{Files, Found};
use super::system::{DiskFiles, read_file};

/// Every file of `m4-compat/` by its name there.
pub(super) const EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/m4_compat.rs"));

/// How messages call the embedded library.
pub(super) const PREFIX: &[u8] = b"@canonify/";

/// Where systems keep their cf library.
const USUAL_PLACES: &[&[u8]] = &[
    b"/usr/share/sendmail/cf/",
    b"/usr/share/sendmail-cf/",
    b"/usr/lib/sendmail-cf/",
    b"/usr/lib/mail/",
    b"/usr/local/share/sendmail/cf/",
    b"/usr/share/sendmail/",
    b"/etc/mail/cf/",
    b"../",
];

/// Files of a .mc: its own, those beside it, and the library.
pub(super) struct SiteFiles {
    /// The library on disk, with its last slash; nothing for the embedded one.
    pub(super) cf_dir: Option<Vec<u8>>,
    /// `--root`.
    pub(super) root: Option<PathBuf>,
    /// The directory of the .mc, with its last slash (empty for the current one).
    pub(super) beside: Vec<u8>,
    /// cf.m4 was read already: a .mc that names it again gets nothing.
    pub(super) entered: bool,
    /// The site's own files that were read, each once.
    pub(super) own: Vec<OwnFile>,
}

/// A file of the site that its .mc reads: an `include`, a `feature/`, `hack/` or `domain/` beside it.
pub(super) struct OwnFile {
    pub(super) name: String,
    pub(super) text: Vec<u8>,
}

impl SiteFiles {
    /// The name under which `file` of the library is read.
    pub(super) fn library_name(&self, file: &[u8]) -> Vec<u8> {
        [self.cf_dir.as_deref().unwrap_or(PREFIX), file].concat()
    }

    /// A file of the library, by its name there.
    fn library(&self, file: &[u8]) -> io::Result<Found> {
        let name = self.library_name(file);
        let text = match &self.cf_dir {
            Some(_) => read_file(&name)?,
            None => {
                let found = EMBEDDED.binary_search_by(|(other, _)| other.as_bytes().cmp(file));
                Cow::Borrowed(EMBEDDED[found.map_err(|_| io::Error::from(io::ErrorKind::NotFound))?].1)
            }
        };
        Ok(Found { name: name.into(), text, site: false })
    }

    fn of_site(&self, name: &[u8]) -> io::Result<Found> {
        Ok(Found { name: name.into(), text: read_file(name)?, site: true })
    }

    /// An absolute name, below `--root` first.
    fn absolute(&self, name: &[u8]) -> io::Result<Found> {
        if let Some(root) = &self.root {
            let below = [root.as_os_str().as_encoded_bytes(), name].concat();
            if let Ok(text) = read_file(&below) {
                return Ok(Found { name: name.into(), text, site: true });
            }
        }
        self.of_site(name)
    }

    /// The part of a name that is the library's own, where the name says that it is one of the library.
    fn in_library<'n>(&self, name: &'n [u8]) -> Option<&'n [u8]> {
        let library = self.cf_dir.as_deref().unwrap_or(PREFIX);
        if let Some(file) = name.strip_prefix(library) {
            return Some(file);
        }
        let place =
            USUAL_PLACES.iter().filter(|place| name.starts_with(place)).max_by_key(|place| place.len())?;
        let file = &name[place.len()..];
        let kinds: [&[u8]; 8] =
            [b"m4/", b"feature/", b"mailer/", b"ostype/", b"domain/", b"hack/", b"debian/", b"siteconfig/"];
        let file = file.strip_prefix(b"cf/").unwrap_or(file);
        kinds.iter().any(|kind| file.starts_with(kind)).then_some(file)
    }

    /// Remembers what was found, if it is the site's own.
    fn note(&mut self, found: &Found) {
        let name = String::from_utf8_lossy(&found.name);
        if found.site && !self.own.iter().any(|other| other.name == name) {
            self.own.push(OwnFile { name: name.into_owned(), text: found.text.to_vec() });
        }
    }

    fn find(&mut self, name: &[u8]) -> io::Result<Found> {
        if name.is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let in_library = self.in_library(name);
        if in_library == Some(b"m4/cf.m4") {
            let found = self.library(b"m4/cf.m4")?;
            if std::mem::replace(&mut self.entered, true) {
                return Ok(Found { text: Cow::Borrowed(b""), ..found });
            }
            return Ok(found);
        }
        if self.cf_dir.is_none() && in_library.is_none() && name.ends_with(b"/m4/cf.m4") {
            // A .mc that names a library in a place of its own gets that one.
            if read_file(name).is_ok() {
                self.cf_dir = Some(name[..name.len() - b"m4/cf.m4".len()].to_vec());
                self.entered = true;
                return self.library(b"m4/cf.m4");
            }
        }
        if let Some(file) = in_library {
            let found = self.library(file);
            if found.is_ok() {
                return found;
            }
            // A site's own feature/, hack/, domain/ … stand beside its .mc.
            if let Ok(found) = self.of_site(&[&self.beside, file].concat()) {
                return Ok(found);
            }
            if name.starts_with(PREFIX) {
                return found;
            }
        }
        if name.starts_with(b"/") {
            return self.absolute(name);
        }
        match self.of_site(name) {
            Err(_) if !self.beside.is_empty() => self.of_site(&[&self.beside, name].concat()),
            found => found,
        }
    }
}

impl Files for SiteFiles {
    fn read(&mut self, name: &[u8]) -> io::Result<Found> {
        let found = self.find(name)?;
        self.note(&found);
        Ok(found)
    }

    fn temporary(&mut self, template: &[u8]) -> io::Result<Vec<u8>> {
        DiskFiles::default().temporary(template)
    }

    fn append(&mut self, name: &[u8]) -> io::Result<Box<dyn Write>> {
        DiskFiles::default().append(name)
    }
}

/// Texts of the library on disk, where there is one: its m4 files, in no particular order.
pub(super) fn library_texts(files: &SiteFiles) -> Vec<Vec<u8>> {
    let Some(dir) = &files.cf_dir else { return Vec::new() };
    let folders = ["m4", "feature", "ostype", "mailer", "domain", "hack", "debian"];
    let names = folders.iter().flat_map(|folder| {
        let folder = [dir, folder.as_bytes()].concat();
        let names = on_disk(&folder).into_iter();
        names.map(move |name| [&folder, b"/".as_slice(), name.as_bytes(), b".m4"].concat())
    });
    names.filter_map(|name| std::fs::read(super::system::path(&name)).ok()).collect()
}

/// Is this file of a folder the site's own (beside its .mc, and not in the library)?
pub(super) fn is_own(files: &SiteFiles, folder: &str, name: &str) -> bool {
    let file = format!("{folder}/{name}.m4");
    let in_library = match &files.cf_dir {
        Some(dir) => super::system::path(&[dir, file.as_bytes()].concat()).exists(),
        None => EMBEDDED.binary_search_by(|row| row.0.cmp(&file)).is_ok(),
    };
    !in_library && super::system::path(&[&files.beside, file.as_bytes()].concat()).exists()
}

/// Names of the library's files in one of its folders, without `.m4`, in order; the site's own included.
pub(super) fn names_in(files: &SiteFiles, folder: &str) -> Vec<String> {
    let mut names: Vec<String> = match &files.cf_dir {
        Some(dir) => on_disk(&[dir, folder.as_bytes()].concat()),
        None => EMBEDDED
            .iter()
            .filter_map(|(name, _)| name.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(".m4"))
            .map(str::to_owned)
            .collect(),
    };
    names.extend(on_disk(&[&files.beside, folder.as_bytes()].concat()));
    names.sort();
    names.dedup();
    names
}

fn on_disk(folder: &[u8]) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(super::system::path(folder)) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter_map(|name| name.strip_suffix(".m4").map(str::to_owned)).collect()
}
