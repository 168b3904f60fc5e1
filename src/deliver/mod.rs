//! One attempt at delivering an envelope.
