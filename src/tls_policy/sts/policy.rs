//! The text of a policy (RFC 8461, 3.2).

/// The longest text that is read, in bytes.
pub(in super::super) const MAX_POLICY: usize = 64 * 1024;
/// About a year, in seconds: nothing is believed longer.
const MAX_AGE: i64 = 31_557_600;

/// What a domain wants its policy for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mode {
    /// Mail waits rather than go elsewhere.
    Enforce,
    /// What would wait is to be told of only.
    Testing,
    /// It has no policy any more.
    None,
}

const MODES: [Mode; 3] = [Mode::Enforce, Mode::Testing, Mode::None];

impl Mode {
    /// The word of the policy.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Testing => "testing",
            Self::None => "none",
        }
    }
}

/// A domain's policy.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(in super::super) struct StsPolicy {
    pub(in super::super) mode: Mode,
    /// How long it is believed, in seconds.
    pub(in super::super) max_age: i64,
    /// Names of hosts; `*.` stands for one label.
    mx: Vec<String>,
}

impl StsPolicy {
    /// Reads a text. Of a key that is there twice the first line counts, unknown keys count for nothing.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(in super::super) fn parse(text: &[u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(text).map_err(|_| "not a text")?;
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        let pairs: Vec<(&str, &str)> = lines.map(|(key, value)| (key.trim(), value.trim())).collect();
        let first = |key: &str| pairs.iter().find(|(known, _)| *known == key).map(|(_, value)| *value);
        if first("version") != Some("STSv1") {
            return Err("no version STSv1");
        }
        let mode = first("mode").and_then(|word| MODES.into_iter().find(|mode| mode.name() == word));
        let mode = mode.ok_or("no mode that is known")?;
        let digits =
            |value: &&str| (1..=10).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
        let max_age: Option<i64> = first("max_age").filter(digits).and_then(|value| value.parse().ok());
        let max_age = max_age.ok_or("no max_age")?.min(MAX_AGE);
        let mx = pairs.iter().filter(|(key, _)| *key == "mx");
        let mx: Vec<String> = mx.map(|(_, value)| value.trim_end_matches('.').to_ascii_lowercase()).collect();
        if mx.is_empty() && mode != Mode::None {
            return Err("no mx");
        }
        Ok(Self { mode, max_age, mx })
    }

    /// Its text, line by line.
    pub(in super::super) fn lines(&self) -> Vec<String> {
        let head = ["version: STSv1".to_owned(), format!("mode: {}", self.mode.name())];
        let hosts = self.mx.iter().map(|mx| format!("mx: {mx}"));
        head.into_iter().chain(hosts).chain([format!("max_age: {}", self.max_age)]).collect()
    }

    /// The hosts that it names.
    pub(in super::super) fn hosts(&self) -> Vec<String> {
        self.mx.clone()
    }

    /// Does it name this host (RFC 8461, 4.1)?
    pub(in super::super) fn lists(&self, host: &[u8]) -> bool {
        let host = String::from_utf8_lossy(host.strip_suffix(b".").unwrap_or(host)).to_ascii_lowercase();
        let behind = host.split_once('.').map(|(_, behind)| behind);
        self.mx.iter().any(|mx| *mx == host || mx.strip_prefix("*.").is_some_and(|rest| Some(rest) == behind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read() {
        let text = b"version: STSv1\r\nmode: enforce\r\nmx: MX.site.example\r\nmx: *.out.example.\r\nnew: thing\r\nmax_age: 604800\r\n";
        let policy = StsPolicy::parse(text).expect("a policy");
        assert_eq!((policy.mode, policy.max_age), (Mode::Enforce, 604_800));
        let listed = |host: &str| policy.lists(host.as_bytes());
        assert!(listed("mx.site.example.") && listed("a.OUT.example"));
        assert!(!listed("out.example") && !listed("a.b.out.example") && !listed("site.example"));
    }

    #[test]
    fn what_is_no_policy() {
        let wrong = |text: &[u8]| StsPolicy::parse(text).expect_err("no policy");
        assert_eq!(wrong(b"<html>"), "no version STSv1");
        assert_eq!(wrong(b"version: STSv1\nmode: maybe\nmx: a\nmax_age: 1"), "no mode that is known");
        assert_eq!(wrong(b"version: STSv1\nmode: testing\nmax_age: 1"), "no mx");
        assert_eq!(wrong(b"version: STSv1\nmode: none\nmax_age: -1"), "no max_age");
        assert_eq!(wrong(b"\xff"), "not a text");
        let longest = StsPolicy::parse(b"version: STSv1\nmode: none\nmax_age: 9999999999").expect("a policy");
        assert_eq!(longest.max_age, MAX_AGE);
    }
}
