//! XCLIENT, as Postfix has it (XCLIENT_README): a proxy or content filter of class `{xclient_hosts}` says for whom it
//! speaks. The session begins again with that client: rules, filters and the log see it and no longer the proxy.

use super::acceptor::Acceptor;
use super::client::{Client, Resolved};
use super::features::Features;
use super::security::Identity;
use super::session::{Flow, Session};
use super::usage::Usage;
use super::verb_row::{Command, VerbRow};
use crate::logging::Priority;
use crate::schema::{EnhancedStatus, Reply, ip_text};
use crate::smtp::proto::{decode_xtext, encode_xtext};
use std::net::{IpAddr, SocketAddr};

/// What EHLO offers to those hosts.
pub(super) const OFFER: &str = "XCLIENT NAME ADDR PORT PROTO HELO LOGIN";

pub(super) const fn row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("XCLIENT", |session, command| Box::pin(session.xclient(command))).when_refusing()
}

/// What one command says; what it does not say stays as it is.
#[derive(Default, PartialEq, Eq, Debug)]
struct Said {
    name: Option<Known<Vec<u8>>>,
    address: Option<Known<IpAddr>>,
    port: Option<u16>,
    protocol: Option<Vec<u8>>,
    helo: Option<Vec<u8>>,
    login: Option<Vec<u8>>,
}

/// A value, or why there is none.
#[derive(PartialEq, Eq, Debug)]
enum Known<T> {
    As(T),
    Unavailable,
    ForNow,
}

impl<T> Known<T> {
    fn parse(text: &[u8], read: impl Fn(Vec<u8>) -> Option<T>) -> Option<Self> {
        match text.to_ascii_uppercase().as_slice() {
            b"[UNAVAILABLE]" => Some(Self::Unavailable),
            b"[TEMPUNAVAIL]" => Some(Self::ForNow),
            _ => read(decode_xtext(text)?).map(Self::As),
        }
    }

    fn value(self) -> Option<T> {
        match self {
            Self::As(value) => Some(value),
            Self::Unavailable | Self::ForNow => None,
        }
    }
}

/// No blank, and nothing that rules or log lines would read as something else.
fn word(text: Vec<u8>) -> Option<Vec<u8>> {
    let fits = |byte: &u8| byte.is_ascii_graphic() && !b"<>()\",;\\".contains(byte);
    (!text.is_empty() && text.len() <= 255 && text.iter().all(fits)).then_some(text)
}

fn address(text: Vec<u8>) -> Option<IpAddr> {
    let text = String::from_utf8(text).ok()?;
    let bare =
        text.get(..5).filter(|word| word.eq_ignore_ascii_case("IPv6:")).map_or(&text[..], |_| &text[5..]);
    bare.parse().ok()
}

fn protocol(text: Vec<u8>) -> Option<Vec<u8>> {
    let text = text.to_ascii_uppercase();
    [&b"SMTP"[..], b"ESMTP"].contains(&text.as_slice()).then_some(text)
}

impl Said {
    /// `None` where an attribute is unknown or its value is none.
    fn parse(argument: &[u8]) -> Option<Self> {
        let mut said = Self::default();
        let words = argument.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        for word_of in words {
            let equals = word_of.iter().position(|byte| *byte == b'=')?;
            let (key, value) = (&word_of[..equals], &word_of[equals + 1..]);
            let optional = |known: Known<Vec<u8>>| known.value();
            match key.to_ascii_uppercase().as_slice() {
                b"NAME" => said.name = Some(Known::parse(value, word)?),
                b"ADDR" => said.address = Some(Known::parse(value, address)?),
                b"PORT" => {
                    let number = |text: Vec<u8>| String::from_utf8(text).ok()?.parse().ok();
                    said.port = Known::parse(value, number)?.value();
                }
                b"PROTO" => said.protocol = optional(Known::parse(value, protocol)?),
                b"HELO" => said.helo = optional(Known::parse(value, word)?),
                b"LOGIN" => said.login = optional(Known::parse(value, word)?),
                _ => return None,
            }
        }
        (said != Self::default()).then_some(said)
    }

    /// The client as it is now known. A name comes from whoever may use the command, who has verified it.
    fn applied(self, before: &Client) -> Option<Client> {
        let ip = match self.address {
            Some(Known::As(ip)) => ip,
            // nobody may pass for the proxy itself
            Some(Known::Unavailable | Known::ForNow) => return None,
            None => before.address?.ip(),
        };
        let changed = before.address.map(|old| old.ip()) != Some(ip);
        let port = self.port.or(before.address.map(|old| old.port()).filter(|_| !changed)).unwrap_or(0);
        let bracketed = format!("[{}]", ip_text(ip, before.compressed_ipv6)).into_bytes();
        let (resolved, name) = match self.name {
            Some(Known::As(name)) => (Resolved::Ok, name),
            Some(Known::ForNow) => (Resolved::Temporary, bracketed.clone()),
            None if !changed => (before.resolved, before.name.clone()),
            Some(Known::Unavailable) | None => (Resolved::Fail, bracketed.clone()),
        };
        let display =
            if resolved == Resolved::Ok { [&name[..], b" ", &bracketed].concat() } else { bracketed };
        let mut security = before.security.clone();
        security.identity = if self.login.is_some() { Identity::Authenticated } else { Identity::Unknown };
        let (pointer, address) = (name.clone(), Some(SocketAddr::new(ip, port)));
        Some(Client { address, name, pointer, resolved, display, security, ..before.clone() })
    }
}

impl<A: Acceptor> Session<A> {
    async fn xclient(&mut self, command: Command<'_>) -> Flow {
        if !self.features.xclient {
            return self.unknown(command.line).await;
        }
        if self.transaction.has_begun() {
            self.error(&Reply::new(503, Some(EnhancedStatus(5, 5, 1)), "Mail transaction in progress"), None);
            return Flow::Continue;
        }
        let said = Said::parse(command.argument);
        let about = said.as_ref().map(|said| (said.protocol.clone(), said.helo.clone(), said.login.clone()));
        let client = said.and_then(|said| said.applied(&self.client));
        let (Some(client), Some(about)) = (client, about) else {
            self.error(&Reply::new(501, Some(EnhancedStatus(5, 5, 4)), "Bad XCLIENT attribute"), None);
            return Flow::Continue;
        };
        let text = [&self.client.display[..], b": XCLIENT: ", &client.display].concat();
        self.log(9, Priority::Info, &text);
        self.begin_again(client).await;
        let (protocol, helo, login) = about;
        let config = self.server.site.config.clone();
        let values: [(&[u8], Option<Vec<u8>>); 3] =
            [(b"r", protocol), (b"s", helo), (b"auth_authen", login.as_deref().map(encode_xtext))];
        for (name, value) in values {
            match (value, config.names.get(name)) {
                (Some(value), _) => self.scope.set_named(&config, name, &value),
                (None, Some(id)) => self.scope.unset(id),
                (None, None) => {}
            }
        }
        if login.is_some() {
            self.scope.set_named(&config, b"auth_type", b"XCLIENT");
        }
        self.greet_client().await
    }

    /// All that was known of the client before is forgotten.
    async fn begin_again(&mut self, client: Client) {
        self.end_filters().await;
        self.drop_transaction();
        self.filters = self.server.filters.iter().map(|make| make(&client)).collect();
        self.features = Features { xclient: true, ..Features::new(&self.server.policy, &client.daemon) };
        (self.refusal, self.put_off, self.ends, self.discard, self.helo) = (None, false, false, false, None);
        self.usage = Usage::default();
        client.set_macros(&self.server.site.config.clone(), &mut self.scope);
        self.client = client;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(argument: &str) -> Option<String> {
        let before = Client {
            address: Some(([192, 0, 2, 7], 9).into()),
            name: b"proxy.example".to_vec(),
            pointer: b"proxy.example".to_vec(),
            resolved: Resolved::Ok,
            ..Client::default()
        };
        let client = Said::parse(argument.as_bytes())?.applied(&before)?;
        let text = String::from_utf8_lossy(&client.display).into_owned();
        Some(format!("{text} {} {:?} {:?}", client.address?, client.resolved, client.security.identity))
    }

    #[test]
    fn attributes() {
        let rows = [
            ("ADDR=198.51.100.1", Some("[198.51.100.1] 198.51.100.1:0 Fail Unknown")),
            (
                "name=c.example ADDR=198.51.100.1 PORT=77",
                Some("c.example [198.51.100.1] 198.51.100.1:77 Ok Unknown"),
            ),
            ("NAME=[TEMPUNAVAIL] ADDR=198.51.100.1", Some("[198.51.100.1] 198.51.100.1:0 Temporary Unknown")),
            ("ADDR=IPv6:2001:db8::1", Some("[IPv6:2001:db8:0:0:0:0:0:1] [2001:db8::1]:0 Fail Unknown")),
            ("LOGIN=joe HELO=x PROTO=ESMTP", Some("proxy.example [192.0.2.7] 192.0.2.7:9 Ok Authenticated")),
            ("LOGIN=[UNAVAILABLE] ADDR=198.51.100.1", Some("[198.51.100.1] 198.51.100.1:0 Fail Unknown")),
            ("ADDR=[UNAVAILABLE]", None),
            ("ADDR=x", None),
            ("NAME=", None),
            ("NAME=a+20b ADDR=198.51.100.1", None),
            ("PROTO=HTTP", None),
            ("COLOUR=red", None),
            ("ADDR", None),
            ("", None),
        ];
        for (argument, client) in rows {
            assert_eq!(applied(argument).as_deref(), client, "{argument}");
        }
    }
}
