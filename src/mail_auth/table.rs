//! The table of keys: which domain signs with what.

use super::dkim::Algorithm;

/// One line: `domain selector keyfile [algorithm]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Row {
    /// In lower case; `.domain`: what lies below it; `*`: what no other line is about.
    domain: Vec<u8>,
    pub(super) selector: Vec<u8>,
    pub(super) path: Vec<u8>,
    pub(super) algorithm: Option<Algorithm>,
}

/// All lines.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Table(pub(super) Vec<Row>);

impl Table {
    /// Reads a table. Lines that begin with `#`, and empty ones, say nothing.
    ///
    /// # Errors
    /// The first line that is none, and why.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let mut rows = Vec::new();
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let words: Vec<&[u8]> = words.collect();
            if words.is_empty() || line.starts_with(b"#") {
                continue;
            }
            rows.push(row(&words).map_err(|why| format!("line {}: {why}", number + 1))?);
        }
        Ok(Self(rows))
    }

    /// The lines for a domain, and the domain that signs (`d=`): its own ones, else those of the nearest domain above it,
    /// else those for all.
    pub(super) fn rows<'t>(&'t self, domain: &'t [u8]) -> (&'t [u8], Vec<&'t Row>) {
        let of = |name: &[u8]| self.0.iter().filter(|row| row.domain == name).collect::<Vec<_>>();
        let mut found = (domain, of(domain));
        let mut rest = domain;
        while found.1.is_empty()
            && let Some(dot) = memchr::memchr(b'.', rest)
        {
            found = (&rest[dot + 1..], of(&rest[dot..]));
            rest = &rest[dot + 1..];
        }
        if found.1.is_empty() { (domain, of(b"*")) } else { found }
    }
}

fn row(words: &[&[u8]]) -> Result<Row, String> {
    let (Some(domain), Some(selector), Some(path)) = (words.first(), words.get(1), words.get(2)) else {
        return Err("a domain, a selector and the file of a key are wanted".into());
    };
    // they come to stand in a header field
    let is_name = |name: &[u8]| name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte));
    if !(is_name(domain) || *domain == b"*") || !is_name(selector) {
        return Err("domain and selector are names".into());
    }
    if words.len() > 4 {
        return Err("nothing stands behind the algorithm".into());
    }
    let algorithm = match words.get(3) {
        None => None,
        Some(name) => Some(Algorithm::named(name).ok_or("the algorithm is rsa-sha256 or ed25519-sha256")?),
    };
    Ok(Row {
        domain: domain.to_ascii_lowercase(),
        selector: selector.to_vec(),
        path: path.to_vec(),
        algorithm,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[u8] = b"# keys\nsite.example a /keys/a\nSite.example b /keys/b ed25519-sha256\n\n.site.example c /keys/c\n* d /keys/d\n";

    #[test]
    fn the_nearest_line_counts() {
        let table = Table::read(TABLE).expect("a table");
        let shown = |domain: &str| {
            let (signs, rows) = table.rows(domain.as_bytes());
            let selectors: Vec<_> = rows.iter().map(|row| String::from_utf8_lossy(&row.selector)).collect();
            format!("{} {}", String::from_utf8_lossy(signs), selectors.join(","))
        };
        assert_eq!(shown("site.example"), "site.example a,b");
        assert_eq!(shown("x.y.site.example"), "site.example c");
        assert_eq!(shown("other.example"), "other.example d");
        assert_eq!(Table::default().rows(b"site.example").1, Vec::<&Row>::new());
    }

    #[test]
    fn lines_that_are_none() {
        let said = |text: &str| Table::read(text.as_bytes()).expect_err("an error");
        assert_eq!(
            said("\nsite.example a\n"),
            "line 2: a domain, a selector and the file of a key are wanted"
        );
        assert_eq!(said("a;b s /k"), "line 1: domain and selector are names");
        assert_eq!(said("a s /k rsa-sha1"), "line 1: the algorithm is rsa-sha256 or ed25519-sha256");
        assert_eq!(said("a s /k rsa-sha256 x"), "line 1: nothing stands behind the algorithm");
    }
}
