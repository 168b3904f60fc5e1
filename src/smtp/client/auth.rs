//! AUTH (RFC 4954), the client's side: one exchange over an open connection.

use super::answer::{Answer, ConnectionError};
use super::connection::ServerConnection;
use crate::sasl::{ClientFacts, Mechanism};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;

/// Challenges of one exchange; no mechanism has more than three.
const MAX_CHALLENGES: usize = 16;

impl ServerConnection {
    /// Logs in by a mechanism; the server's last answer. What is said goes into no report: it would help to find the
    /// password out.
    ///
    /// # Errors
    /// The connection broke, the limit passed, or what came is no answer.
    pub async fn authenticate(
        &mut self,
        mechanism: &Mechanism,
        facts: ClientFacts,
        limit: Duration,
    ) -> Result<Answer, ConnectionError> {
        let mut client = (mechanism.client)(facts);
        let command = format!("AUTH {}", mechanism.name).into_bytes();
        let mut line = match client.initial() {
            // RFC 4954, section 4: an empty response would be mistaken for none
            Some(text) if text.is_empty() => [&command[..], b" ="].concat(),
            Some(text) => [&command[..], b" ", STANDARD.encode(text).as_bytes()].concat(),
            None => command,
        };
        for _ in 0..MAX_CHALLENGES {
            let answer = self.dialogue(&line, limit).await?;
            if answer.code != 334 {
                return Ok(answer);
            }
            let challenge = answer.first_line().get(4..).unwrap_or_default().trim_ascii();
            let response = STANDARD.decode(challenge).ok().and_then(|challenge| client.respond(&challenge));
            match response {
                Some(text) => line = STANDARD.encode(text).into_bytes(),
                None => break,
            }
        }
        self.dialogue(b"*", limit).await
    }

    async fn dialogue(&mut self, line: &[u8], limit: Duration) -> Result<Answer, ConnectionError> {
        self.send_command(line, limit).await?;
        // no secret stands in a report; an empty line, the last of some mechanisms, is no command there, as with sendmail
        if !line.is_empty() {
            self.note_command(b"AUTH dialogue");
        }
        self.answer(limit).await
    }
}
