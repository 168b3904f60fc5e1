//! The cf library, embedded or in a directory, as the files of a .mc see it.
//!
//! In: names as a .mc and the library write them. Out: texts, and which of them are the site's own.
//! Names that start with `@canonify/` are the embedded library. An `include` of `m4/cf.m4` in whatever
//! tree means the library in use, so that a .mc made elsewhere works as it is; a FEATURE, HACK or MAILER
//! that the library lacks is looked for beside the .mc and then in the trees that it names.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::PathBuf;

use super::host::{Files, Found};
use super::system::{DiskFiles, read_file};

/// Every file of `m4-compat/` by its name there.
pub(super) const EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/m4_compat.rs"));

/// How messages call the embedded library.
pub(super) const PREFIX: &[u8] = b"@canonify/";

/// The file by which a library is entered.
const ENTRY: &[u8] = b"m4/cf.m4";

/// Folders of a library.
const FOLDERS: &[&[u8]] =
    &[b"m4/", b"feature/", b"mailer/", b"ostype/", b"domain/", b"hack/", b"debian/", b"siteconfig/"];

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
    /// The cf trees that the .mc names, where they may be on disk, with their last slash.
    pub(super) trees: Vec<Vec<u8>>,
    /// The site's own files that were read, each once.
    pub(super) own: Vec<OwnFile>,
}

/// A file of the site that its .mc reads: an `include`, a `feature/`, `hack/` or `domain/` of its own.
pub(super) struct OwnFile {
    pub(super) name: String,
    pub(super) text: Vec<u8>,
    /// It came with a cf tree: what is wrong with it is not the site's to mend.
    pub(super) of_tree: bool,
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
        let trees = self.trees.iter().map(Vec::as_slice).filter(|tree| !tree.is_empty());
        let places = USUAL_PLACES.iter().copied().chain(trees).filter(|place| name.starts_with(place));
        let file = &name[places.map(<[u8]>::len).max()?..];
        let file = file.strip_prefix(b"cf/").unwrap_or(file);
        FOLDERS.iter().any(|folder| file.starts_with(folder)).then_some(file)
    }

    /// Remembers what was found, if it is the site's own.
    fn note(&mut self, found: &Found, of_tree: bool) {
        let name = String::from_utf8_lossy(&found.name);
        if found.site && !self.own.iter().any(|other| other.name == name) {
            self.own.push(OwnFile { name: name.into_owned(), text: found.text.to_vec(), of_tree });
        }
    }

    /// cf.m4 by the path of its tree: the library in use, once. Only `--cf-dir`, and a library that stands
    /// in this tree below `--root`, make that another than the embedded one.
    fn enter(&mut self, tree: &[u8]) -> io::Result<Found> {
        let again = std::mem::replace(&mut self.entered, true);
        let root = self.root.as_ref().filter(|_| tree.starts_with(b"/"));
        let below = root.map(|root| [root.as_os_str().as_encoded_bytes(), tree].concat());
        if !again && self.cf_dir.is_none() {
            let readable = |tree: &Vec<u8>| read_file(&[tree, ENTRY].concat()).is_ok();
            self.cf_dir = below.clone().filter(readable);
        }
        if tree != self.library_name(b"") {
            let beside = Some([&self.beside, tree].concat()).filter(|_| !tree.starts_with(b"/"));
            self.trees.extend(below.into_iter().chain(beside).chain([tree.to_vec()]));
        }
        let found = self.library(ENTRY)?;
        Ok(if again { Found { text: Cow::Borrowed(b""), ..found } } else { found })
    }

    /// Trees in which files that the library lacks may lie: those that the .mc names, and the one of which
    /// its folder is a part, as in sendmail's sources (`cf/cf/site.mc`, `cf/feature`).
    fn other_trees(&self) -> impl Iterator<Item = Vec<u8>> {
        self.trees.iter().cloned().chain([[&self.beside, b"../".as_slice()].concat()])
    }

    /// A file that the library lacks, of the site itself or of third parties.
    fn beside_library(&mut self, file: &[u8]) -> Option<Found> {
        if let Ok(found) = self.of_site(&[&self.beside, file].concat()) {
            return Some(found);
        }
        let found = self.other_trees().find_map(|tree| self.of_site(&[&tree, file].concat()).ok())?;
        self.note(&found, true);
        Some(found)
    }

    fn find(&mut self, name: &[u8]) -> io::Result<Found> {
        if name.is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let tree = name.strip_suffix(ENTRY);
        if let Some(tree) = tree.filter(|tree| tree.is_empty() || tree.ends_with(b"/")) {
            return self.enter(tree);
        }
        if let Some(file) = self.in_library(name) {
            let found = self.library(file);
            if found.is_ok() {
                return found;
            }
            if let Some(found) = self.beside_library(file) {
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
        self.note(&found, false);
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

/// Is this file of a folder another's than the library's (beside the .mc or in a tree that it names)?
pub(super) fn is_own(files: &SiteFiles, folder: &str, name: &str) -> bool {
    let file = format!("{folder}/{name}.m4");
    let in_library = match &files.cf_dir {
        Some(dir) => super::system::path(&[dir, file.as_bytes()].concat()).exists(),
        None => EMBEDDED.binary_search_by(|row| row.0.cmp(&file)).is_ok(),
    };
    let mut places = std::iter::once(files.beside.clone()).chain(files.other_trees());
    !in_library && places.any(|place| super::system::path(&[&place, file.as_bytes()].concat()).exists())
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
    let places = std::iter::once(files.beside.clone()).chain(files.other_trees());
    names.extend(places.flat_map(|place| on_disk(&[&place, folder.as_bytes()].concat())));
    names.sort();
    names.dedup();
    names
}

fn on_disk(folder: &[u8]) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(super::system::path(folder)) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter_map(|name| name.strip_suffix(".m4").map(str::to_owned)).collect()
}
