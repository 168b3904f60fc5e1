//! What `mailq` prints.

use super::entry::{Content, Entry, EntryKind};
use super::error::QueueError;
use super::facade::Queue;
use super::options::{QueueOptions, SortOrder};
use super::order::OrderKey;
use super::select::Selection;
use crate::envelope::{EnvelopeFlags, QueueLocation, StoredEnvelope};
use crate::message::ctime_date;
use std::io::Write;

const HEAD: &str = "-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------\n";
const HEAD_VERBOSE: &str =
    "-----Q-ID----- --Size-- -Priority- ---Q-Time--- --------Sender/Recipient--------\n";

/// How a listing is made.
pub struct View<'a> {
    /// `-v`
    pub verbose: bool,
    /// Which messages.
    pub selection: Selection,
    /// One group only.
    pub group: Option<u16>,
    /// Is the load too high for a message of this priority?
    pub overloaded: &'a dyn Fn(i64) -> bool,
}

/// A finished listing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listing {
    /// The text.
    pub text: Vec<u8>,
    /// Messages counted.
    pub total: usize,
}

impl View<'_> {
    /// All locations in the order of configuration, and the sum.
    ///
    /// # Errors
    /// A location cannot be read.
    pub fn render(&self, queue: &Queue) -> Result<Listing, QueueError> {
        let mut listing = Listing::default();
        let wanted = |location: &QueueLocation| self.group.is_none_or(|group| group == location.group);
        for location in queue.store().locations().into_iter().filter(wanted) {
            let order = queue.options().sort_order;
            // lines, not messages: a long queue must fit into memory
            let mut entries: Vec<(OrderKey, Vec<u8>)> = Vec::new();
            queue.store().visit(location, &self.selection, &mut |entry| {
                entries.push((OrderKey::new(order, &entry), self.entry(queue, &entry)));
            })?;
            if order != SortOrder::None {
                entries.sort();
            }
            self.location(queue, &queue.store().label(location), &entries, &mut listing.text);
            listing.total += entries.len();
        }
        put(&mut listing.text, format_args!("\t\tTotal requests: {}\n", listing.total));
        Ok(listing)
    }

    fn location(&self, queue: &Queue, label: &str, entries: &[(OrderKey, Vec<u8>)], out: &mut Vec<u8>) {
        if entries.is_empty() {
            return put(out, format_args!("{label} is empty\n"));
        }
        let shown = match queue.options().max_run_size {
            0 => entries.len(),
            most => most.min(entries.len()),
        };
        let plural = if entries.len() == 1 { "" } else { "s" };
        put(out, format_args!("\t\t{label} ({} request{plural}", entries.len()));
        if shown < entries.len() {
            put(out, format_args!(", only {shown} printed"));
        }
        put(out, format_args!(")\n{}", if self.verbose { HEAD_VERBOSE } else { HEAD }));
        for (_, text) in &entries[..shown] {
            out.extend_from_slice(text);
        }
    }

    fn entry(&self, queue: &Queue, entry: &Entry) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, format_args!("{:>13}", entry.key.id.to_string()));
        match &entry.content {
            Content::Read(envelope) => {
                out.push(self.mark(queue.options(), entry));
                self.first_line(queue, entry, envelope, &mut out);
                self.status(envelope, &mut out);
                self.recipients(envelope, &mut out);
                out.push(b'\n');
            }
            Content::Gone => out.extend_from_slice(b" (job completed)\n"),
            Content::Unfinished => out.extend_from_slice(b" (no control file)\n"),
            Content::Unreadable(why) => put(&mut out, format_args!(" ({why})\n")),
        }
        out
    }

    fn mark(&self, options: &QueueOptions, entry: &Entry) -> u8 {
        let blind = options.sort_order.is_blind();
        match entry.kind {
            EntryKind::Lost => b'?',
            _ if !blind && entry.locked => b'*',
            _ if !blind && entry.is_too_young(options, options.clock.now()) => b'-',
            _ if (self.overloaded)(entry.priority()) => b'X',
            _ => b' ',
        }
    }

    fn first_line(&self, queue: &Queue, entry: &Entry, envelope: &StoredEnvelope, out: &mut Vec<u8>) {
        let size = entry.size.map_or(-1, |size| size as i64);
        let date = ctime_date(queue.config(), envelope.created);
        let date = String::from_utf8_lossy(&date);
        if self.verbose {
            let priority = if queue.options().sort_order.is_blind() { 0 } else { envelope.priority };
            let warned = envelope.flags.contains(EnvelopeFlags::WARNED);
            let plus = if warned { '+' } else { ' ' };
            put(out, format_args!("{size:8} {priority:10}{plus}{} ", date.get(4..16).unwrap_or_default()));
            visible(out, &envelope.sender, 78);
        } else {
            put(out, format_args!("{size:8} {} ", date.get(..16).unwrap_or_default()));
            visible(out, &envelope.sender, 39);
        }
    }

    fn status(&self, envelope: &StoredEnvelope, out: &mut Vec<u8>) {
        let width = if self.verbose { 100 } else { 60 };
        if envelope.body_type.is_some() || envelope.message.is_some() {
            let kind = envelope.body_type.map(|kind| String::from_utf8_lossy(kind.as_bytes()).into_owned());
            put(out, format_args!("\n    {:>10}", kind.unwrap_or_default()));
            if let Some(message) = &envelope.message {
                out.extend_from_slice(b"   (");
                visible(out, message, width);
                out.push(b')');
            }
        }
        if let Some(reason) = &envelope.quarantine {
            out.extend_from_slice(b"\n     QUARANTINE: ");
            visible(out, reason, width);
        }
    }

    fn recipients(&self, envelope: &StoredEnvelope, out: &mut Vec<u8>) {
        let mut controlling = None;
        for recipient in &envelope.recipients {
            if !self.verbose {
                out.extend_from_slice(b"\n\t\t\t\t\t ");
                visible(out, &recipient.text, 38);
                continue;
            }
            if recipient.control.as_ref() != controlling {
                controlling = recipient.control.as_ref();
                if let Some(user) = controlling {
                    out.extend_from_slice(b"\n\t\t\t\t\t\t(---");
                    visible(out, &user.user, 64);
                    out.extend_from_slice(b"---)");
                }
            }
            out.extend_from_slice(b"\n\t\t\t\t\t\t");
            visible(out, &recipient.text, 71);
            if let Some(message) = &recipient.message {
                out.extend_from_slice(b"\n\t\t (");
                visible(out, message, 100);
                out.push(b')');
            }
        }
    }
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a Vec takes everything");
}

/// At most `width` characters, none of which does anything to a terminal.
fn visible(out: &mut Vec<u8>, text: &[u8], width: usize) {
    let end = out.len() + width;
    for byte in text {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b' '..=b'~' => out.push(*byte),
            _ => put(out, format_args!("\\{byte:03o}")),
        }
    }
    out.truncate(end.min(out.len()));
}
