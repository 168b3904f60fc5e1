//! Calls: their arguments are there, their definition is run, and what comes of it is read again.

use std::rc::Rc;

use super::builtins;
use super::call::{Call, Expansion, Frame, join};
use super::expand::{AT_ONCE, Expander, LARGE, Stop};
use super::host::FindingKind;
use super::input::{Position, Text};
use super::symbols::Body;

impl Expander<'_> {
    pub(super) fn begin_call(&mut self, mut frame: Frame, parenthesis: bool) -> Result<(), Stop> {
        self.calls += 1;
        frame.id = self.calls;
        frame.place = self.input.place();
        frame.argument_place = frame.place;
        if self.settings.provenance {
            frame.site = self.input.site(&self.site_files).or(frame.definition.site);
        }
        if self.calls & 0x3ff == 0 {
            self.check_limits()?;
        }
        if self.frames.len() >= self.settings.nesting_limit {
            self.calling = Some(frame.place);
            let limit = self.settings.nesting_limit;
            let text = format!("recursion limit of {limit} exceeded, use -L<N> to change it");
            return Err(self.fatal(FindingKind::Limit, text.as_bytes()));
        }
        let early = self.tracing.wants_call(frame.traced);
        self.frames.push(frame);
        if early {
            self.trace_call();
        }
        if !parenthesis {
            return self.finish_call();
        }
        self.input.consume(1);
        self.lexer.skip_space(&mut self.input);
        Ok(())
    }

    pub(super) fn end_call(&mut self) -> Result<(), Stop> {
        self.end_argument();
        self.finish_call()
    }

    /// All arguments are there: run it, push the expansion.
    fn finish_call(&mut self) -> Result<(), Stop> {
        let depth = self.frames.len();
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let buffer = std::mem::take(&mut self.buffer);
        let mut spans = std::mem::take(&mut self.spans);
        let first = spans.get(frame.base).map_or(frame.start, |span| span.start);
        let call = Call {
            name: &frame.name,
            buffer: &buffer,
            spans: &spans[frame.base..],
            site: frame.site,
            asked: frame.asked,
            place: frame.place,
        };
        self.calling = Some(frame.place);
        self.calling_site = frame.site;
        let traced = self.tracing.is_on(frame.traced);
        let mut expansion = Expansion { text: self.input.buffer(), ..Expansion::default() };
        let before = traced.then(|| self.trace_arguments(&call, depth, frame.id));
        let outcome = self.invoke(&frame.definition.body, &call, &mut expansion);
        if let Some(line) = before.filter(|_| outcome.is_ok()) {
            self.trace_expansion(line, &call, &expansion, depth, frame.id);
        }
        spans.truncate(frame.base);
        self.buffer = buffer;
        self.buffer.truncate(first);
        self.spans = spans;
        outcome?;
        let length = expansion.bytes().len();
        self.work += length as u64;
        if length > LARGE {
            self.check_limits()?;
        }
        self.calling = None;
        let site = frame.site.or(expansion.decided.filter(|_| self.settings.provenance));
        if let Some(outer) = self.frames.last_mut() {
            outer.asked = outer.asked.or(site);
        }
        self.push_expansion(expansion, frame.place, site);
        if self.frames.is_empty() {
            self.write_output(AT_ONCE)?;
        }
        Ok(())
    }

    fn push_expansion(&mut self, expansion: Expansion, place: Position, site: Option<Position>) {
        if let Some(text) = expansion.shared {
            self.input.recycle(expansion.text);
            self.input.push_text(Text::Shared(text), place, site);
        } else {
            self.input.push_text(Text::Owned(expansion.text), place, site);
        }
        if let Some(builtin) = expansion.builtin {
            self.input.push_builtin(builtin, place);
        }
    }

    /// Runs a definition.
    pub(super) fn invoke(&mut self, body: &Body, call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
        match body {
            Body::Builtin(builtin) => builtins::call(self, builtin, call, out),
            Body::Text { text, dollar: false } => {
                out.shared = Some(text.clone());
                Ok(())
            }
            Body::Text { text, dollar: true } => self.substitute(text, call, out),
        }
    }

    /// Runs a definition on all arguments but the first (`indir`, `builtin`).
    pub(super) fn invoke_shifted(
        &mut self,
        body: &Body,
        name: &Rc<[u8]>,
        call: &Call<'_>,
        out: &mut Expansion,
    ) -> Result<(), Stop> {
        self.invoke(body, &call.shifted(name), out)
    }

    /// Replaces `$1`, `$#`, `$*` and `$@` in a macro's text.
    fn substitute(&mut self, text: &[u8], call: &Call<'_>, out: &mut Expansion) -> Result<(), Stop> {
        let out = &mut out.text;
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'$', rest) {
            out.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
            if out.len() > self.settings.memory_limit {
                return Err(self.too_large());
            }
            match rest.first() {
                Some(digit) if digit.is_ascii_digit() => {
                    let most = if self.settings.traditional { 1 } else { rest.len() };
                    let digits = rest[..most].iter().take_while(|byte| byte.is_ascii_digit()).count();
                    let fold = |sum: usize, byte: &u8| {
                        sum.saturating_mul(10).saturating_add(usize::from(byte - b'0'))
                    };
                    match rest[..digits].iter().fold(0, fold) {
                        0 => out.extend_from_slice(call.name),
                        number => out.extend_from_slice(call.arg(number)),
                    }
                    rest = &rest[digits..];
                    continue;
                }
                Some(b'#') => out.extend_from_slice(call.count().to_string().as_bytes()),
                Some(b'*') => join(out, call.from(1), b",", b"", b""),
                Some(b'@') => join(out, call.from(1), b",", &self.lexer.left_quote, &self.lexer.right_quote),
                _ => {
                    out.push(b'$');
                    continue;
                }
            }
            rest = &rest[1..];
        }
        out.extend_from_slice(rest);
        Ok(())
    }
}
