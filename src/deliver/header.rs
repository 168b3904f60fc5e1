//! The header as one mailer gets it: macros of the moment set, `From ` line, fields.

use super::attempt::Attempt;
use crate::config::{Mailer, MailerId};
use crate::engine::Scope;
use crate::envelope::Envelope;
use crate::rewrite::{AddressKind, Rewriter, Site, expand};

/// One mailer's view of an envelope.
pub(super) struct Rendering<'a> {
    site: &'a Site,
    envelope: &'a Envelope,
    mailer: &'a Mailer,
    id: MailerId,
    scope: Scope,
    sender: Vec<u8>,
}

/// The envelope sender in the form of a mailer (`$g`). Reports have none, except for local mailers,
/// which want a name.
async fn sender(
    site: &Site,
    scope: &mut Scope,
    envelope: &Envelope,
    mailer: &Mailer,
    id: MailerId,
) -> Vec<u8> {
    let text = match envelope.sender.is_null() {
        true if mailer.is_ipc() && !mailer.has(b'g') => return Vec::new(),
        true => match scope.get_named(&site.config, b"n") {
            Some(name) => expand(site, scope, name),
            None => b"MAILER-DAEMON".to_vec(),
        },
        false => envelope.sender.text.clone(),
    };
    let mut rewriter = Rewriter::quiet(site, scope);
    let (name, _) = rewriter.remote_name(&text, id, AddressKind::SENDER, true, None).await;
    name
}

impl<'a> Rendering<'a> {
    /// For the recipient `index`, with `$u` and `$h` as given.
    pub(super) async fn new(
        attempt: &'a Attempt<'_>,
        index: usize,
        user: &[u8],
        host: &[u8],
    ) -> Rendering<'a> {
        let (site, envelope) = (&*attempt.on.site, &*attempt.envelope);
        let id =
            envelope.recipients[index].address.as_ref().map(|address| address.mailer).unwrap_or_default();
        let mailer = &site.config.mailers[usize::from(id.0)];
        let mut scope = envelope.scope.clone();
        let sender = sender(site, &mut scope, envelope, mailer, id).await;
        for (name, value) in [("g", &sender[..]), ("u", user), ("h", host)] {
            if let Some(id) = site.config.macro_id(name) {
                scope.set(id, value);
            }
        }
        Self { site, envelope, mailer, id, scope, sender }
    }

    /// `$g`
    pub(super) fn sender(&self) -> &[u8] {
        &self.sender
    }

    /// The mailbox separator line (option UnixFromLine), unless flag n says none.
    pub(super) fn separator(&self) -> Vec<u8> {
        if self.mailer.has(b'n') {
            return Vec::new();
        }
        let mut line = expand(self.site, &self.scope, &self.site.config.options.unix_from_line);
        line.push(b'\n');
        line
    }

    /// The fields, lines ending in LF, without the blank line behind them.
    pub(super) async fn header(&self) -> Vec<u8> {
        let mut scope = self.scope.clone();
        crate::envelope::put_headers(&mut Rewriter::quiet(self.site, &mut scope), self.id, self.envelope)
            .await
    }

    /// Macros that A= and D= may use.
    pub(super) fn macros(&self) -> Vec<(u8, Vec<u8>)> {
        let config = &self.site.config;
        let value = |name: u8| {
            let value = self.scope.get(config, crate::addr::MacroId(name))?;
            Some((name, expand(self.site, &self.scope, value)))
        };
        b"abcdefgijklmnopqrstvwxyz_"
            .iter()
            .filter(|name| **name != b'z')
            .filter_map(|name| value(*name))
            .collect()
    }
}
