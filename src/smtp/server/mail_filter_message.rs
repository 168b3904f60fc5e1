//! The message as mail filters are told of it, and what their requests do to it, with a line in the log for each.

use super::filter::Arrived;
use crate::message::{Changed, Header, HeaderEdit};
use crate::milter::{self, Asking, Message, Moment, Request};

/// Above these Milter.LogLevels a line is logged.
const CHANGED: u8 = 8;
const QUARANTINED: u8 = 3;

/// Parameters are one text; a packet with more of them changes nothing.
const ONE_TEXT: usize = 1;

/// A message whose filters are being told.
pub(super) struct Told<'a> {
    message: &'a mut dyn Arrived,
    /// A filter is writing another body.
    replacing: bool,
    /// The last piece of it ended with a carriage return, which may be half of a line end.
    carriage_return: bool,
}

impl<'a> Told<'a> {
    pub(super) fn new(message: &'a mut dyn Arrived) -> Self {
        Self { message, replacing: false, carriage_return: false }
    }

    fn log(&self, asking: &Asking<'_>, level: u8, words: &[&[u8]]) {
        asking.log.info(level, self.message.moment().0, &[b"Milter (", asking.name, b") ", &words.concat()]);
    }

    /// A new value as it stands behind the colon.
    fn value(asking: &Asking<'_>, value: &[u8]) -> Vec<u8> {
        match asking.leading_blank {
            true => value.to_vec(),
            false => [b" ", value].concat(),
        }
    }

    fn header(&mut self, grown: usize) -> &mut HeaderEdit {
        self.message.change_header(i64::try_from(grown).unwrap_or(i64::MAX))
    }

    fn add_header(&mut self, asking: &Asking<'_>, name: &[u8], value: &[u8]) {
        let grown = name.len() + value.len() + 2;
        if self.header(grown).add(name, Self::value(asking, value)) {
            self.log(asking, CHANGED, &[b"change: default header ", name, b" value with ", value]);
        } else {
            self.log(asking, CHANGED, &[b"add: header: ", name, b": ", value]);
        }
    }

    fn insert_header(&mut self, asking: &Asking<'_>, index: u32, name: &[u8], value: &[u8]) {
        let index = index.cast_signed();
        let shown = format!("insert ({index}): header: ");
        self.header(value.len() + 2).insert(index, name, Self::value(asking, value));
        self.log(asking, CHANGED, &[shown.as_bytes(), name, b": ", value]);
    }

    fn change_header(&mut self, asking: &Asking<'_>, index: u32, name: &[u8], value: &[u8]) {
        let new = (!value.is_empty()).then(|| Self::value(asking, value));
        let grown = if value.is_empty() { 0 } else { value.len() + 1 };
        match self.header(0).change(index, name, new) {
            Changed::Nothing => self.log(asking, CHANGED, &[b"delete (noop): header: ", name]),
            Changed::Added => {
                self.log(asking, CHANGED, &[b"change (add): header: ", name, b": ", value]);
            }
            Changed::Field { default, before } => {
                let had = before.as_ref().filter(|_| !default).map_or(0, Vec::len);
                let gone = if value.is_empty() && !default { had + name.len() + 2 } else { had };
                let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
                self.message.change_header(signed(grown) - signed(gone));
                let which: &[u8] = if default { b" (default header)" } else { b"" };
                let before = before.as_deref().unwrap_or(b"<NULL>");
                match value {
                    b"" => self.log(asking, CHANGED, &[b"delete: header", which, b" ", name, b":", before]),
                    _ => {
                        let from = [name, b": from ", before, b" to ", value].concat();
                        self.log(asking, CHANGED, &[b"change: header", which, b" ", &from]);
                    }
                }
            }
        }
    }

    /// One more piece of another body, with CRLF line ends, of which none is left.
    fn replace_body(&mut self, asking: &Asking<'_>, piece: &[u8]) -> bool {
        let mut text = Vec::with_capacity(piece.len() + 1);
        if !self.replacing {
            self.replacing = true;
            self.log(asking, CHANGED, &[b"message: body replaced"]);
            if self.message.body().restart().is_err() {
                return false;
            }
        }
        for &byte in piece {
            if self.carriage_return && byte != b'\n' {
                text.push(b'\r');
            }
            self.carriage_return = byte == b'\r';
            if !self.carriage_return {
                text.push(byte);
            }
        }
        self.message.body().write(&text).is_ok()
    }

    async fn make(&mut self, asking: &Asking<'_>, request: Request) -> bool {
        match request {
            Request::Progress => {}
            Request::Quarantine(reason) => {
                let text = [b"milter=", asking.name, b", quarantine=", &reason].concat();
                asking.log.info(QUARANTINED, self.message.moment().0, &[&text]);
                self.message.quarantine(&reason);
            }
            Request::AddHeader(name, value) => self.add_header(asking, &name, &value),
            Request::InsertHeader(index, name, value) => self.insert_header(asking, index, &name, &value),
            Request::ChangeHeader(index, name, value) => self.change_header(asking, index, &name, &value),
            Request::AddRecipient(text, parameters) => {
                self.log(asking, CHANGED, &[b"add: rcpt: ", &text]);
                match parameters.as_deref() {
                    None => self.message.add_recipients(&text, None).await,
                    Some(words) if words.len() <= ONE_TEXT => {
                        self.message.add_recipients(&text, Some(&words.concat())).await;
                    }
                    Some(_) => {}
                }
            }
            Request::DeleteRecipient(text) => {
                let count = self.message.delete_recipient(&text).await;
                let count = format!(", naddrs={count}");
                self.log(asking, CHANGED, &[b"delete: rcpt ", &text, count.as_bytes()]);
            }
            Request::ChangeSender(text, parameters) => {
                self.log(asking, CHANGED, &[b"chgfrom: ", &text]);
                if parameters.len() <= ONE_TEXT {
                    self.message.change_sender(&text, &parameters.concat()).await;
                }
            }
            Request::ReplaceBody(piece) => return self.replace_body(asking, &piece),
        }
        true
    }
}

impl Message for Told<'_> {
    fn moment(&self) -> Moment<'_> {
        let (id, site, scope) = self.message.moment();
        Moment { id, site, scope }
    }

    fn fields(&self) -> Vec<&Header> {
        self.message.header().fields().collect()
    }

    fn read_body(&mut self, offset: u64, buffer: &mut [u8]) -> Option<usize> {
        self.message.body().read_at(offset, buffer).ok()
    }

    fn change<'a>(&'a mut self, asking: Asking<'a>, request: Request) -> milter::Working<'a, bool> {
        Box::pin(async move { self.make(&asking, request).await })
    }

    fn end_of_changes(&mut self) -> bool {
        self.message.change_header(0).settle();
        self.replacing = false;
        !std::mem::take(&mut self.carriage_return) || self.message.body().write(b"\r").is_ok()
    }
}
