//! What the configuration says with macros in it (A=, D=, /=), filled in for one delivery.
//!
//! Values of the front are filled in as they are, once. A place in the file system is made of the configuration's
//! own macros and `$u $h $z` alone, and no value leads out of the directory that the configuration names.

use super::protocol::{Delivery, Target};
use super::settings::{KeeperSettings, LocalMailer};
use crate::addr::op;
use crate::sys::accounts;
use crate::sys::safe::{self, Rules};

/// The words of one delivery.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a> {
    pub(super) settings: &'a KeeperSettings,
    pub(super) mailer: &'a LocalMailer,
    pub(super) delivery: &'a Delivery,
}

/// A word that must not be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Unsafe;

impl Arguments<'_> {
    /// A text with `$u $h $z`, and with these macros of the front.
    fn filled(&self, text: &[u8], target: &Target, home: &[u8], macros: &[(u8, Vec<u8>)]) -> Vec<u8> {
        self.settings.expand(text, &|id| match id {
            b'u' => Some(target.user.clone()),
            b'h' => Some(target.host.clone()),
            b'z' => Some(home.to_vec()),
            id => macros.iter().find(|(name, _)| *name == id).map(|(_, value)| value.clone()),
        })
    }

    /// A path: of a mailbox, a working directory, a root.
    ///
    /// # Errors
    /// When a value of the front would lead elsewhere.
    pub(super) fn place(&self, word: &[u8], target: &Target, home: &[u8]) -> Result<Vec<u8>, Unsafe> {
        let mut names = vec![(b'h', &target.host)];
        if !self.mailer.is_named() {
            names.push((b'u', &target.user));
        }
        let leads_away = |value: &[u8]| value.contains(&b'/') || value == b"." || value == b"..";
        if names.iter().any(|(id, value)| holds_macro(word, *id) && leads_away(value)) {
            return Err(Unsafe);
        }
        Ok(self.filled(word, target, home, &[]))
    }

    /// A= expanded: words with `$u` once per target, `-f sender` behind the name.
    ///
    /// # Errors
    /// When `as_root`, and a word makes an option or a path that the front chose.
    pub(super) fn words(&self, home: &[u8], as_root: bool) -> Result<Vec<Vec<u8>>, Unsafe> {
        let mut words = Vec::new();
        for (index, word) in self.mailer.argv.iter().enumerate() {
            let several = if holds_macro(word, b'u') { self.delivery.targets.len() } else { 1 };
            // sendmail names the last one of its list first
            for target in self.delivery.targets[..several].iter().rev() {
                let filled = self.filled(word, target, home, &self.delivery.macros);
                if as_root && filled != *word && !is_fit_for_root(word, &filled) {
                    return Err(Unsafe);
                }
                words.push(filled);
            }
            if index == 0 {
                words.extend(sender_words(self.mailer, &self.delivery.sender));
            }
        }
        Ok(words)
    }
}

fn holds_macro(word: &[u8], id: u8) -> bool {
    word.windows(2).any(|two| two == [op::MACRO_EXPAND, id])
}

/// A program that runs as root for recipients who are no accounts (`procmail -m $h` of MAILER(procmail)) reads what
/// the rules chose, and the front can say anything in their place: so no word becomes an option or an assignment,
/// and a path leads to where only root can put anything.
fn is_fit_for_root(template: &[u8], filled: &[u8]) -> bool {
    let beginning = template.split(|byte| *byte == op::MACRO_EXPAND).next().unwrap_or_default();
    if beginning.is_empty() && (filled.starts_with(b"-") || filled.contains(&b'=')) {
        return false;
    }
    if !filled.contains(&b'/') {
        return true;
    }
    let path = accounts::path(filled);
    let plain = path.components().all(|part| !matches!(part, std::path::Component::ParentDir));
    let rules = Rules { owner: Some(0), ..Rules::STRICT };
    path.is_absolute() && plain && safe::check_directories(&path, &rules).is_ok()
}

/// `-f sender` or `-r sender` for the mailers that want it (flags of the same letters), where there is one. A sender that
/// looks like an option goes in angle brackets: it must not become one.
fn sender_words(mailer: &LocalMailer, sender: &[u8]) -> Vec<Vec<u8>> {
    let option = match (mailer.has(b'f'), mailer.has(b'r')) {
        _ if sender.is_empty() => return Vec::new(),
        (true, _) => b"-f",
        (false, true) => b"-r",
        _ => return Vec::new(),
    };
    let sender = if sender.starts_with(b"-") { [b"<", sender, b">"].concat() } else { sender.to_vec() };
    vec![option.to_vec(), sender]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn mailer(flags: &[u8], argv: &[&[u8]]) -> LocalMailer {
        let flags = flags.iter().fold(0, |all, flag| all | 1 << flag);
        LocalMailer {
            name: b"m".to_vec(),
            flags,
            argv: argv.iter().map(|word| word.to_vec()).collect(),
            ..LocalMailer::default()
        }
    }

    fn delivery(user: &[u8], host: &[u8]) -> Delivery {
        let target = Target { user: user.into(), host: host.into(), ..Target::default() };
        let macros = vec![(b'd', b"/front".to_vec()), (b'f', b"ann@a.example".to_vec())];
        Delivery { targets: vec![target], macros, ..Delivery::default() }
    }

    #[test]
    fn a_sender_is_no_option() {
        let words = |flags: &[u8], sender: &[u8]| -> Vec<String> {
            let words = sender_words(&mailer(flags, &[]), sender);
            words.into_iter().map(|word| String::from_utf8(word).expect("ASCII")).collect()
        };
        assert_eq!(words(b"f", b"a@b.example"), ["-f", "a@b.example"]);
        assert_eq!(words(b"r", b"-c@b.example"), ["-r", "<-c@b.example>"]);
        assert!(words(b"m", b"a@b.example").is_empty());
    }

    #[test]
    fn a_place_is_where_the_configuration_says() {
        let mut config = Config::default();
        config.macros.set(crate::addr::MacroId(b'd'), Some(b"/site"));
        let (settings, mailer) = (KeeperSettings::from(&config), mailer(b"", &[]));
        let place = |word: &[u8], user: &[u8], host: &[u8]| {
            let delivery = delivery(user, host);
            let arguments = Arguments { settings: &settings, mailer: &mailer, delivery: &delivery };
            arguments.place(word, &delivery.targets[0], b"/home/joe")
        };
        assert_eq!(place(b"\x81d/\x81u", b"joe", b"").as_deref(), Ok(&b"/site/joe"[..]));
        assert_eq!(place(b"\x81z/x\x81f", b"joe", b"").as_deref(), Ok(&b"/home/joe/x"[..]));
        for host in [&b"../x"[..], b"/etc", b"..", b"a/b"] {
            assert_eq!(place(b"\x81z/\x81h", b"joe", host), Err(Unsafe));
            assert_eq!(place(b"/site/\x81u", host, b""), Err(Unsafe));
        }
    }

    #[test]
    fn as_root_no_word_of_the_front_is_an_option_or_a_path_of_others() {
        let settings = KeeperSettings::from(&Config::default());
        let mailer = mailer(b"S", &[b"procmail", b"-m", b"\x81h", b"-a\x81u", b"\x81f"]);
        let words = |host: &[u8], as_root| {
            let delivery = delivery(b"u", host);
            let arguments = Arguments { settings: &settings, mailer: &mailer, delivery: &delivery };
            arguments.words(b"", as_root).map(|words| words.join(&b' '))
        };
        assert_eq!(words(b"rc", true).as_deref(), Ok(&b"procmail -m rc -au ann@a.example"[..]));
        assert_eq!(words(b"/etc/rc", true).as_deref(), Ok(&b"procmail -m /etc/rc -au ann@a.example"[..]));
        for host in [&b"-x"[..], b"A=b", b"/tmp/rc", b"tmp/rc", b"/etc/../tmp/rc"] {
            assert_eq!(words(host, true), Err(Unsafe), "{}", host.escape_ascii());
            assert!(words(host, false).is_ok());
        }
    }
}
