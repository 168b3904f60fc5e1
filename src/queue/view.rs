//! What `mailq` prints.

use super::entry::{Content, Entry, Fact};
use super::error::QueueError;
use super::facade::Queue;
use super::fault::Fault;
use super::options::{QueueOptions, SortOrder};
use super::order::OrderKey;
use super::select::{EntryKind, Selection};
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
    /// Is the load too high for a message of this priority?
    pub overloaded: &'a dyn Fn(i64) -> bool,
    /// For the log.
    pub complain: &'a dyn Fn(Complaint<'_>),
}

/// What a listing has for the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Complaint<'a> {
    /// Of a message.
    Message(&'a str),
    /// Of a location.
    Location(&'a Fault),
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
    /// All locations in the order of configuration, and the sum where more than one group was asked for.
    ///
    /// # Errors
    /// A location cannot be read.
    pub fn render(&self, queue: &Queue) -> Result<Listing, QueueError> {
        let mut listing = Listing::default();
        for location in queue.store().locations() {
            if !self.selection.takes_location(location) {
                continue;
            }
            let label = queue.store().label(location);
            let mut found = Found::default();
            let add = &mut |entry: Entry| found.shown.push(self.entry(queue, &entry));
            let faults = queue.store().visit(location, &self.selection, add)?;
            for fault in &faults {
                if fault.is_error() || self.verbose && fault.is_step() {
                    put(&mut listing.text, format_args!("{fault}\n"));
                }
                (self.complain)(Complaint::Location(fault));
            }
            found.unseen = faults.iter().map(Fault::unseen).sum();
            found.total = found.shown.len() + found.unseen;
            found.sort(queue.options().sort_order);
            // J= of the group
            found.shown.truncate(queue.options().jobs(location.group));
            self.location(&label, &found, &mut listing.text);
            listing.total += found.total;
        }
        if self.selection.group.is_none() {
            put(&mut listing.text, format_args!("\t\tTotal requests: {}\n", listing.total));
        }
        Ok(listing)
    }

    fn location(&self, label: &str, found: &Found, out: &mut Vec<u8>) {
        if found.total == 0 {
            return put(out, format_args!("{label} is empty\n"));
        }
        let plural = if found.total == 1 { "" } else { "s" };
        put(out, format_args!("\t\t{label} ({} request{plural}", found.total));
        if found.unseen > 0 {
            put(out, format_args!(", only {} printed", found.total - found.unseen));
        }
        put(out, format_args!(")\n{}", if self.verbose { HEAD_VERBOSE } else { HEAD }));
        for shown in &found.shown {
            if let Some(fault) = &shown.fault {
                (self.complain)(Complaint::Message(fault));
            }
            out.extend_from_slice(&shown.id);
            out.extend(shown.mark);
            out.extend_from_slice(&shown.lines);
        }
    }

    fn entry(&self, queue: &Queue, entry: &Entry) -> Shown {
        let place = OrderKey::new(queue.options().sort_order, entry);
        let mut id = Vec::new();
        put(&mut id, format_args!("{:>13}", entry.key.id.to_string()));
        let (mut mark, mut lines, mut fault) = (None, Vec::new(), None);
        match &entry.content {
            Content::Read => {
                fault = entry.body_fault.clone().filter(|_| !entry.locked);
                match &fault {
                    Some(fault) => put(&mut id, format_args!("{fault}\n")),
                    // sendmail would read all of it to say what is wrong
                    None if self.verbose && entry.body_fault.is_some() => {
                        put(&mut id, format_args!("{}: locked\n", entry.key.id));
                    }
                    None => {}
                }
                mark = Some(self.mark(queue.options(), entry));
                let created = Lines { view: self, queue, entry, out: &mut lines }.all();
                let unknown = if created == 0 { " (no control file)" } else { "" };
                put(&mut lines, format_args!("{unknown}\n"));
            }
            Content::Gone => lines.extend_from_slice(b" (job completed)\n"),
            Content::Unreadable(why) => put(&mut lines, format_args!(" ({why})\n")),
        }
        Shown { place, id, fault, mark, lines }
    }

    /// Is a message looked into before it is shown? Only then is it known that somebody works on it.
    fn reads(&self, options: &QueueOptions) -> bool {
        !options.sort_order.is_blind() || self.selection.fields().next().is_some()
    }

    fn mark(&self, options: &QueueOptions, entry: &Entry) -> u8 {
        match entry.kind {
            EntryKind::Lost => b'?',
            _ if self.reads(options) && entry.locked => LOCKED,
            _ if entry.is_too_young(options, options.clock.now()) => b'-',
            _ if (self.overloaded)(entry.summary.priority_in(options.sort_order)) => b'X',
            _ => b' ',
        }
    }
}

/// One message of a listing. Lines, not messages: a long queue must fit into memory.
struct Shown {
    place: OrderKey,
    id: Vec<u8>,
    /// What is wrong with it: in the listing, as sendmail has it, and in the log.
    fault: Option<String>,
    mark: Option<u8>,
    lines: Vec<u8>,
}

impl Shown {
    fn host_place(&self) -> (bool, (&[u8], i64)) {
        (self.mark == Some(LOCKED), self.place.host())
    }
}

/// What one location holds.
#[derive(Default)]
struct Found {
    shown: Vec<Shown>,
    /// Messages that MaxQueueRunSize left out.
    unseen: usize,
    total: usize,
}

impl Found {
    fn sort(&mut self, order: SortOrder) {
        if matches!(order, SortOrder::None | SortOrder::Random) {
            return;
        }
        self.shown.sort_by(|one, other| one.place.compare_places(&other.place));
        if order == SortOrder::Host {
            self.close_hosts();
        }
    }

    /// By host, all messages for a host that somebody works for are taken, and come last.
    fn close_hosts(&mut self) {
        let host = |one: &Shown| one.place.host().0.to_vec();
        let locked: Vec<_> = self.shown.iter().filter(|one| one.mark == Some(LOCKED)).map(host).collect();
        for shown in self.shown.iter_mut().filter(|one| locked.contains(&host(one))) {
            shown.mark = Some(LOCKED);
        }
        self.shown.sort_by(|one, other| one.host_place().cmp(&other.host_place()));
    }
}

/// The mark of a message that somebody works on.
const LOCKED: u8 = b'*';

/// The lines of one message.
struct Lines<'a> {
    view: &'a View<'a>,
    queue: &'a Queue,
    entry: &'a Entry,
    out: &'a mut Vec<u8>,
}

impl Lines<'_> {
    /// Shows what the message says in the order in which it says it; when it was created.
    fn all(&mut self) -> i64 {
        let (mut created, mut warned) = (0, false);
        let (mut message, mut body_type): (&[u8], &[u8]) = (b"", b"");
        let mut quarantine: Option<&[u8]> = None;
        for fact in &self.entry.facts {
            match fact {
                Fact::Created(time) => created = *time,
                Fact::Warned => warned = true,
                Fact::Message(text) => message = text,
                Fact::BodyType(text) => body_type = text,
                Fact::Quarantine(text) => quarantine = Some(text),
                Fact::Sender(text) => {
                    self.sender(text, created, warned);
                    self.quarantine(quarantine.take());
                    self.status(std::mem::take(&mut body_type), std::mem::take(&mut message));
                }
                Fact::Control(text) => self.control(text),
                Fact::Recipient(line, Some(at)) => {
                    let message = if self.view.verbose { std::mem::take(&mut message) } else { b"" };
                    self.recipient(&line[*at..], message);
                }
                Fact::Recipient(_, None) | Fact::LastAttempt(_) | Fact::Attempts(_) | Fact::Priority(_) => {}
            }
        }
        created
    }

    fn sender(&mut self, sender: &[u8], created: i64, warned: bool) {
        let size = self.entry.size.map_or(-1, |size| size as i64);
        let date = ctime_date(self.queue.config(), created);
        let date = String::from_utf8_lossy(&date);
        if self.view.verbose {
            let priority = self.entry.summary.priority_in(self.queue.options().sort_order);
            let plus = if warned { '+' } else { ' ' };
            put(
                self.out,
                format_args!("{size:8} {priority:10}{plus}{} ", date.get(4..16).unwrap_or_default()),
            );
            visible(self.out, sender, 78);
        } else {
            put(self.out, format_args!("{size:8} {} ", date.get(..16).unwrap_or_default()));
            visible(self.out, sender, 39);
        }
    }

    /// Longest text of a status that is shown.
    fn width(&self) -> usize {
        if self.view.verbose { 100 } else { 60 }
    }

    fn status(&mut self, body_type: &[u8], message: &[u8]) {
        if body_type.is_empty() && message.is_empty() {
            return;
        }
        let kind = String::from_utf8_lossy(&body_type[..body_type.len().min(10)]);
        put(self.out, format_args!("\n    {kind:>10}"));
        if !message.is_empty() {
            let message = &message[..message.len().min(self.width())];
            self.out.extend_from_slice(&[b"   (", message, b")"].concat());
        }
    }

    fn quarantine(&mut self, reason: Option<&[u8]>) {
        if let Some(reason) = reason.filter(|reason| !reason.is_empty()) {
            self.out.extend_from_slice(b"\n     QUARANTINE: ");
            self.out.extend_from_slice(&reason[..reason.len().min(self.width())]);
        }
    }

    fn control(&mut self, user: &[u8]) {
        if self.view.verbose {
            self.out.extend_from_slice(b"\n\t\t\t\t\t\t(---");
            visible(self.out, user, 64);
            self.out.extend_from_slice(b"---)");
        }
    }

    fn recipient(&mut self, address: &[u8], message: &[u8]) {
        if !self.view.verbose {
            self.out.extend_from_slice(b"\n\t\t\t\t\t ");
            return visible(self.out, address, 38);
        }
        self.out.extend_from_slice(b"\n\t\t\t\t\t\t");
        visible(self.out, address, 71);
        if !message.is_empty() {
            self.out.extend_from_slice(&[b"\n\t\t (", &message[..message.len().min(100)], b")"].concat());
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
