//! M lines.

use super::load::Loader;
use super::mailers::{Mailer, MailerId, RewriteSet};
use super::numbers::{leading_int, parse_int, parse_time};
use super::rulesets::RulesetId;
use crate::addr::op;
use crate::cf::equates;
use crate::schema::UserIds;

/// Mailers of one cf, the built-in ones included.
const MAX_MAILERS: usize = 25;

impl Loader<'_> {
    /// The mailers every configuration has.
    pub(super) fn built_in_mailers(&mut self) {
        let lines: [&[u8]; 3] = [
            b"prog, P=/bin/sh, F=lsouDq9, T=X-Unix/X-Unix/X-Unix, A=sh -c \x81u",
            b"*file*, P=[FILE], F=lsDFMPEouq9, T=X-Unix/X-Unix/X-Unix, A=FILE \x81u",
            b"*include*, P=/dev/null, F=su, A=INCLUDE \x81u",
        ];
        for line in lines {
            self.mailer_line(line);
        }
    }

    /// `Mname, key=value, …`
    pub(super) fn mailer_line(&mut self, text: &[u8]) {
        let end =
            text.iter().position(|byte| *byte == b',' || crate::addr::is_space(byte)).unwrap_or(text.len());
        let name = &text[..end];
        if name.is_empty() {
            self.error("name required for mailer");
            return;
        }
        let (name_bytes, line) = (name.to_vec(), self.first_line);
        let mut mailer = Mailer { name: name_bytes, max_recipients: 100, line, ..Mailer::default() };
        let rest = text.get(end + 1..).unwrap_or_default();
        let prefix = [b"mailer ", name].concat();
        let (fields, complete) = equates(rest);
        for field in fields {
            if !self.mailer_equate(&mut mailer, field.key, &field.value) {
                return;
            }
        }
        if !complete {
            self.equals_expected(&prefix);
        } else if self.mailer_is_complete(&mut mailer) {
            self.enter_mailer(mailer);
        }
    }

    /// Sets one equate; false drops the whole mailer.
    fn mailer_equate(&mut self, mailer: &mut Mailer, key: u8, value: &[u8]) -> bool {
        let says = |name: &[u8], what: &str| [b"mailer ", name, b": ", what.as_bytes()].concat();
        match key {
            b'P' => mailer.path = value.to_vec(),
            b'F' => {
                for letter in value.iter().filter(|byte| **byte < 128 && !crate::addr::is_space(byte)) {
                    mailer.flags |= 1 << letter;
                }
            }
            b'S' | b'R' => {
                let Some(set) = self.rewrite_set(value) else { return false };
                if key == b'S' { mailer.sender = set } else { mailer.recipient = set }
            }
            b'E' if value.is_empty() => self.error(says(&mailer.name, "null end-of-line string")),
            b'E' => mailer.eol = value.to_vec(),
            b'A' => {
                let words = value.split(crate::addr::is_space).filter(|word| !word.is_empty());
                mailer.argv = words.map(<[u8]>::to_vec).collect();
            }
            b'M' => mailer.max_size = u64::try_from(leading_int(value)).unwrap_or(0),
            b'm' => mailer.max_messages = u32::try_from(leading_int(value)).unwrap_or(0),
            b'r' => {
                let count = leading_int(value);
                mailer.max_recipients = u32::try_from(count).ok().filter(|count| *count > 0).unwrap_or(100);
            }
            b'L' => mailer.line_limit = usize::try_from(leading_int(value)).unwrap_or(0),
            b'D' if value.is_empty() => self.error(says(&mailer.name, "null working directory")),
            b'D' => mailer.directory = value.to_vec(),
            b'C' if value.is_empty() => self.error(says(&mailer.name, "null charset")),
            b'C' => mailer.charset = value.to_vec(),
            b'T' => mailer.types = types(value),
            b'U' => self.mailer_user(mailer, value),
            b'N' => mailer.nice = leading_int(value) as i32,
            b'W' => {
                let (seconds, problem) = parse_time(value, b's');
                self.time_problem(&problem);
                mailer.wait = u32::try_from(seconds).unwrap_or(0);
            }
            b'Q' if value.is_empty() => self.error(says(&mailer.name, "null queue")),
            b'Q' => mailer.queue_group = Some(value.to_vec()),
            b'/' if value.is_empty() => self.error(says(&mailer.name, "null root directory")),
            b'/' => mailer.root = value.to_vec(),
            other => {
                self.error([b"M", &mailer.name[..], b": unknown mailer equate ", &[other], b"="].concat());
            }
        }
        if key == b'Q' && !value.is_empty() && !self.is_queue_group(value) {
            self.error([b"mailer ", &mailer.name[..], b": unknown queue ", value].concat());
            mailer.queue_group = None;
        }
        true
    }

    /// `set`, `envelope/header`; `None` drops the mailer.
    fn rewrite_set(&mut self, value: &[u8]) -> Option<RewriteSet> {
        let (envelope, length) = self.ruleset_id(value)?;
        let header = match value[length..].iter().position(|byte| *byte == b'/') {
            Some(slash) => self.ruleset_id(&value[length + slash + 1..])?.0,
            None => envelope,
        };
        let some = |id: RulesetId| (id.0 != 0).then_some(id);
        Some(RewriteSet { envelope: some(envelope), header: some(header) })
    }

    /// `user[:group]`, names or numbers.
    fn mailer_user(&mut self, mailer: &mut Mailer, value: &[u8]) {
        let end =
            value.iter().position(|byte| matches!(byte, b':' | b'/' | b'.' | b';')).unwrap_or(value.len());
        let (user, group) = (value[..end].trim_ascii(), value.get(end + 1..).map(<[u8]>::trim_ascii));
        if user.is_empty() {
            self.error([b"mailer ", &mailer.name[..], b": null user name"].concat());
            return;
        }
        let none = u32::MAX;
        let mut ids = mailer.user.unwrap_or(UserIds { uid: none, gid: none });
        if user[0].is_ascii_digit() {
            ids.uid = parse_int(user, 0).0 as u32;
        } else {
            match self.env.user(user) {
                Some(found) => ids = found,
                None => {
                    self.error([b"readcf: mailer U= flag: unknown user ", user].concat());
                    return;
                }
            }
        }
        mailer.user = Some(ids);
        let Some(group) = group.filter(|group| !group.is_empty()) else { return };
        if group[0].is_ascii_digit() {
            ids.gid = parse_int(group, 0).0 as u32;
        } else {
            match self.env.group(group) {
                Some(found) => ids.gid = found,
                None => {
                    self.error([b"readcf: mailer U= flag: unknown group ", group].concat());
                    // sendmail loses count here
                    self.config.mailer_numbers.restart();
                }
            }
        }
        mailer.user = Some(ids);
    }

    /// Checks and defaults once all equates are known; false drops the mailer.
    fn mailer_is_complete(&mut self, mailer: &mut Mailer) -> bool {
        let says = |name: &[u8], what: &str| [b"M", name, b": ", what.as_bytes()].concat();
        if mailer.argv.is_empty() {
            self.error(says(&mailer.name, "A= argument required"));
            return false;
        }
        if mailer.path.is_empty() {
            self.error(says(&mailer.name, "P= argument required"));
            return false;
        }
        let first = mailer.argv[0].clone();
        let complaint = match (mailer.path.as_slice(), mailer.argv.len()) {
            (b"[TCP]", _) => Some("P=[TCP] must be replaced by P=[IPC]"),
            (b"[IPC]", 1) => Some("too few parameters for [IPC] mailer"),
            (b"[FILE]", 1) => Some("too few parameters for [FILE] mailer"),
            (b"[FILE]", 3..) => Some("too many parameters for [FILE] mailer"),
            (b"[FILE]", _) if first != b"FILE" => Some("first argument in [FILE] mailer must be FILE"),
            _ => None,
        };
        if let Some(complaint) = complaint {
            self.error(says(&mailer.name, complaint));
            return false;
        }
        if mailer.is_ipc() && first != b"TCP" && first != b"FILE" {
            self.say(says(&mailer.name, "Warning: first argument in [IPC] mailer must be TCP or FILE"));
        }
        if mailer.is_ipc() {
            let third: &[u8] = if first == b"FILE" { b"x-unix" } else { b"smtp" };
            for (kind, usual) in mailer.types.iter_mut().zip([&b"dns"[..], b"rfc822", third]) {
                if kind.is_empty() {
                    *kind = usual.to_vec();
                }
            }
        }
        if mailer.eol.is_empty() {
            let per_user =
                mailer.argv.iter().any(|word| word.windows(2).any(|two| two == [op::MACRO_EXPAND, b'u']));
            mailer.eol = if per_user { b"\n".to_vec() } else { b"\r\n".to_vec() };
        }
        if mailer.has(b'L') && mailer.line_limit == 0 {
            mailer.line_limit = 990;
        }
        true
    }

    fn enter_mailer(&mut self, mailer: Mailer) {
        if self.config.mailer_numbers.next() >= MAX_MAILERS {
            self.error(format!("too many mailers defined ({MAX_MAILERS} max)"));
            return;
        }
        let id = match self.config.mailer(&mailer.name) {
            Some(id) => {
                self.config.mailers[id.0 as usize] = mailer;
                id
            }
            None => {
                self.config.mailers.push(mailer);
                MailerId(self.config.mailers.len() as u16 - 1)
            }
        };
        self.config.mailer_numbers.give(id);
    }

    /// Complains of letters that are no time units; not an error.
    pub(super) fn time_problem(&mut self, letters: &[u8]) {
        for letter in letters {
            self.misused = true;
            self.notice([b"Invalid time unit `", &[*letter][..], b"'"].concat());
        }
    }

    /// The message for a line that `cf::equates` calls incomplete.
    pub(super) fn equals_expected(&mut self, name: &[u8]) {
        self.error([name, b": `=' expected"].concat());
    }
}

/// `mta/address/diagnostic`; empty parts get the usual words.
fn types(value: &[u8]) -> [Vec<u8>; 3] {
    let mut parts = value.splitn(3, |byte| *byte == b'/');
    [&b"dns"[..], b"rfc822", b"smtp"].map(|usual| match parts.next() {
        None | Some(b"") => usual.to_vec(),
        Some(part) => part.to_vec(),
    })
}
