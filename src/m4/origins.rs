//! Where each line of the output came from.

/// A line of an input file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// Index into `CfText::files`.
    pub file: u32,
    /// Line, from 1.
    pub line: u32,
}

/// Expanded text with the origin of each of its lines.
#[derive(Clone, Debug, Default)]
pub struct CfText {
    /// The cf.
    pub text: Vec<u8>,
    /// Input files, as named.
    pub files: Vec<String>,
    /// One entry per line of `text`: where it was made. Library lines carry the line of the .mc that called for them.
    pub origins: Vec<Option<Origin>>,
}

impl CfText {
    /// Origin of a line of the cf (from 1).
    pub fn origin(&self, line: u32) -> Option<(&str, u32)> {
        let origin = self.origins.get(line.checked_sub(1)? as usize)?.as_ref()?;
        Some((self.files.get(origin.file as usize)?, origin.line))
    }
}
