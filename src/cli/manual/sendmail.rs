//! The command lines of sendmail and of its other names, as rows of flags and modes describe them.

use crate::cli::flags::{Argument, FLAGS, Flag};
use crate::cli::maptool::bare_command;
use crate::cli::modes::MODES;
use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, Command, ValueHint};

/// What the arguments of flags are called.
const VALUES: &[(u8, &str)] = &[
    (b'A', "c|m"),
    (b'B', "TYPE"),
    (b'b', "MODE"),
    (b'C', "FILE"),
    (b'D', "FILE"),
    (b'd', "CATEGORY.LEVEL"),
    (b'e', "HOW"),
    (b'F', "NAME"),
    (b'f', "ADDRESS"),
    (b'h', "COUNT"),
    (b'L', "TAG"),
    (b'M', "MACRO"),
    (b'N', "WHEN"),
    (b'O', "NAME=VALUE"),
    (b'o', "XVALUE"),
    (b'p', "PROTOCOL:HOST"),
    (b'Q', "REASON"),
    (b'q', "TIME|SELECTION"),
    (b'R', "WHAT"),
    (b'r', "ADDRESS"),
    (b'V', "ENVID"),
    (b'X', "FILE"),
];

fn arg(flag: &Flag) -> Arg {
    let letter = char::from(flag.letter);
    let arg = Arg::new(letter.to_string()).short(letter).help(flag.about);
    if flag.argument == Argument::No {
        return arg.action(ArgAction::SetTrue);
    }
    let name = VALUES.iter().find(|(letter, _)| *letter == flag.letter).map_or("VALUE", |(_, name)| name);
    let arg = match flag.argument {
        Argument::Attached(_) | Argument::Near(_) => arg.num_args(0..=1),
        _ => arg,
    };
    let arg = if name == "FILE" { arg.value_hint(ValueHint::FilePath) } else { arg };
    let modes =
        MODES.iter().map(|row| PossibleValue::new(char::from(row.letter).to_string()).help(row.about));
    let arg = if flag.letter == b'b' { arg.value_parser(modes.collect::<Vec<_>>()) } else { arg };
    arg.value_name(name)
}

/// A name of sendmail's with those flags that mean something to it.
fn with_flags(name: &'static str, about: &'static str, letters: &str) -> Command {
    let flags = FLAGS.iter().filter(|flag| letters.contains(char::from(flag.letter)));
    flags.fold(bare_command(name, about), |command, flag| command.arg(arg(flag)))
}

/// sendmail.
pub(crate) fn sendmail() -> Command {
    let all: String = FLAGS.iter().map(|flag| char::from(flag.letter)).collect();
    with_flags("sendmail", "send mail, run the daemon, test addresses", &all)
        .arg(Arg::new("recipient").num_args(0..).value_hint(ValueHint::EmailAddress).help("Who gets the message"))
        .long_about(
            "Sends a message from standard input to the recipients named, and to those of its header with -t; or does what -b asks for.\n\n\
             Flags without an argument can be written together (-tiv), an argument can stand in the word of its flag or be the next word; \
             those of -d, -q and -Q stand in the word of the flag. The configuration is that of sendmail, /etc/mail/sendmail.cf for the \
             daemon and /etc/mail/submit.cf for messages from users; the files in /etc/mail stay as they are.",
        )
}

/// sendmail -bp.
pub(crate) fn mailq() -> Command {
    with_flags("mailq", "print the mail queue", "ACqv").long_about(
        "Prints what waits in the queue: for each message its identifier, size, time of arrival, sender, recipients and the reason of \
         the last failure. An asterisk behind the identifier: it is being worked on. A minus: it is too young, or the machine too busy. \
         With -v priorities as well; with -qI, -qR or -qS followed by a text only messages whose identifier, recipient or \
         sender has it; with -qQ those in quarantine; with -Ac those that users have handed in and the daemon has not taken yet.\n\n\
         It is sendmail -bp.",
    )
}

/// sendmail -bi.
pub(crate) fn newaliases() -> Command {
    with_flags("newaliases", "rebuild the alias databases", "CvO").long_about(
        "Makes the databases of the alias files that the configuration names, and says of each how many aliases it has and how long \
         they are. Wrong lines are told with file and line; the others are taken.\n\nIt is sendmail -bi.",
    )
}

/// sendmail -bh.
pub(crate) fn hoststat() -> Command {
    with_flags("hoststat", "print what is known of other hosts", "CvO").long_about(
        "Prints for each host below the directory of option HostStatusDirectory when it was last tried, and what came of that. An \
         asterisk: a delivery to it is under way.\n\nIt is sendmail -bh.",
    )
}

/// sendmail -bH.
pub(crate) fn purgestat() -> Command {
    with_flags("purgestat", "forget what is known of other hosts", "CvO").long_about(
        "Removes what is known of hosts when it is older than Timeout.hoststatus.\n\nIt is sendmail -bH.",
    )
}

/// sendmail -bd.
pub(crate) fn smtpd() -> Command {
    with_flags("smtpd", "run the mail daemon", "CLqOoX").long_about("It is sendmail -bd.")
}
