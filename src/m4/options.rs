//! What one run is told beforehand.

/// Settings of an expander.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How the program calls itself (`__program__`).
    pub program: Vec<u8>,
    /// `-G`: no GNU extensions.
    pub traditional: bool,
    /// `-P`: builtins are called `m4_…`.
    pub prefix: bool,
    /// `-Q`: no messages about missing or superfluous arguments.
    pub quiet: bool,
    /// How often `-E` was given.
    pub fatal_warnings: u8,
    /// Calls inside the arguments of calls.
    pub nesting_limit: usize,
    /// Files inside files.
    pub include_limit: usize,
    /// Bytes that input, arguments and diversions may need together.
    pub memory_limit: usize,
    /// Macro calls in all.
    pub call_limit: u64,
    /// Bytes that expansions may have in all, and steps of regular expressions.
    pub work_limit: u64,
    /// `-R`: a frozen file to begin with.
    pub reload: Option<Vec<u8>>,
    /// `-F`: the file for the state at the end.
    pub freeze: Option<Vec<u8>>,
    /// `-H`: size of GNU m4's table of names, which orders a frozen file.
    pub buckets: u64,
    /// `-d`.
    pub debug: super::DebugFlags,
    /// `-l`: longest argument in trace output; 0 for any.
    pub argument_length: usize,
    /// `--warn-macro-sequence`: a regular expression for definitions to warn about.
    pub macro_sequence: Option<Vec<u8>>,
    /// For `maketemp` with `-G`.
    pub process_id: u32,
    /// Keep the origin of each line of output; output then stays in hand until the end.
    pub provenance: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            program: b"m4".to_vec(),
            traditional: false,
            prefix: false,
            quiet: false,
            fatal_warnings: 0,
            nesting_limit: 250_000,
            include_limit: 1_000,
            memory_limit: 1 << 30,
            call_limit: 50_000_000,
            work_limit: 1 << 34,
            reload: None,
            freeze: None,
            buckets: 65_537,
            debug: super::DebugFlags::empty(),
            argument_length: 0,
            macro_sequence: None,
            process_id: 0,
            provenance: false,
        }
    }
}
