//! The parsers that `build.rs` makes of `grammar/`. Their types never leave this room.

#[allow(clippy::all, missing_docs, unused, unreachable_pub)]
pub(super) mod fields {
    include!(concat!(env!("OUT_DIR"), "/fields.rs"));
}
#[allow(clippy::all, missing_docs, unused, unreachable_pub)]
pub(super) mod rule {
    include!(concat!(env!("OUT_DIR"), "/rule.rs"));
}
