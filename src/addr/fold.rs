//! Names and keys compared without ASCII case.

/// Calls `look` with the lower-cased text; short texts allocate nothing.
pub fn with_folded<T>(text: &[u8], look: impl FnOnce(&[u8]) -> T) -> T {
    let mut folded = [0u8; 128];
    match folded.get_mut(..text.len()) {
        Some(folded) => {
            folded.copy_from_slice(text);
            folded.make_ascii_lowercase();
            look(folded)
        }
        None => look(&text.to_ascii_lowercase()),
    }
}
