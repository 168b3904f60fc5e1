//! Alias files: left sides run through the rules as addresses do, and what results is the name.

use super::{AddressKind, Rewriter, Site};
use crate::db::{AliasLine, AliasProblem, alias_lines, split_list};
use crate::engine::Scope;
use crate::logging::{Tracer, pass_on};
use crate::maps::{AliasPairs, AliasRules};
use crate::schema::{EnhancedStatus, Reply};
use std::pin::Pin;

/// Bytes of a line in a message.
const MAX_SHOWN: usize = 40;

/// An alias that can be stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alias {
    /// The left side as written.
    pub given: Vec<u8>,
    /// What the rules made of it.
    pub name: Vec<u8>,
    /// The right side.
    pub value: Vec<u8>,
}

/// How many aliases a file holds, and how long they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AliasCount {
    count: usize,
    longest: usize,
    bytes: usize,
}

impl AliasCount {
    /// One more.
    fn add(&mut self, alias: &Alias) {
        self.count += 1;
        self.longest = self.longest.max(alias.value.len());
        self.bytes += alias.name.len() + alias.value.len();
    }

    /// sendmail's summary of a file.
    pub fn summary(&self, file: &[u8]) -> Vec<u8> {
        let Self { count, longest, bytes } = self;
        let text = format!(": {count} aliases, longest {longest} bytes, {bytes} bytes total");
        [file, text.as_bytes()].concat()
    }
}

/// Reads the text of a file. `take` gets each alias and whom to tell about it; what is wrong with other lines is
/// said, file and line in front.
pub async fn read_aliases(
    site: &Site,
    file: &[u8],
    text: &[u8],
    tracer: &mut dyn Tracer,
    take: &mut (dyn FnMut(Alias, &mut dyn Tracer) + Send),
) -> AliasCount {
    let mut count = AliasCount::default();
    for line in alias_lines(text) {
        let number = line.as_ref().map_or_else(|(number, _)| *number, |line| line.line);
        let place = [file, format!(": line {number}: ").as_bytes()].concat();
        let mut placed = Placed { tracer: &mut *tracer, place };
        if let Some(alias) = alias(site, &mut placed, &line).await {
            count.add(&alias);
            take(alias, &mut placed);
        }
    }
    count
}

/// Reads one line of a file. What is wrong with it is said; then there is no alias.
async fn alias(
    site: &Site,
    tracer: &mut dyn Tracer,
    line: &Result<AliasLine, (u32, AliasProblem)>,
) -> Option<Alias> {
    let complain = |text: &[&[u8]], tracer: &mut dyn Tracer| {
        tracer.reply(&Reply::new(554, Some(EnhancedStatus(5, 3, 5)), text.concat()));
        None
    };
    let line = match line {
        Ok(line) => line,
        Err((_, problem)) => return complain(&[problem.to_string().as_bytes()], tracer),
    };
    let shown = &line.text[..line.text.len().min(MAX_SHOWN)];
    let mut scope = Scope::default();
    let left =
        Rewriter::new(site, &mut scope, tracer).parse_until(&line.text, b':', AddressKind::RECIPIENT).await;
    let given = line.text[..left.rest.min(line.text.len())].to_vec();
    let address = match (left.address, left.bad || left.triple.is_some()) {
        (Some(address), _) => Some(address),
        (None, true) => None,
        (None, false) => return complain(&[shown, b"... illegal alias name"], tracer),
    };
    if site.config.options.check_aliases {
        check(site, tracer, &line.value).await;
    }
    let mailer = address.as_ref().and_then(|address| site.config.mailers.get(usize::from(address.mailer.0)));
    let (Some(address), true) = (&address, mailer.is_some_and(|mailer| mailer.has(b'A'))) else {
        return complain(&[&given, b"... cannot alias non-local names"], tracer);
    };
    if line.value.trim_ascii().is_empty() {
        return complain(&[shown, b"... missing value for alias"], tracer);
    }
    let exact =
        mailer.is_some_and(|mailer| mailer.has(b'u')) && !address.user.eq_ignore_ascii_case(b"postmaster");
    let name = if exact { address.user.clone() } else { address.user.to_ascii_lowercase() };
    Some(Alias { given, name, value: line.value.clone() })
}

/// Option CheckAliases: every address of the value.
async fn check(site: &Site, tracer: &mut dyn Tracer, value: &[u8]) {
    for part in split_list(value) {
        let mut scope = Scope::default();
        let parsed = Rewriter::new(site, &mut scope, tracer).parse(&part, AddressKind::RECIPIENT).await;
        if parsed.address.is_none() && !parsed.temporary {
            tracer.reply(&Reply::new(
                553,
                Some(EnhancedStatus(5, 3, 5)),
                [&part[..], b"... bad address"].concat(),
            ));
        }
    }
}

impl AliasRules for Site {
    fn read<'a>(
        &'a self,
        file: &'a [u8],
        text: &'a [u8],
        tracer: &'a mut dyn Tracer,
    ) -> Pin<Box<dyn Future<Output = AliasPairs> + Send + 'a>> {
        Box::pin(async move {
            let mut pairs = Vec::new();
            let mut take = |alias: Alias, _: &mut dyn Tracer| pairs.push((alias.name, alias.value));
            let count = read_aliases(self, file, text, tracer, &mut take).await;
            tracer.notice(&count.summary(file));
            pairs
        })
    }
}

/// Puts file and line in front of what is said.
struct Placed<'a> {
    tracer: &'a mut dyn Tracer,
    place: Vec<u8>,
}

impl Placed<'_> {
    fn at(&self, text: &[u8]) -> Vec<u8> {
        [&self.place, text].concat()
    }
}

impl Tracer for Placed<'_> {
    pass_on!(level, line, text, test_mode);

    fn message(&mut self, text: &[u8]) {
        let text = self.at(text);
        self.tracer.message(&text);
    }

    fn notice(&mut self, text: &[u8]) {
        let text = self.at(text);
        self.tracer.notice(&text);
    }

    fn reply(&mut self, reply: &Reply) {
        let reply = Reply { text: self.at(&reply.text), ..reply.clone() };
        self.tracer.reply(&reply);
    }
}
