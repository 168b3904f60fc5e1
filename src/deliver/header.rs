//! The header as one mailer gets it: macros of the moment set, `From ` line, fields.

use super::attempt::{Attempt, Deliverer};
use crate::addr::one_line;
use crate::config::{Mailer, MailerId};
use crate::engine::Scope;
use crate::envelope::{Envelope, put_headers};
use crate::logging::{Logger, Priority};
use crate::message::{EncodingField, Headers};
use crate::rewrite::{AddressKind, Rewriter, Site, expand};
use std::sync::{Mutex, PoisonError};

/// One mailer's view of an envelope.
pub(super) struct Rendering<'a> {
    pub(super) site: &'a Site,
    pub(super) envelope: &'a Envelope,
    pub(super) mailer: &'a Mailer,
    id: MailerId,
    scope: Scope,
    sender: Vec<u8>,
    logger: &'a Logger,
    told: &'a Mutex<Vec<Vec<u8>>>,
}

/// The envelope sender in the form of a mailer (`$g`). Reports have none, except for local mailers, which want a name
/// (but not for files).
async fn sender(
    site: &Site,
    scope: &mut Scope,
    envelope: &Envelope,
    mailer: &Mailer,
    id: MailerId,
) -> Vec<u8> {
    let response = envelope.sender.is_null() || envelope.attempt.report;
    let text = match envelope.sender.is_null() {
        _ if response && mailer.speaks_smtp() && !mailer.has(b'g') => return Vec::new(),
        true if mailer.is_file() => return Vec::new(),
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
        let address = attempt.envelope.recipients[index].address.as_ref();
        let id = address.map(|address| address.mailer).unwrap_or_default();
        Self::of(attempt.on, attempt.envelope, id, (user, host), &attempt.told).await
    }

    /// For a mailer, whoever the recipient is.
    pub(super) async fn of(
        on: &'a Deliverer,
        envelope: &'a Envelope,
        id: MailerId,
        (user, host): (&[u8], &[u8]),
        told: &'a Mutex<Vec<Vec<u8>>>,
    ) -> Rendering<'a> {
        let site = &*on.site;
        let mailer = &site.config.mailers[usize::from(id.0)];
        let mut scope = envelope.scope.clone();
        let sender = sender(site, &mut scope, envelope, mailer, id).await;
        for (name, value) in [("g", &sender[..]), ("u", user), ("h", host)] {
            if let Some(id) = site.config.macro_id(name) {
                // they come to stand in separator lines and commands
                scope.set(id, &one_line(value));
            }
        }
        Self { site, envelope, mailer, id, scope, sender, logger: &on.logger, told }
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
    pub(super) async fn header(&self, encoding: EncodingField) -> Vec<u8> {
        let (header, mut alerts) = self.rendered(&self.envelope.headers, encoding).await;
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        alerts.retain(|alert| !told.contains(alert));
        self.alert(&alerts);
        told.extend(alerts);
        header
    }

    /// The same of a section of the body.
    pub(super) async fn part_header(&self, fields: &Headers, encoding: EncodingField) -> Vec<u8> {
        let (header, alerts) = self.rendered(fields, encoding).await;
        self.alert(&alerts);
        header
    }

    async fn rendered(&self, fields: &Headers, encoding: EncodingField) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut scope = self.scope.clone();
        let mut rewriter = Rewriter::quiet(self.site, &mut scope);
        let header = put_headers(&mut rewriter, self.id, self.envelope, fields, encoding).await;
        (header, rewriter.alerts)
    }

    fn alert(&self, alerts: &[Vec<u8>]) {
        for alert in alerts {
            self.logger.always(Priority::Alert, Some(self.envelope.id.as_bytes()), alert);
        }
    }

    /// `HOST id QUEUE-ID`, for a field that tells of a change.
    pub(super) fn converter(&self) -> Vec<u8> {
        let config = &self.site.config;
        let host = config.expand(config.macro_value("j").unwrap_or_default());
        [&host[..], b" id ", self.envelope.id.as_bytes()].concat()
    }

    /// Macros that A= and D= may use.
    pub(super) fn macros(&self) -> Vec<(u8, Vec<u8>)> {
        let config = &self.site.config;
        let value = |name: u8| {
            let value = self.scope.get(config, crate::addr::MacroId(name))?;
            Some((name, one_line(&expand(self.site, &self.scope, value)).into_owned()))
        };
        b"abcdefgijklmnopqrstvwxyz_"
            .iter()
            .filter(|name| **name != b'z')
            .filter_map(|name| value(*name))
            .collect()
    }
}
