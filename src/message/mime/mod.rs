//! Bodies between eight bits and seven (RFC 2045, RFC 6152): encodings chosen, written and taken away, multiparts walked.
//!
//! In: the header of a message, its body as lines ending in LF, and what is to become of it ([`Conversion`]). Out, piece by piece: all
//! that stands behind the header's own fields: fields that tell of the encoding, the blank line, the body. The header of a part is
//! handed out to be written as a mailer wants it, and taken back ([`Step::Header`]).
//! Never here: sockets, files, a body in memory. What is held is a line of 2047 bytes, a buffer, the header of one part, and the
//! boundaries that are open.

mod base64;
mod content;
mod converter;
mod lines;
mod quoted_printable;
mod section;
mod separators;
mod unclosed;

pub use content::Content;
pub use converter::{Converter, Step};
pub use section::{Conversion, Direction};
pub use unclosed::Unclosed;

/// Most sections that lie in each other.
const DEEPEST: usize = 20;
