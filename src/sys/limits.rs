//! What the kernel lets a process have.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Descriptors of a process whose limit cannot be asked for: what old systems start with.
const USUAL_DESCRIPTORS: u64 = 1024;

/// Raises the number of open files to what the system allows; how many that are. Called once, before the
/// keeper is forked, so that both processes have them.
pub fn raise_open_files() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return USUAL_DESCRIPTORS };
    match soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() {
        true => hard,
        false => soft,
    }
}

/// How many files this process may have open.
pub fn open_files() -> u64 {
    getrlimit(Resource::RLIMIT_NOFILE).map_or(USUAL_DESCRIPTORS, |(soft, _)| soft)
}

/// If this process crashes, what it had in its memory is not written to a file.
pub fn leave_no_core() {
    // a limit can always be lowered
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_only_grows() {
        let before = open_files();
        let now = raise_open_files();
        assert!(now >= before && open_files() == now);
    }
}
