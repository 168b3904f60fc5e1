//! The cf library: embedded, or a directory; and `expand_mc`.

use std::path::PathBuf;

use super::CfText;
use crate::diag::Diagnostic;

/// What `expand_mc` may be told.
#[derive(Clone, Debug, Default)]
pub struct McOptions {
    /// `-D name=value`.
    pub defines: Vec<(Vec<u8>, Vec<u8>)>,
    /// A cf library on disk instead of the embedded one.
    pub cf_dir: Option<PathBuf>,
    /// Absolute include paths are looked for below this directory first.
    pub root: Option<PathBuf>,
    /// May `esyscmd` and `syscmd` run programs? Never with a borrowed group or for another user.
    pub commands: bool,
}

/// Expands a site's .mc. Warnings come with the text; any error means that the cf must not be used.
///
/// # Errors
/// All findings (errors and warnings) when at least one is an error.
pub fn expand_mc(
    _name: &str,
    _text: &[u8],
    _options: &McOptions,
) -> Result<(CfText, Vec<Diagnostic>), Vec<Diagnostic>> {
    todo!()
}
