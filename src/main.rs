//! One binary, many names: argv[0] (or the first argument) picks a personality.

fn main() -> std::process::ExitCode {
    canonify::cli::main()
}
