//! What the header says about the message as a whole.

use super::header::{Header, HeaderKind};
use crate::addr::with_folded;
use crate::config::Config;
use crate::schema::TimeoutClass;

/// Facts read from header fields by name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HeaderFacts {
    /// From Precedence, through the P lines.
    pub class: i64,
    /// Precedence exists.
    pub has_precedence: bool,
    /// `Priority: urgent`
    pub urgent: bool,
    /// `Priority: non-urgent`
    pub non_urgent: bool,
    /// Priority exists.
    pub has_priority: bool,
    /// Message-Id as written, blanks around it removed.
    pub message_id: Option<Vec<u8>>,
    /// Is that from a Resent-Message-Id?
    pub message_id_is_resent: bool,
    /// The Date field.
    pub date: Option<Vec<u8>>,
    /// The Full-Name field.
    pub full_name: Option<Vec<u8>>,
    /// Trace fields: Received and its like (RFC 5321, 4.4).
    pub hop_count: u32,
    /// A Resent- field exists.
    pub resent: bool,
    /// To, Cc or Apparently-To exists.
    pub has_recipients: bool,
    /// Bcc exists.
    pub has_bcc: bool,
}

impl HeaderFacts {
    /// Reads them.
    pub fn of(config: &Config, fields: &[Header]) -> Self {
        let mut facts = Self::default();
        for header in fields {
            facts.add(config, header);
        }
        facts
    }

    /// Which time-outs apply; `report`: to one of ours, not to what others send in nobody's name. Bulk mail has time, where
    /// Priority does not say otherwise.
    pub fn timeout_class(&self, report: bool) -> TimeoutClass {
        let patient = self.non_urgent || (self.class < 0 && !self.has_priority);
        match (report, self.urgent, patient) {
            (true, ..) => TimeoutClass::Dsn,
            (_, true, _) => TimeoutClass::Urgent,
            (_, _, true) => TimeoutClass::NonUrgent,
            _ => TimeoutClass::Normal,
        }
    }

    fn add(&mut self, config: &Config, header: &Header) {
        let kind = header.kind | HeaderKind::of(&header.name);
        let value = header.value.trim_ascii();
        self.hop_count += u32::from(kind.contains(HeaderKind::TRACE));
        self.resent |= kind.contains(HeaderKind::RESENT);
        self.has_bcc |= kind.contains(HeaderKind::BCC) && !kind.contains(HeaderKind::RESENT);
        let other = HeaderKind::BCC.union(HeaderKind::RESENT);
        self.has_recipients |= kind.contains(HeaderKind::RECIPIENT) && !kind.intersects(other);
        with_folded(&header.name, |name| match name {
            // the first of several counts
            b"precedence" if !self.has_precedence => {
                self.class = class(config, value);
                self.has_precedence = true;
            }
            b"priority" if !self.has_priority => {
                self.urgent = value.eq_ignore_ascii_case(b"urgent");
                self.non_urgent = value.eq_ignore_ascii_case(b"non-urgent");
                self.has_priority = true;
            }
            b"message-id" if !self.message_id_is_resent => self.message_id = Some(value.to_vec()),
            // it names this copy of the message (RFC 5322, 3.6.6)
            b"resent-message-id" => {
                self.message_id = Some(value.to_vec());
                self.message_id_is_resent = true;
            }
            b"date" => self.date = Some(value.to_vec()),
            // the first one counts
            b"full-name" if self.full_name.is_none() => self.full_name = Some(value.to_vec()),
            _ => {}
        });
    }
}

/// The class that a P line gives to a Precedence; 0 for an unknown one.
fn class(config: &Config, name: &[u8]) -> i64 {
    let row = config.priorities.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    row.map_or(0, |(_, class)| *class)
}
