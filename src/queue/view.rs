//! What `mailq` prints.

use super::list::{Content, Entry, EntryKind};
use super::{ControlFile, Queue, QueueError, QueueOptions, Selection};
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
    /// All directories in the order of configuration, and the sum.
    pub fn render(&self, queue: &Queue) -> Result<Listing, QueueError> {
        let mut listing = Listing::default();
        for place in
            queue.places().into_iter().filter(|place| self.group.is_none_or(|group| group == place.group))
        {
            let mut entries: Vec<_> = queue.list_place(place, &self.selection)?;
            super::list::sort(&mut entries, queue.options().sort_order);
            let path = queue.path(place).map(|path| path.display().to_string()).unwrap_or_default();
            self.directory(queue, &path, &entries, &mut listing.text);
            listing.total += entries.len();
        }
        put(&mut listing.text, format_args!("\t\tTotal requests: {}\n", listing.total));
        Ok(listing)
    }

    fn directory(&self, queue: &Queue, path: &str, entries: &[Entry], out: &mut Vec<u8>) {
        if entries.is_empty() {
            return put(out, format_args!("{path} is empty\n"));
        }
        let shown = match queue.options().max_run_size {
            0 => entries.len(),
            most => most.min(entries.len()),
        };
        let plural = if entries.len() == 1 { "" } else { "s" };
        put(out, format_args!("\t\t{path} ({} request{plural}", entries.len()));
        if shown < entries.len() {
            put(out, format_args!(", only {shown} printed"));
        }
        put(out, format_args!(")\n{}", if self.verbose { HEAD_VERBOSE } else { HEAD }));
        for entry in &entries[..shown] {
            self.entry(queue, entry, out);
        }
    }

    fn entry(&self, queue: &Queue, entry: &Entry, out: &mut Vec<u8>) {
        put(out, format_args!("{:>13}", entry.id.to_string()));
        match &entry.content {
            Content::Read(control) => {
                out.push(self.mark(queue.options(), entry));
                self.first_line(queue, entry, control, out);
                self.status(control, out);
                self.recipients(control, out);
                out.push(b'\n');
            }
            Content::Gone => out.extend_from_slice(b" (job completed)\n"),
            Content::Unfinished => out.extend_from_slice(b" (no control file)\n"),
            Content::Unreadable(why) => put(out, format_args!(" ({why})\n")),
        }
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

    fn first_line(&self, queue: &Queue, entry: &Entry, control: &ControlFile, out: &mut Vec<u8>) {
        let size = entry.size.map_or(-1, |size| size as i64);
        let date = ctime_date(queue.config(), control.created);
        let date = String::from_utf8_lossy(&date);
        if self.verbose {
            let priority = if queue.options().sort_order.is_blind() { 0 } else { control.priority };
            let warned = control.flags.contains(crate::envelope::EnvelopeFlags::WARNED);
            let plus = if warned { '+' } else { ' ' };
            put(out, format_args!("{size:8} {priority:10}{plus}{} ", date.get(4..16).unwrap_or_default()));
            visible(out, &control.sender, 78);
        } else {
            put(out, format_args!("{size:8} {} ", date.get(..16).unwrap_or_default()));
            visible(out, &control.sender, 39);
        }
    }

    fn status(&self, control: &ControlFile, out: &mut Vec<u8>) {
        let width = if self.verbose { 100 } else { 60 };
        if control.body_type.is_some() || control.message.is_some() {
            let kind = control.body_type.map(|kind| String::from_utf8_lossy(kind.as_bytes()).into_owned());
            put(out, format_args!("\n    {:>10}", kind.unwrap_or_default()));
            if let Some(message) = &control.message {
                out.extend_from_slice(b"   (");
                visible(out, message, width);
                out.push(b')');
            }
        }
        if let Some(reason) = &control.quarantine {
            out.extend_from_slice(b"\n     QUARANTINE: ");
            visible(out, reason, width);
        }
    }

    fn recipients(&self, control: &ControlFile, out: &mut Vec<u8>) {
        let mut controlling = None;
        for recipient in &control.recipients {
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
