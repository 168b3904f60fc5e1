//! Files that only the keeper may read, as they were when the front last asked for them.

use super::front::Keeper;
use super::protocol::{Signature, TlsFileAnswer};
use std::collections::HashMap;

/// Files by their paths: their content, or why there is none.
pub type Files = HashMap<Vec<u8>, Result<Vec<u8>, String>>;

/// What is known of some files.
#[derive(Default)]
pub struct WatchedFiles {
    files: Files,
    seen: HashMap<Vec<u8>, Signature>,
}

impl WatchedFiles {
    /// What was there at the last look.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Asks for the files; has any of them changed?
    pub async fn look(&mut self, keeper: &Keeper, paths: impl IntoIterator<Item = Vec<u8>>) -> bool {
        let mut changed = false;
        for path in paths {
            let seen = self.seen.get(&path).copied();
            let content = match keeper.tls_file(&path, seen).await {
                TlsFileAnswer::Unchanged => continue,
                TlsFileAnswer::Content(content, signature) => {
                    self.seen.insert(path.clone(), signature);
                    Ok(content)
                }
                TlsFileAnswer::Refused(why) => {
                    self.seen.remove(&path);
                    Err(why)
                }
            };
            changed |= self.files.get(&path) != Some(&content);
            self.files.insert(path, content);
        }
        changed
    }
}
