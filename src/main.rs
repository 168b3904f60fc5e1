//! One binary, many names: argv[0] (or the first argument) picks a personality.

/// A message makes and drops hundreds of small values, on one thread and another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    canonify::cli::main()
}
