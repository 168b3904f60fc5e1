//! The message that has come: from whom, for whom, and whether a program may answer it (RFC 3834, section 2).

use crate::message::{Collector, Header};

/// What counts of a message.
#[derive(Default)]
pub(super) struct Incoming {
    /// The envelope sender, from the `From ` line in front.
    pub(super) sender: Option<Vec<u8>>,
    fields: Vec<Header>,
}

/// Ends of local parts that are lists' and programs'; whole ones; and how such a one may begin.
const ENDS: [&[u8]; 3] = [b"-request", b"-relay", b"-owner"];
const NAMES: [&[u8]; 4] = [b"postmaster", b"uucp", b"mailer-daemon", b"mailer"];
const BEGINNING: &[u8] = b"owner-";

/// Nobody who reads answers: a list, a mail system, or the sender of a report.
pub(super) fn is_no_person(address: &[u8]) -> bool {
    let bare = address.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")).unwrap_or(address);
    let at = bare.iter().position(|byte| *byte == b'@').unwrap_or(bare.len());
    let name = bare[..at].to_ascii_lowercase();
    name.is_empty()
        || NAMES.contains(&name.as_slice())
        || name.starts_with(BEGINNING)
        || ENDS.iter().any(|end| name.ends_with(end))
}

impl Incoming {
    pub(super) fn read(text: &[u8]) -> Self {
        let mut sender = None;
        let mut rest = text;
        if let Some(line) = text.strip_prefix(b"From ") {
            let end = line.iter().position(|byte| *byte == b'\n').map_or(line.len(), |end| end + 1);
            rest = &line[end..];
            let word = line[..end].split(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default();
            sender = Some(word.to_vec()).filter(|word| !word.is_empty());
        }
        let (mut collector, mut body) = (Collector::default(), Vec::new());
        collector.push(rest, &mut body);
        Self { sender, fields: collector.finish(&mut body) }
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let named = move |field: &&Header| field.name.eq_ignore_ascii_case(name.as_bytes());
        self.fields.iter().filter(named).map(|field| field.value.trim_ascii())
    }

    /// No list has sent it, and no program.
    pub(super) fn wants_answer(&self) -> bool {
        let bulk = |value: &[u8]| {
            [&b"bulk"[..], b"junk", b"list"].iter().any(|word| value.eq_ignore_ascii_case(word))
        };
        let by_person = |value: &[u8]| {
            let word = value.split(|byte| matches!(byte, b';' | b' ' | b'\t')).next().unwrap_or_default();
            word.eq_ignore_ascii_case(b"no")
        };
        !self.values("Precedence").any(bulk)
            && self.values("Auto-Submitted").all(by_person)
            && self.values("List-Id").next().is_none()
    }

    /// Does To or Cc name one of these?
    pub(super) fn is_for(&self, names: &[Vec<u8>]) -> bool {
        let mut values = self.values("To").chain(self.values("Cc"));
        values.any(|value| names.iter().any(|name| holds_word(value, name)))
    }
}

/// Does a text hold a name that is no part of a longer one?
fn holds_word(text: &[u8], name: &[u8]) -> bool {
    let part = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    !name.is_empty()
        && text.windows(name.len()).enumerate().any(|(at, word)| {
            let before = at.checked_sub(1).and_then(|at| text.get(at));
            let behind = text.get(at + name.len());
            word.eq_ignore_ascii_case(name) && !part(before) && !part(behind)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incoming(header: &str) -> Incoming {
        Incoming::read(format!("From ann@b.example Tue Dec  1 00:00:00 2026\n{header}\nbody\n").as_bytes())
    }

    #[test]
    fn lists_and_programs_get_no_answer() {
        for header in ["", "Precedence: first-class\n", "Auto-Submitted: no; x\n", "Subject: bulk\n"] {
            assert!(incoming(header).wants_answer(), "{header}");
        }
        for header in [
            "Precedence: bulk\n",
            "precedence:Junk\n",
            "Precedence: list\n",
            "Auto-Submitted: auto-replied\n",
            "List-Id: <x.example>\n",
        ] {
            assert!(!incoming(header).wants_answer(), "{header}");
        }
        for address in
            ["", "<>", "Postmaster@x", "MAILER-DAEMON", "list-request@x", "OWNER-list@x", "a-relay", "uucp"]
        {
            assert!(is_no_person(address.as_bytes()), "{address}");
        }
        for address in ["ann@b.example", "xpostmaster@x", "request@x", "ann@list-request"] {
            assert!(!is_no_person(address.as_bytes()), "{address}");
        }
    }

    #[test]
    fn names_are_looked_for_in_to_and_cc() {
        let for_joe = |header: &str| incoming(header).is_for(&[b"joe".to_vec(), b"info".to_vec()]);
        for header in [
            "To: Joe <JOE@x>\n",
            "To: a@x,\n joe@x\n",
            "Cc: info@x\n",
            "To: a (joe)\n",
            "To: joe.x@x\n",
            "To: joe+a@x\n",
        ] {
            assert!(for_joe(header), "{header}");
        }
        for header in ["", "To: bob@x\n", "To: joey@x\n", "To: xjoe@x\n", "Bcc: joe@x\n"] {
            assert!(!for_joe(header), "{header}");
        }
        assert_eq!(incoming("").sender.as_deref(), Some(&b"ann@b.example"[..]));
        assert_eq!(Incoming::read(b"From \nTo: joe\n\n").sender, None);
        assert_eq!(Incoming::read(b"To: joe\n\n").sender, None);
    }
}
