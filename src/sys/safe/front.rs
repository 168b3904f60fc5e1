//! Rules for what no keeper reads: maps, classes, texts, and the warnings about their directories.

use super::{Blame, Danger, Rules, directories};
use std::path::Path;

impl Rules {
    /// For class files.
    pub fn class(blame: Blame) -> Self {
        Self::data(blame, Blame::CLASS_FILE_IN_UNSAFE_DIR_PATH, Blame::LINKED_CLASS_FILE_IN_WRITABLE_DIR)
    }

    /// For what is read on every lookup or start: who may write to the file itself does not matter to sendmail.
    fn data(blame: Blame, dirs: Blame, links: Blame) -> Self {
        let none = Blame::empty();
        let rules = Self::relaxed(blame, dirs, none, links, none, none);
        Self { group_file: true, world_file: true, by_mode: true, own_risk: true, ..rules }
    }

    /// For HelpFile.
    pub fn help(blame: Blame) -> Self {
        Self::message(blame, Blame::HELP_FILE_IN_UNSAFE_DIR_PATH)
    }

    /// For the file of ErrorHeader.
    pub fn error_header(blame: Blame) -> Self {
        Self::message(blame, Blame::ERROR_HEADER_IN_UNSAFE_DIR_PATH)
    }

    fn message(blame: Blame, dirs: Blame) -> Self {
        let none = Blame::empty();
        Self {
            group_file: true,
            world_file: true,
            links: true,
            ..Self::relaxed(blame, dirs, none, none, none, none)
        }
    }

    /// For the service switch: of directories that others may write there is only a warning.
    pub fn service_switch(blame: Blame) -> Self {
        let (links, none) = (Blame::LINKED_SERVICE_SWITCH_FILE_IN_WRITABLE_DIR, Blame::empty());
        let rules = Self::relaxed(blame, none, none, links, none, none);
        Self { group_directory: true, world_directory: true, group_file: true, world_file: true, ..rules }
    }

    /// For map files and alias databases.
    pub fn map(blame: Blame) -> Self {
        Self::data(blame, Blame::MAP_IN_UNSAFE_DIR_PATH, Blame::LINKED_MAP_IN_WRITABLE_DIR)
    }
}

/// The first directory above `path` that others may write to, and how: what sendmail warns of where it does not
/// refuse.
pub fn unsafe_directory<'a>(path: &'a Path, rules: &Rules) -> Option<(Danger, &'a Path)> {
    let writers = |directory: &'a Path| {
        let about = std::fs::metadata(directory).ok()?;
        Some((rules.writers(&about)?, directory))
    };
    directories(path).into_iter().find_map(writers)
}
