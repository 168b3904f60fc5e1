//! Who asks: the words behind a question, which may also stand alone and then hold for all that follows.

use super::words::{Word, Wrong};
use crate::analysis::question::{Question, parse_client};
use crate::diag::nearest;
use crate::smtp::server::Client;

/// Who asks, and what is said beside the question itself.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) client: Client,
    pub(super) helo: String,
    pub(super) sender: String,
    pub(super) auth: Option<String>,
    pub(super) tls: Option<String>,
    pub(super) headers: Vec<String>,
    /// The mailer whose forms are asked for.
    pub(super) mailer: Option<String>,
}

/// A stranger, as `explain` has him.
impl Default for Settings {
    fn default() -> Self {
        Self {
            client: parse_client("192.0.2.1=client.example").unwrap_or_default(),
            helo: "client.example".into(),
            sender: "sender@client.example".into(),
            auth: None,
            tls: None,
            headers: Vec::new(),
            mailer: None,
        }
    }
}

impl Settings {
    /// The session in which this is asked.
    pub(super) fn question(&self) -> Question {
        let mut macros = Vec::new();
        if let Some(id) = &self.auth {
            macros.push(("auth_authen", id.clone().into_bytes()));
            macros.push(("auth_type", b"PLAIN".to_vec()));
            macros.push(("auth_ssf", b"0".to_vec()));
        }
        macros.extend(self.tls.as_ref().map(|verify| ("verify", verify.clone().into_bytes())));
        Question {
            client: self.client.clone(),
            helo: self.helo.clone().into_bytes(),
            from: self.sender.clone().into_bytes(),
            macros,
            headers: self.headers.iter().map(|field| field.clone().into_bytes()).collect(),
            recipients: Vec::new(),
        }
    }
}

/// One keyword and the word that follows it.
struct Setting {
    keyword: &'static str,
    set: fn(&mut Settings, String) -> Result<(), String>,
}

const SETTINGS: &[Setting] = &[
    Setting {
        keyword: "from",
        set: |settings, text| parse_client(&text).map(|client| settings.client = client),
    },
    Setting { keyword: "helo", set: |settings, text| put(&mut settings.helo, text) },
    Setting { keyword: "sender", set: |settings, text| put(&mut settings.sender, text) },
    Setting { keyword: "auth", set: |settings, text| put(&mut settings.auth, Some(text)) },
    Setting { keyword: "tls", set: |settings, text| put(&mut settings.tls, Some(text)) },
    Setting { keyword: "via", set: |settings, text| put(&mut settings.mailer, Some(text)) },
    Setting {
        keyword: "header",
        set: |settings, text| match text.contains(':') {
            true => {
                settings.headers.push(text);
                Ok(())
            }
            false => Err("a header field is written \"Name: value\"".into()),
        },
    },
];

fn put<T>(place: &mut T, value: T) -> Result<(), String> {
    *place = value;
    Ok(())
}

/// Is this word one that says who asks?
pub(super) fn is_setting(word: &Word) -> bool {
    !word.quoted && SETTINGS.iter().any(|setting| setting.keyword == word.text)
}

/// Reads keywords with their words.
///
/// # Errors
/// The first that is none, or that lacks its word.
pub(super) fn read(words: &[Word], settings: &mut Settings) -> Result<(), Wrong> {
    for pair in words.chunks(2) {
        let keyword = &pair[0];
        let setting = SETTINGS.iter().find(|setting| setting.keyword == keyword.text && !keyword.quoted);
        let Some(setting) = setting else {
            let near = nearest(&keyword.text, SETTINGS.iter().map(|setting| setting.keyword));
            let all: Vec<&str> = SETTINGS.iter().map(|setting| setting.keyword).collect();
            let help = match near.first() {
                Some(near) => format!("did you mean `{near}'?"),
                None => format!("one of {}, or => and the answer", all.join(", ")),
            };
            return Err((keyword.column, format!("`{}' says nothing here", keyword.text), Some(help)));
        };
        let Some(value) = pair.get(1) else {
            return Err((keyword.column, format!("`{}' lacks its word", keyword.text), None));
        };
        (setting.set)(settings, value.text.clone()).map_err(|why| (value.column, why, None))?;
    }
    Ok(())
}
