//! The builtins, one row each. What a row's function does stands in the file of its kind.

mod debug;
mod define;
mod flow;
mod numbers;
mod output;
mod system;
mod text;

use super::call::{Call, Expansion};
use super::expand::{Expander, Stop};
use super::options::Settings;
use super::symbols::{Body, Definition, Symbols};

/// What a builtin does with a call.
type Run = fn(&mut Expander<'_>, &Call<'_>, &mut Expansion) -> Result<(), Stop>;

/// A row of the table.
pub struct Builtin {
    /// Name without `m4_`.
    pub name: &'static str,
    /// Fewest and most arguments without a warning.
    pub arguments: (usize, usize),
    /// Left alone unless `(` follows directly.
    pub needs_arguments: bool,
    /// Absent with `-G`.
    pub gnu: bool,
    /// With too few arguments it warns and then runs all the same; the others expand to nothing.
    lenient: bool,
    run: Run,
    /// One line of documentation.
    pub about: &'static str,
}

const MANY: usize = usize::MAX;

macro_rules! rows {
    ($( $name:literal, $least:expr, $most:expr, $class:ident $(+ $flag:ident)*, $run:path, $about:literal; )*) => {
        &[ $( {
            #[allow(unused_mut)]
            let mut row = Builtin {
                name: $name,
                arguments: ($least, $most),
                needs_arguments: matches!(stringify!($class).as_bytes(), b"called"),
                gnu: false,
                lenient: false,
                run: $run,
                about: $about,
            };
            $( row.$flag = true; )*
            row
        } ),* ]
    };
}

/// All builtins. `bare` ones expand without parentheses too, `called` ones only with them.
pub const BUILTINS: &[Builtin] = rows! {
    "__file__", 0, 0, bare + gnu, debug::file, "quoted name of the input file";
    "__line__", 0, 0, bare + gnu, debug::line, "number of the input line";
    "__program__", 0, 0, bare + gnu, debug::program, "quoted name of the program";
    "builtin", 1, MANY, called + gnu, define::builtin, "call a builtin by its own name, whatever it was renamed to";
    "changecom", 0, 2, bare, flow::changecom, "set comment delimiters; without arguments no comments";
    "changequote", 0, 2, bare, flow::changequote, "set quotes; without arguments ` and '";
    "debugfile", 0, 1, bare + gnu, debug::debugfile, "send trace output to a file";
    "debugmode", 0, 1, bare + gnu, debug::debugmode, "choose what trace output shows";
    "decr", 1, 1, called, numbers::decr, "number less one";
    "define", 1, 2, called + lenient, define::define, "define a macro";
    "defn", 1, MANY, called, define::defn, "quoted definition";
    "divert", 0, 1, bare, output::divert, "switch output to a diversion; -1 drops it";
    "divnum", 0, 0, bare, output::divnum, "number of the current diversion";
    "dnl", 0, 0, bare, flow::dnl, "discard to the end of the line, newline included";
    "dumpdef", 0, MANY, bare, debug::dumpdef, "show definitions on standard error";
    "errprint", 1, MANY, called, output::errprint, "print arguments on standard error";
    "esyscmd", 1, 1, called + gnu, system::esyscmd, "output of a shell command";
    "eval", 1, 3, called, numbers::eval, "value of an integer expression, with radix and width";
    "format", 1, MANY, called + gnu, text::format, "printf";
    "ifdef", 2, 3, called, flow::ifdef, "choose by whether a name is defined";
    "ifelse", 1, MANY, called, flow::ifelse, "choose by comparing texts";
    "include", 1, 1, called, flow::include, "read a file";
    "incr", 1, 1, called, numbers::incr, "number plus one";
    "index", 2, 2, called + lenient, text::index, "offset of a text in another, or -1";
    "indir", 1, MANY, called + gnu, define::indir, "call a macro by any name";
    "len", 1, 1, called, text::len, "length in bytes";
    "m4exit", 0, 1, bare, flow::m4exit, "stop with an exit status";
    "m4wrap", 1, MANY, called, flow::m4wrap, "read a text after all input";
    "maketemp", 1, 1, called, system::maketemp, "make a temporary file";
    "mkstemp", 1, 1, called, system::mkstemp, "make a temporary file";
    "patsubst", 2, 3, called + gnu + lenient, text::patsubst, "replace all matches of a regular expression";
    "popdef", 1, MANY, called, define::popdef, "go back to the definition before";
    "pushdef", 1, 2, called + lenient, define::pushdef, "define, keeping the definition before";
    "regexp", 2, 3, called + gnu + lenient, text::regexp, "offset or parts of a match";
    "shift", 1, MANY, called, flow::shift, "arguments without the first, quoted";
    "sinclude", 1, 1, called, flow::sinclude, "read a file if there is one";
    "substr", 2, 3, called + lenient, text::substr, "part of a text";
    "syscmd", 1, 1, called, system::syscmd, "run a shell command";
    "sysval", 0, MANY, bare, system::sysval, "exit status of the last command";
    "traceoff", 0, MANY, bare, debug::traceoff, "stop tracing";
    "traceon", 0, MANY, bare, debug::traceon, "trace calls of these macros";
    "translit", 2, 3, called + lenient, text::translit, "replace characters";
    "undefine", 1, MANY, called, define::undefine, "forget a macro";
    "undivert", 0, MANY, bare, output::undivert, "bring back diversions, or insert files as they are";
};

/// The row of a builtin by its own name.
pub(super) fn find(name: &[u8]) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|row| row.name.as_bytes() == name)
}

/// Defines them all, and the names by which a platform is known.
pub(super) fn install(symbols: &mut Symbols, settings: &Settings) {
    let prefix: &[u8] = if settings.prefix { b"m4_" } else { b"" };
    for row in BUILTINS.iter().filter(|row| !(row.gnu && settings.traditional)) {
        let name = [prefix, row.name.as_bytes()].concat();
        symbols.define(&name, Definition { body: Body::Builtin(row), site: None });
    }
    let platform: &[&[u8]] = if settings.traditional { &[b"unix"] } else { &[b"__unix__", b"__gnu__"] };
    for name in platform {
        symbols.define(name, Definition { body: Body::text(b""), site: None });
    }
}

/// Runs a builtin after checking the number of its arguments.
pub(super) fn call(
    m4: &mut Expander<'_>,
    builtin: &'static Builtin,
    call: &Call<'_>,
    out: &mut Expansion,
) -> Result<(), Stop> {
    let (least, most) = builtin.arguments;
    if call.count() < least {
        warn_about(m4, call, "Warning: too few arguments to builtin `", "'")?;
        if !builtin.lenient || call.count() == 0 {
            return Ok(());
        }
    } else if call.count() > most {
        warn_about(m4, call, "Warning: excess arguments to builtin `", "' ignored")?;
    }
    (builtin.run)(m4, call, out)
}

fn warn_about(m4: &mut Expander<'_>, call: &Call<'_>, before: &str, after: &str) -> Result<(), Stop> {
    if m4.settings.quiet {
        return Ok(());
    }
    m4.warn(&[before.as_bytes(), call.name, after.as_bytes()].concat())
}

/// A number as m4 reads it, with its messages; nothing if it is none.
fn number(m4: &mut Expander<'_>, call: &Call<'_>, text: &[u8]) -> Result<Option<i32>, Stop> {
    let message = |what: &str| [what.as_bytes(), b" in builtin `", call.name, b"'"].concat();
    if text.is_empty() {
        m4.warn(&message("empty string treated as 0"))?;
        return Ok(Some(0));
    }
    let blanks = text.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x0b).count();
    let (negative, digits) = match &text[blanks..] {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        m4.warn(&[b"non-numeric argument to builtin `", &call.name[..], b"'"].concat())?;
        return Ok(None);
    }
    let (value, overflow) = long(digits, negative);
    let cut = value as i32;
    if overflow {
        m4.warn(&message("numeric overflow detected"))?;
    } else if blanks > 0 {
        m4.warn(&message("leading whitespace ignored"))?;
    }
    Ok(Some(cut))
}

/// strtol with saturation; true if it had to saturate.
fn long(digits: &[u8], negative: bool) -> (i64, bool) {
    let mut value: i64 = 0;
    for digit in digits {
        let digit = i64::from(digit - b'0');
        let step = value.checked_mul(10);
        let next =
            step.and_then(|ten| if negative { ten.checked_sub(digit) } else { ten.checked_add(digit) });
        match next {
            Some(next) => value = next,
            None => return (if negative { i64::MIN } else { i64::MAX }, true),
        }
    }
    (value, false)
}
