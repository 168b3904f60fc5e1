//! K lines.

use super::load::{Loader, MAX_LINE};
use super::rulesets::MapDecl;

/// How a class reads its arguments.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arguments {
    /// The usual flags, then a file that must be there.
    File,
    /// The usual flags, then perhaps something.
    Any,
    /// Read when the map is opened.
    Own,
    /// The names of maps.
    Members,
    /// -L level and other flags of its own.
    Syslog,
    /// -R type.
    Dns,
}

/// The map classes that a K line may name.
const CLASSES: &[(&str, Arguments)] = &[
    ("hash", Arguments::File),
    ("btree", Arguments::File),
    ("cdb", Arguments::File),
    ("implicit", Arguments::File),
    ("stab", Arguments::File),
    ("text", Arguments::File),
    ("program", Arguments::File),
    ("socket", Arguments::Any),
    ("switch", Arguments::Any),
    ("user", Arguments::Any),
    ("userdb", Arguments::Any),
    ("nis", Arguments::Any),
    ("nisplus", Arguments::Any),
    ("bestmx", Arguments::Any),
    ("null", Arguments::Any),
    ("dns", Arguments::Dns),
    ("host", Arguments::Own),
    ("ldap", Arguments::Own),
    ("arpa", Arguments::Own),
    ("macro", Arguments::Own),
    ("arith", Arguments::Own),
    ("dequote", Arguments::Own),
    ("regex", Arguments::Own),
    ("sequence", Arguments::Members),
    ("syslog", Arguments::Syslog),
];

/// Flags without a text behind them, and flags with one, of the usual parser.
const PLAIN: &[u8] = b"NOofmAqDt";
const WITH_TEXT: &[u8] = b"aTkvzSd";

impl Loader<'_> {
    /// `Kname class arguments`
    pub(super) fn map_line(&mut self, text: &[u8]) {
        let line = self.expanded(text, MAX_LINE);
        let line = line.trim_ascii_start();
        let name_end = match line.first() {
            Some(first) if first.is_ascii_alphanumeric() => {
                let more = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_.".contains(byte);
                line.iter().take_while(more).count()
            }
            _ => 0,
        };
        let (name, rest) = line.split_at(name_end);
        if name.is_empty() {
            self.error("readcf: config K line: no map name");
            return;
        }
        // a character that no name may hold ends the name and is passed over with the blanks
        let rest = match rest.first() {
            Some(byte) if !byte.is_ascii_whitespace() => &rest[1..],
            _ => rest,
        };
        let rest = rest.trim_ascii_start();
        let class_end = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let (class, args) = rest.split_at(class_end);
        if class.is_empty() {
            self.error([b"readcf: config K line, map ", name, b": no map class"].concat());
            return;
        }
        self.declare_map(name, class, args.trim_ascii_start());
    }

    /// Makes a map, or replaces the one of that name.
    pub(super) fn declare_map(&mut self, name: &[u8], class: &[u8], args: &[u8]) {
        let known = CLASSES.iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(class));
        // cdb is ours beyond the reference
        let Some((_, arguments)) = known else {
            self.error([b"readcf: map ", name, b": class ", class, b" not available"].concat());
            return;
        };
        let (valid, file) = self.check_map_args(name, class, *arguments, args);
        let decl = MapDecl {
            name: name.to_vec(),
            class: class.to_ascii_lowercase(),
            args: args.to_vec(),
            line: self.at,
            valid,
        };
        if self.traces(37, 5) {
            self.trace_map(&decl, &file);
        }
        match self.config.maps.iter_mut().find(|old| old.name.eq_ignore_ascii_case(name)) {
            Some(old) => *old = decl,
            None => self.config.maps.push(decl),
        }
    }

    /// Complains as the class's own parser does; is the map usable, and what is its file?
    fn check_map_args(
        &mut self,
        name: &[u8],
        class: &[u8],
        arguments: Arguments,
        args: &[u8],
    ) -> (bool, Vec<u8>) {
        match arguments {
            Arguments::Own => (true, Vec::new()),
            Arguments::Members => (self.check_members(name, args), Vec::new()),
            Arguments::Syslog => (self.check_syslog(name, args), Vec::new()),
            Arguments::Dns => (self.check_dns(name, args), Vec::new()),
            Arguments::Any => (true, self.usual_args(name, args)),
            Arguments::File => {
                let file = self.usual_args(name, args);
                if file.is_empty() {
                    self.error([b"No file name for ", class, b" map ", name].concat());
                }
                (!file.is_empty(), file)
            }
        }
    }

    /// Passes over the usual flags; complains of others. The file name that follows.
    fn usual_args(&mut self, name: &[u8], args: &[u8]) -> Vec<u8> {
        let mut rest = args.trim_ascii_start();
        while let [b'-', flag, after @ ..] = rest {
            let end = after.iter().position(u8::is_ascii_whitespace).unwrap_or(after.len());
            if !PLAIN.contains(flag) && !WITH_TEXT.contains(flag) {
                self.error([b"Illegal option ", &[*flag][..], b" map ", name].concat());
            }
            rest = after[end..].trim_ascii_start();
        }
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        rest[..end].to_vec()
    }

    fn check_members(&mut self, name: &[u8], args: &[u8]) -> bool {
        for member in
            args.split(|byte| byte.is_ascii_whitespace() || *byte == b',').filter(|word| !word.is_empty())
        {
            if !self.config.maps.iter().any(|map| map.name.eq_ignore_ascii_case(member)) {
                self.error([b"Sequence map ", name, b": unknown member map ", member].concat());
            }
        }
        true
    }

    fn check_syslog(&mut self, name: &[u8], args: &[u8]) -> bool {
        const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
        let mut words = args.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let mut valid = true;
        while let Some(word) = words.next() {
            let [b'-', flag, rest @ ..] = word else { break };
            match flag {
                b'L' => {
                    let level = if rest.is_empty() { words.next().unwrap_or_default() } else { rest };
                    let bare = level.to_ascii_lowercase();
                    let bare = bare.strip_prefix(b"log_").unwrap_or(&bare);
                    if !LEVELS.iter().any(|known| known.as_bytes() == bare) {
                        self.error([b"syslog_map_parseargs: Unknown priority ", level].concat());
                        valid = false;
                    }
                }
                b'D' | b'S' => {}
                other => self.error([b"Illegal option ", &[*other][..], b" map syslog"].concat()),
            }
        }
        let _ = name;
        valid
    }

    fn check_dns(&mut self, name: &[u8], args: &[u8]) -> bool {
        const TYPES: [&str; 10] = ["a", "aaaa", "afsdb", "cname", "mx", "ns", "ptr", "srv", "txt", "tlsa"];
        let mut words = args.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let mut valid = false;
        while let Some(word) = words.next() {
            let Some(kind) = word.strip_prefix(b"-R") else { continue };
            let kind = if kind.is_empty() { words.next().unwrap_or_default() } else { kind };
            valid = TYPES.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(kind));
            if !valid {
                self.error([b"dns map ", name, b": wrong type ", kind].concat());
            }
        }
        if !valid {
            self.error([b"dns map ", name, b": missing -R type"].concat());
        }
        valid
    }

    fn trace_map(&mut self, map: &MapDecl, file: &[u8]) {
        let file = if file.is_empty() { b"(null)" } else { file };
        let flags = if map.class == b"macro" || map.class == b"arith" || map.class == b"dequote" {
            "10001"
        } else if file == b"(null)" && !map.valid {
            "300"
        } else {
            "301"
        };
        self.say(
            [
                b"map ",
                &map.name[..],
                b", class ",
                &map.class,
                b", flags ",
                flags.as_bytes(),
                b", file ",
                file,
                b",",
            ]
            .concat(),
        );
        self.say("\tapp (null), domain (null), rebuild (null)");
    }
}
