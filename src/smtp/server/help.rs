//! HELP (RFC 5321, section 4.1.1.8): the lines of HelpFile that belong to a topic.

use super::acceptor::Acceptor;
use super::session::{Flow, Server, Session};
use super::verb_row::VerbRow;
use crate::addr;
use crate::engine::Scope;
use crate::rewrite::{Site, expand};
use crate::schema::{EnhancedStatus, Reply};
use crate::sys::accounts;
use crate::sys::safe::{self, Blame, Rules};

/// The longest topic, in bytes.
const MAX_TOPIC: usize = 10;

pub(super) const fn row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("HELP", |session, command| Box::pin(session.help(command.argument))).delayed_as("HELP")
}

impl<A: Acceptor> Session<A> {
    async fn help(&mut self, argument: &[u8]) -> Flow {
        let Some(file) = help_text(&self.server.policy.help_file, self.server.site.config.blame()).await
        else {
            let version = expand(&self.server.site, &self.scope, b"\x81v");
            let text = [b"Sendmail ", &version[..], b" -- HELP not implemented"].concat();
            self.error(&Reply::new(502, Some(EnhancedStatus(5, 3, 0)), text), None);
            return Flow::Continue;
        };
        // all that follows, blanks too, is one topic
        let topic = argument[..argument.len().min(MAX_TOPIC)].to_ascii_lowercase();
        let wanted: &[u8] = if topic.is_empty() { b"smtp" } else { &topic };
        let lines = topic_lines(&self.server.site, &self.scope, &file, wanted);
        if lines.is_empty() {
            let text = [b"HELP topic \"", &topic[..], b"\" unknown"].concat();
            self.error(&Reply::new(504, Some(EnhancedStatus(5, 3, 0)), text), None);
            return Flow::Continue;
        }
        for line in lines {
            self.put_line(b"214", Some(b"2.0.0"), &line, true);
        }
        self.say("214", Some("2.0.0"), b"End of HELP info");
        Flow::Continue
    }
}

/// The same outside of a session: whole replies.
pub async fn help_lines(server: &Server, topic: &[u8]) -> Vec<u8> {
    let scope = Scope::default();
    let reply = |code, text: &[u8]| Reply::new(code, Some(EnhancedStatus(5, 3, 0)), text).to_line();
    let Some(file) = help_text(&server.policy.help_file, server.site.config.blame()).await else {
        let version = expand(&server.site, &scope, b"\x81v");
        let text = [b"Sendmail ", &version[..], b" -- HELP not implemented"].concat();
        return [&reply(502, &text)[..], b"\r\n"].concat();
    };
    let lines = topic_lines(&server.site, &scope, &file, topic);
    if lines.is_empty() {
        let text = [b"HELP topic \"", topic, b"\" unknown"].concat();
        return [&reply(504, &text)[..], b"\r\n"].concat();
    }
    let mut text: Vec<u8> =
        lines.iter().flat_map(|line| [b"214-2.0.0 ", &line[..], b"\r\n"].concat()).collect();
    text.extend_from_slice(b"214 2.0.0 End of HELP info\r\n");
    text
}

/// The lines that begin with the topic, or with a longer one. Version 2 files have macros in them.
fn topic_lines(site: &Site, scope: &Scope, file: &[u8], topic: &[u8]) -> Vec<Vec<u8>> {
    let macros = file.strip_prefix(b"#vers").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"2"));
    let lines = file.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"#"));
    let text = |line: &'_ [u8]| {
        let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
        let rest = line.split_at(end).1;
        rest.strip_prefix(b"\t").unwrap_or(rest.trim_ascii_start()).to_vec()
    };
    let wanted = lines.filter(|line| line.starts_with(topic)).map(text);
    wanted
        .map(|line| match macros {
            true => expand(site, scope, &addr::dollars(&line)),
            false => line,
        })
        .collect()
}

/// The text, if the file may be trusted. A disk that is slow holds up this session alone.
async fn help_text(path: &[u8], blame: Blame) -> Option<Vec<u8>> {
    let path = accounts::path(path);
    let read = move || safe::read(&path, &Rules::help(blame)).ok();
    tokio::task::spawn_blocking(read).await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::topic_lines;
    use crate::config::Config;
    use crate::engine::Scope;
    use crate::net::Resolver;
    use crate::rewrite::Site;
    use std::sync::Arc;

    #[test]
    fn lines_begin_with_the_topic() {
        let site = Site::new(Arc::new(Config::default()), Arc::new(Resolver::fixed(Vec::new())));
        let file = b"#vers\t2\ncpyr\nhelo\tHELO host\nhelo\t  Who you are.\nhelp\tHELP topic\n# no topic\n";
        let found = |topic: &str| {
            let lines = topic_lines(&site, &Scope::default(), file, topic.as_bytes());
            lines.into_iter().map(|line| String::from_utf8(line).expect("ASCII")).collect::<Vec<_>>()
        };
        assert_eq!(found("helo"), ["HELO host", "  Who you are."]);
        assert_eq!(found("hel"), ["HELO host", "  Who you are.", "HELP topic"]);
        assert_eq!(found("helo\t"), ["HELO host", "  Who you are."]);
        assert_eq!(found("cpyr"), [""]);
        for unknown in ["helo host", "helohost", "x", "HELO"] {
            assert_eq!(found(unknown), [""; 0], "{unknown}");
        }
    }
}
