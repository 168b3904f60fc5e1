//! How personalities of our own show what they have found: as text, as JSON, as a page.

use super::process::complain;
use super::show::{print, style};
use crate::analysis::Style;
use crate::schema::Sysexit;
use crate::sys::errno_text;
use std::path::{Path, PathBuf};

/// The three ways, as words of a command line.
#[derive(clap::Args)]
pub struct Shape {
    /// Print JSON
    #[arg(long, conflicts_with = "html")]
    pub json: bool,
    /// Write a page that stands for itself
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

impl Shape {
    /// Shows something in the way that was asked for.
    ///
    /// # Errors
    /// The exit status, when a file cannot be written.
    pub fn show<T: serde::Serialize>(
        &self,
        found: &T,
        text: impl Fn(&T, Style) -> String,
        page: impl Fn(&T) -> String,
    ) -> Result<(), Sysexit> {
        if let Some(file) = &self.html {
            return write(file, &page(found));
        }
        print(&if self.json { json(found)? } else { text(found, style(false)) });
        Ok(())
    }
}

/// Writes a page.
///
/// # Errors
/// The exit status.
pub fn write(file: &Path, page: &str) -> Result<(), Sysexit> {
    std::fs::write(file, page).map_err(|error| {
        complain(&format!("{}: {}", file.display(), errno_text(&error)));
        Sysexit::CANTCREAT
    })
}

/// JSON with an end of line.
///
/// # Errors
/// The exit status.
pub fn json(value: &impl serde::Serialize) -> Result<String, Sysexit> {
    let text = serde_json::to_string_pretty(value).map_err(|_| Sysexit::SOFTWARE)?;
    Ok(text + "\n")
}
