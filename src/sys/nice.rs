//! How much of the processor this process leaves to others.

use super::ffi;

/// Leaves the processor to others more often (nice(2)): this process and those that it makes. Who may not be nicer stays as it is.
pub fn be_nicer(by: i64) {
    if let Some(by) = i32::try_from(by).ok().filter(|by| *by != 0) {
        ffi::be_nicer(by);
    }
}
