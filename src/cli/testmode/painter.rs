//! Colours for a terminal: each ruleset's name has the colour of its depth, so that the `input:` and
//! `returns:` of one call can be found at a glance.
//!
//! In: lines as sendmail prints them. Out: the same text with escape sequences around parts of it.

/// Colours by depth of the call (SGR codes); deeper calls begin anew.
const BY_DEPTH: [&[u8]; 6] = [b"36", b"33", b"35", b"32", b"34", b"31"];
const RESULT: &[u8] = b"1";
const COMPLAINT: &[u8] = b"31";

/// How complaints begin.
const COMPLAINTS: [&[u8]; 8] = [
    b"Undefined",
    b"Unknown ",
    b"Usage: ",
    b"No address!",
    b"No key",
    b"Cannot parse",
    b"== Ruleset ",
    b"Map named ",
];

/// Columns of a ruleset's name in a trace line.
const NAME: usize = 16;

/// Knows how deep the calls are.
#[derive(Default)]
pub(super) struct Painter {
    depth: usize,
}

impl Painter {
    /// A command begins: no call is open.
    pub fn restart(&mut self) {
        self.depth = 0;
    }

    /// Paints whole lines; what stands after the last line end is taken over as it is.
    pub fn paint(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() * 2);
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(line) => {
                    self.line(line, &mut out);
                    out.push(b'\n');
                }
                None => out.extend_from_slice(line),
            }
        }
        out
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let rest = line.get(NAME..).unwrap_or_default();
        if rest.starts_with(b"   input:") {
            coloured(BY_DEPTH[self.depth % BY_DEPTH.len()], &line[..NAME], out);
            out.extend_from_slice(rest);
            self.depth += 1;
        } else if let Some(result) = rest.strip_prefix(b" returns:") {
            self.depth = self.depth.saturating_sub(1);
            coloured(BY_DEPTH[self.depth % BY_DEPTH.len()], &line[..NAME], out);
            out.extend_from_slice(b" returns:");
            match self.depth {
                0 => coloured(RESULT, result, out),
                _ => out.extend_from_slice(result),
            }
        } else if COMPLAINTS.iter().any(|begin| line.starts_with(begin)) {
            coloured(COMPLAINT, line, out);
        } else {
            out.extend_from_slice(line);
        }
    }
}

fn coloured(code: &[u8], text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"\x1b[");
    out.extend_from_slice(code);
    out.push(b'm');
    out.extend_from_slice(text);
    out.extend_from_slice(b"\x1b[0m");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_keeps_its_colour() {
        let trace =
            b"canonify           input: a\nCanonify2          input: a\nCanonify2        returns: b\n\
                      canonify         returns: b\nUndefined ruleset x\nmap_lookup: m (k) ";
        let painted = Painter::default().paint(trace);
        insta::assert_snapshot!(String::from_utf8_lossy(&painted).replace('\x1b', "ESC"), @r"
        ESC[36mcanonify        ESC[0m   input: a
        ESC[33mCanonify2       ESC[0m   input: a
        ESC[33mCanonify2       ESC[0m returns: b
        ESC[36mcanonify        ESC[0m returns:ESC[1m bESC[0m
        ESC[31mUndefined ruleset xESC[0m
        map_lookup: m (k) 
        ");
        let plain = String::from_utf8_lossy(&painted).replace("\x1b[", "\u{1}");
        let plain =
            regex::Regex::new("\u{1}[0-9]*m").expect("a pattern").replace_all(&plain, "").into_owned();
        assert_eq!(plain.as_bytes(), trace);
    }
}
