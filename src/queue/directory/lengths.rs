//! How many messages each group has.

use super::layout::Group;
use crate::queue::options::QueueOptions;

/// Names of groups and their messages, those that are held among them. A directory that cannot be read has none.
pub fn lengths(options: &QueueOptions) -> Vec<(String, u64)> {
    let base = options.base();
    let count = |group: &Group| -> u64 {
        let entries =
            group.directories.iter().filter_map(|place| std::fs::read_dir(&place.qf).ok()).flatten();
        let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
        let controls = names.filter(|name| {
            let name = name.as_encoded_bytes();
            name.len() > 2 && [&b"qf"[..], b"hf"].contains(&&name[..2])
        });
        controls.count() as u64
    };
    let of_group = |group| Group::open(group, &base).map_or(0, |group| count(&group));
    let named = options.groups.iter().map(|group| (group.name.clone(), of_group(group)));
    named.map(|(name, length)| (String::from_utf8_lossy(&name).into_owned(), length)).collect()
}
