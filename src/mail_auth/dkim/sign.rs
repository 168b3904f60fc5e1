//! The DKIM-Signature field of a message that goes out.

use super::canonical::{self, BodyDigest, Form};
use super::fields::{Field, Fields};
use super::key::SigningKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What is signed where it is there (RFC 6376, 5.4.1). Trace fields are not: every host adds to them.
const SIGNED: [&str; 22] = [
    "From",
    "Reply-To",
    "Sender",
    "Subject",
    "Date",
    "Message-ID",
    "To",
    "Cc",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-ID",
    "Content-Description",
    "In-Reply-To",
    "References",
    "Resent-From",
    "Resent-Date",
    "Resent-To",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Post",
];
/// These are named once more than they are there: one that somebody adds breaks the signature.
const SEALED: [&str; 1] = ["From"];
/// Columns of a line of the field.
const WIDTH: usize = 72;

/// A message whose signature is being made: its header, and more and more of its body.
pub struct Signing {
    /// Lines ending in CR LF.
    header: Vec<u8>,
    header_ended: bool,
    body: BodyDigest,
}

impl Default for Signing {
    fn default() -> Self {
        Self { header: Vec::new(), header_ended: false, body: BodyDigest::new(Form::Relaxed, None) }
    }
}

impl Signing {
    /// The next bytes of the message: header, blank line and body, as they go out but for doubled dots.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.header_ended {
            return self.body.write(bytes);
        }
        // the end may lie across two pieces
        let from = self.header.len().saturating_sub(3);
        self.header.extend_from_slice(bytes);
        let blank = match self.header.starts_with(b"\r\n") {
            true => Some(0),
            false => memchr::memmem::find(&self.header[from..], b"\r\n\r\n").map(|at| from + at + 2),
        };
        if let Some(blank) = blank {
            let body = self.header.split_off(blank + 2);
            self.header.truncate(blank);
            self.header_ended = true;
            self.body.write(&body);
        }
    }

    /// The header, once it has come to its end.
    pub fn fields(&self) -> Fields<'_> {
        Fields::of(&self.header)
    }

    /// The fields for these keys (domain, selector, key), each in lines ending in LF; `now`: seconds since the epoch.
    ///
    /// # Errors
    /// A key does not sign: there is no field at all then.
    pub fn finish(self, keys: &[(&[u8], &[u8], &SigningKey)], now: i64) -> Result<Vec<u8>, String> {
        let Self { header, body, .. } = self;
        let fields = Fields::of(&header);
        let digest = STANDARD.encode(body.finish().0);
        let (named, signed) = chosen(&fields);
        let mut made = Vec::new();
        for (domain, selector, key) in keys {
            let algorithm = key.algorithm().name();
            let mut value = format!(
                " v=1; a={algorithm}; c=relaxed/relaxed; t={now};\n\td={}; s={};\n\th={};\n\tbh={digest};\n\tb=",
                String::from_utf8_lossy(domain),
                String::from_utf8_lossy(selector),
                folded(&named.split_inclusive(':').collect::<Vec<_>>()),
            );
            let own = Field { name: b"dkim-signature", value: value.as_bytes(), raw: b"" };
            let mut text = signed.clone();
            canonical::field(Form::Relaxed, &own, &mut text);
            text.truncate(text.len() - 2);
            let signature = STANDARD.encode(key.sign(&text)?);
            let pieces: Vec<String> = signature
                .as_bytes()
                .chunks(WIDTH)
                .map(|piece| String::from_utf8_lossy(piece).into_owned())
                .collect();
            value.push_str(&pieces.join("\n\t "));
            made.extend_from_slice(format!("DKIM-Signature:{value}\n").as_bytes());
        }
        Ok(made)
    }
}

/// `h=`, and the fields that it names, in their form.
fn chosen(fields: &Fields<'_>) -> (String, Vec<u8>) {
    let (mut names, mut signed) = (Vec::new(), Vec::new());
    for name in SIGNED {
        for field in fields.from_below(name.as_bytes()) {
            canonical::field(Form::Relaxed, &field, &mut signed);
            names.push(name);
        }
    }
    names.extend(SEALED);
    (names.join(":"), signed)
}

/// Words in lines.
fn folded(words: &[&str]) -> String {
    let (mut text, mut column) = (String::new(), 0);
    for word in words {
        if column + word.len() > WIDTH && column > 0 {
            text.push_str("\n\t ");
            column = 0;
        }
        text.push_str(word);
        column += word.len();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ED25519, UnparsedPublicKey};

    /// The key and the message of RFC 8463, appendix A.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    const MESSAGE: &str = "From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\n\
        Subject: Is dinner ready?\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
        Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\nHi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";

    fn signed(pieces: usize) -> String {
        let key = SigningKey::from_pem(KEY.as_bytes()).expect("a key");
        let mut signing = Signing::default();
        MESSAGE.as_bytes().chunks(pieces).for_each(|piece| signing.write(piece));
        let made = signing
            .finish(&[(b"football.example.com", b"brisbane", &key)], 1_528_637_909)
            .expect("a signature");
        String::from_utf8(made).expect("text")
    }

    #[test]
    fn the_message_of_rfc_8463() {
        let field = signed(MESSAGE.len());
        // the digest that appendix A.3 has
        assert!(field.contains("bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;"), "{field}");
        assert!(field.contains("h=From:Subject:Date:Message-ID:To:From;"), "{field}");
        let (before, signature) = field.split_once("\tb=").expect("b=");
        let signature = STANDARD.decode(signature.replace("\n\t ", "").trim()).expect("base64");
        let unfolded =
            before.split_whitespace().collect::<Vec<_>>().join(" ").replace("DKIM-Signature: ", "");
        let text = format!(
            "from:Joe SixPack <joe@football.example.com>\r\nsubject:Is dinner ready?\r\ndate:Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
             message-id:<20030712040037.46341.5F8J@football.example.com>\r\nto:Suzie Q <suzie@shopping.example.net>\r\n\
             dkim-signature:{unfolded} b="
        );
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        let public = STANDARD.decode(PUBLIC).expect("base64");
        UnparsedPublicKey::new(&ED25519, public)
            .verify(digest.as_ref(), &signature)
            .expect("a good signature");
    }

    #[test]
    fn pieces_make_no_difference() {
        assert!([1, 2, 3, 7, 100].into_iter().all(|pieces| signed(pieces) == signed(MESSAGE.len())));
        assert!(signed(9).lines().all(|line| line.len() <= 78), "{}", signed(9));
    }

    #[test]
    fn what_is_no_key() {
        let said = |text: &str| SigningKey::from_pem(text.as_bytes()).err().unwrap_or_default();
        assert_eq!(said("nothing"), "there is no private key in it");
        assert_eq!(said(&KEY.replace("MC4C", "MC4D")), "the key is of no use (InvalidEncoding)");
    }
}
