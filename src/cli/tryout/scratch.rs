//! The directory of a demonstration: where nobody else may write, if there is such a place.

use anyhow::{Context, ensure};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The wanted directory, or a new one of our own.
///
/// # Errors
/// When it cannot be made, or something is in it already.
pub(super) fn directory(wanted: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let name = || format!("canonify-try-{}", std::process::id());
    let root = wanted.unwrap_or_else(|| parent().join(name()));
    fs::create_dir_all(&root).with_context(|| format!("cannot make {}", root.display()))?;
    ensure!(fs::read_dir(&root)?.next().is_none(), "{} is not empty", root.display());
    set_mode(&root, 0o755)?;
    root.canonicalize().with_context(|| format!("cannot find {}", root.display()))
}

/// sendmail distrusts, rightly, what lies below a directory that anybody may write to, as /tmp is: a user's
/// own directories come first.
fn parent() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let own = [
        variable("XDG_RUNTIME_DIR"),
        variable("XDG_CACHE_HOME"),
        variable("HOME").map(|home| home.join(".cache")),
        variable("HOME"),
    ];
    let usable = |path: &PathBuf| path.is_absolute() && is_ours(path) && !is_below_open_directory(path);
    own.into_iter().flatten().find(usable).unwrap_or_else(std::env::temp_dir)
}

fn is_ours(path: &Path) -> bool {
    let uid = nix::unistd::getuid().as_raw();
    fs::metadata(path)
        .is_ok_and(|about| about.is_dir() && about.uid() == uid && about.mode() & 0o700 == 0o700)
}

/// May anybody write to the directory or to one above it?
pub(super) fn is_below_open_directory(path: &Path) -> bool {
    let open = |path: &Path| fs::metadata(path).is_ok_and(|about| about.mode() & 0o002 != 0);
    // links on the way would hide directories
    path.canonicalize().is_ok_and(|path| path.ancestors().any(open))
}

pub(super) fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// A program as its user would type it: without what leads to the working directory.
pub(super) fn as_typed(program: &Path) -> String {
    let below =
        std::env::current_dir().ok().and_then(|here| program.strip_prefix(here).ok().map(Path::to_owned));
    below.unwrap_or_else(|| program.to_owned()).display().to_string()
}
