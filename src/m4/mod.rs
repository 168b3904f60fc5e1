//! m4: a .mc and the cf library in, cf text out.

mod library;
mod origins;

pub use library::{McOptions, expand_mc};
pub use origins::{CfText, Origin};
