//! Bytes ↔ commands and replies.
//!
//! In: what arrived so far. Out: whole command lines, message data without transparency dots,
//! parameters, reply lines. Never here: I/O, state of a session, policy.

mod chunk;
mod data;
mod line;
mod parameters;
mod reply;
mod xtext;

pub use chunk::Chunk;
pub use data::{BareCharacter, DataDecoder, DataEvent, Strictness, Violation, Where};
pub use line::{
    MAX_AUTH_LINE, MAX_COMMAND_LINE, NextLine, next_command, next_line, skip_blanks, split_address,
    split_path, split_verb, word_and_rest,
};
pub use parameters::{Parameter, ParameterError, parameters};
pub use reply::put_reply;
pub use xtext::{decode_xtext, encode_xtext, is_xtext};
