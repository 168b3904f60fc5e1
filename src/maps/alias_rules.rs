//! Who makes names of aliases out of left sides, for the classes that read alias files as text.

use crate::logging::Tracer;
use std::pin::Pin;

/// Names and values of aliases.
pub type AliasPairs = Vec<(Vec<u8>, Vec<u8>)>;

/// The rules that make names of aliases out of left sides. They live further down.
pub trait AliasRules: Sync {
    /// The aliases of a file's text; what is wrong with it is said to the tracer.
    fn read<'a>(
        &'a self,
        file: &'a [u8],
        text: &'a [u8],
        tracer: &'a mut dyn Tracer,
    ) -> Pin<Box<dyn Future<Output = AliasPairs> + Send + 'a>>;
}
