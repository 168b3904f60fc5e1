//! sendmail's command line: flags as rows, words in their order.
//!
//! getopt's rules with sendmail's older habits on top: flags cluster (`-tiv`), an argument may be
//! attached or follow, and some flags take only an attached one (`-q`, `-d`).

/// How a flag takes its argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Argument {
    /// None.
    No,
    /// The rest of the word, or the next word.
    Yes,
    /// Only the rest of the word; this stands in for a missing one.
    Attached(&'static str),
    /// As `Yes`, but the next word only if it is no flag; this stands in for a missing one.
    Near(&'static str),
    /// As `Yes`, with a value for the last word of all.
    YesOr(&'static str),
}

/// One flag.
pub struct Flag {
    /// The letter.
    pub letter: u8,
    /// Its argument.
    pub argument: Argument,
    /// One line.
    pub about: &'static str,
}

macro_rules! flags {
    ($($letter:literal $argument:expr, $about:literal;)*) => {
        /// Every flag sendmail takes.
        pub const FLAGS: &[Flag] =
            &[$(Flag { letter: $letter, argument: $argument, about: $about }),*];
    };
}

use Argument::{Attached, Near, No, Yes, YesOr};
flags! {
    b'A' Yes, "-Ac reads submit.cf, -Am sendmail.cf, whatever the mode";
    b'B' Yes, "body type of the message: 7BIT or 8BITMIME";
    b'b' YesOr(" "), "mode of operation";
    b'C' YesOr("sendmail.cf"), "configuration: a .cf, or a .mc that is expanded in memory";
    b'c' No, "hold expensive mailers' mail until the queue is run";
    b'D' Yes, "debug output goes to this file; must stand before -d";
    b'd' Attached("0-99.1"), "debug categories and levels";
    b'e' Yes, "how errors are reported: p, q, m, w or e";
    b'F' Yes, "full name of the sender";
    b'f' Yes, "envelope sender";
    b'G' No, "gateway submission of a message (as from rmail)";
    b'h' Yes, "initial hop count";
    b'I' No, "refused, as by a sendmail without it";
    b'i' No, "a line with one dot does not end the message";
    b'L' Yes, "syslog identifier";
    b'M' Yes, "define a macro: -Mxvalue or -M{name}value";
    b'm' No, "send to me too when an alias holds me";
    b'N' Yes, "delivery status notifications: never, or success,failure,delay";
    b'n' No, "no aliasing";
    b'O' Yes, "set an option by its long name: -O name=value";
    b'o' Yes, "set an option by its letter: -oxvalue";
    b'p' Yes, "protocol, and host after a colon, that the message came by";
    b'Q' Attached(""), "quarantine reason, or with -qQ: release";
    b'q' Near("0"), "queue run: once, each TIME, or selected by I, R, S, Q, L, G";
    b'R' Yes, "what a bounce returns: full or hdrs";
    b'r' Yes, "envelope sender (older form of -f)";
    b's' No, "keep the From line of the input";
    b'T' No, "accepted, without effect";
    b't' No, "recipients from To:, Cc: and Bcc:";
    b'U' No, "the message needs SMTPUTF8: refused, as by a sendmail without it";
    b'V' Yes, "envelope identifier for delivery status notifications";
    b'v' No, "verbose";
    b'X' Yes, "log all protocol traffic to this file";
    b'x' No, "accepted, without effect (other systems' flag)";
}

/// Flags in the order given, then the operands.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Letter and argument (empty without one).
    pub flags: Vec<(u8, Vec<u8>)>,
    /// Recipients, mostly.
    pub operands: Vec<Vec<u8>>,
}

/// Why a command line cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// A letter without a row.
    #[error("illegal option -- {}", char::from(*.0))]
    Illegal(u8),
    /// A flag whose argument is missing.
    #[error("option requires an argument -- {}", char::from(*.0))]
    Missing(u8),
}

/// Cuts the words after argv[0].
///
/// # Errors
/// At the first letter that is no flag, and at a last flag without its argument.
pub fn cut(words: &[Vec<u8>]) -> Result<Words, UsageError> {
    let mut cut = Words::default();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match word.strip_prefix(b"-") {
            Some(b"-") => break,
            Some(cluster) if !cluster.is_empty() => read_cluster(cluster, &mut rest, &mut cut)?,
            _ => {
                cut.operands.push(word.clone());
                break;
            }
        }
    }
    cut.operands.extend(rest.cloned());
    Ok(cut)
}

fn read_cluster(
    mut cluster: &[u8],
    rest: &mut std::slice::Iter<'_, Vec<u8>>,
    cut: &mut Words,
) -> Result<(), UsageError> {
    while let [letter, tail @ ..] = cluster {
        let flag = FLAGS.iter().find(|row| row.letter == *letter).ok_or(UsageError::Illegal(*letter))?;
        let value = match flag.argument {
            No => {
                cut.flags.push((*letter, Vec::new()));
                cluster = tail;
                continue;
            }
            _ if !tail.is_empty() => tail.to_vec(),
            Attached(default) => default.into(),
            Near(default) => match rest.as_slice().first() {
                Some(word) if !word.starts_with(b"-") => rest.next().cloned().unwrap_or_default(),
                _ => default.into(),
            },
            Yes => rest.next().cloned().ok_or(UsageError::Missing(*letter))?,
            YesOr(default) => rest.next().cloned().unwrap_or_else(|| default.into()),
        };
        cut.flags.push((*letter, value));
        return Ok(());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<u8>> {
        text.split(' ').map(Vec::from).collect()
    }

    fn show(text: &str) -> String {
        match cut(&words(text)) {
            Err(error) => error.to_string(),
            Ok(cut) => {
                let flags = cut.flags.iter().map(|(letter, value)| {
                    format!("{}={}", char::from(*letter), String::from_utf8_lossy(value))
                });
                let operands = cut.operands.iter().map(|word| String::from_utf8_lossy(word).into_owned());
                flags.chain(["|".to_owned()]).chain(operands).collect::<Vec<_>>().join(" ")
            }
        }
    }

    #[test]
    fn clusters_and_attached_arguments() {
        assert_eq!(show("-tiv -odi -oem -fann bob"), "t= i= v= o=di o=em f=ann | bob");
        assert_eq!(show("-q -v"), "q=0 v= |");
        assert_eq!(show("-q30m -bd"), "q=30m b=d |");
        assert_eq!(show("-bt -C site.cf -d21.12"), "b=t C=site.cf d=21.12 |");
        assert_eq!(show("-bt -C"), "b=t C=sendmail.cf |");
    }

    #[test]
    fn operands_end_the_flags() {
        assert_eq!(show("-i -- -odd bob"), "i= | -odd bob");
        assert_eq!(show("bob -t"), "| bob -t");
    }

    #[test]
    fn what_is_no_flag_is_named() {
        assert_eq!(show("-Z"), "illegal option -- Z");
        assert_eq!(show("-f"), "option requires an argument -- f");
    }
}
