//! The header of a message that comes back, as its report shows it.

use super::mta::Mta;
use crate::addr::without_brackets;
use crate::bounce::DsnSettings;
use crate::config::{HeaderCondition, Mailer, MailerId};
use crate::deliver::eight_bit_fields;
use crate::envelope::{Envelope, put_headers};
use crate::message::{EncodingField, Header, HeaderKind, Headers};
use crate::rewrite::{AddressKind, Rewriter};

impl Mta {
    /// The fields of a message that comes back, as they are written when the report is queued: as for a file, whose mailer
    /// rewrites nothing of its own and is told the sender. What other mailers ask for is no part of what was sent.
    pub(super) async fn returned_header(&self, envelope: &Envelope, facts: &DsnSettings) -> Vec<u8> {
        let mailer = self.file_mailer();
        let return_path = [b" <", &self.return_path(envelope, facts).await[..], b">"].concat();
        let mut fields = Vec::with_capacity(envelope.headers.0.len());
        for field in &envelope.headers.0 {
            // one that a message brings along is nobody's
            let ours = field.condition != HeaderCondition::Always;
            if ours && field.name.eq_ignore_ascii_case(b"return-path") {
                let (value, kind) = (return_path.clone(), HeaderKind::empty());
                fields.push(Header { value, kind, condition: HeaderCondition::Always, ..field.clone() });
            } else if !field.kind.contains(HeaderKind::ALWAYS_CHECK) {
                fields.push(field.clone());
            }
        }
        let mut scope = envelope.scope.clone();
        let mut rewriter = Rewriter::quiet(&self.site, &mut scope);
        let mut header =
            put_headers(&mut rewriter, mailer, envelope, &Headers(fields), EncodingField::Kept).await;
        let config = &self.site.config;
        if let Some(file) = config.mailers.get(usize::from(mailer.0)) {
            header.extend(eight_bit_fields(config, envelope, file));
        }
        header
    }

    fn file_mailer(&self) -> MailerId {
        let number = self.site.config.mailers.iter().position(Mailer::is_file).unwrap_or_default();
        MailerId(u16::try_from(number).unwrap_or_default())
    }

    /// The sender in the Return-Path of what comes back, as a file would show him.
    async fn return_path(&self, envelope: &Envelope, facts: &DsnSettings) -> Vec<u8> {
        // a report may have a sender (F with r in a queue file)
        if envelope.attempt.report && envelope.sender.is_null() {
            return facts.daemon.clone();
        }
        let bare = without_brackets(&envelope.sender.text);
        if envelope.sender.is_null() || bare.is_empty() {
            return Vec::new();
        }
        let mut scope = envelope.scope.clone();
        let mut rewriter = Rewriter::quiet(&self.site, &mut scope);
        let file = self.file_mailer();
        rewriter.remote_name(&envelope.sender.text, file, AddressKind::SENDER, true, None).await.0
    }
}
