//! Files that only the keeper may read, as they were when the front last asked for them.

use super::front::Keeper;
use super::protocol::{Signature, TlsFileAnswer};
use super::settings::NamedFile;
use std::collections::HashMap;

/// The content of files, or why there is none.
pub type Files = HashMap<NamedFile, Result<Vec<u8>, String>>;

/// What is known of some files.
#[derive(Default)]
pub struct WatchedFiles {
    files: Files,
    seen: HashMap<NamedFile, Signature>,
}

impl WatchedFiles {
    /// What was there at the last look.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Asks for the files; has any of them changed?
    pub async fn look(&mut self, keeper: &Keeper, files: impl IntoIterator<Item = NamedFile>) -> bool {
        let mut changed = false;
        for file in files {
            let seen = self.seen.get(&file).copied();
            let content = match keeper.tls_file(file.clone(), seen).await {
                TlsFileAnswer::Unchanged => continue,
                TlsFileAnswer::Content(content, signature) => {
                    self.seen.insert(file.clone(), signature);
                    Ok(content)
                }
                TlsFileAnswer::Refused(why) => {
                    self.seen.remove(&file);
                    Err(why)
                }
            };
            changed |= self.files.get(&file) != Some(&content);
            self.files.insert(file, content);
        }
        changed
    }
}
