//! Addresses and macros: the lines of -d12, -d20, -d24, -d29, -d33, -d35 and -d48.

use super::super::event::{AddressEvent, AddressView, MacroEvent};
use super::super::print::put_tokens;
use crate::addr::{Expansion, MacroId};
use crate::config::{Config, printable};
use crate::logging::Tracer;

/// What is shown of an address.
pub(super) fn address(config: &Config, event: AddressEvent<'_>, tracer: &mut dyn Tracer) {
    let needed = match event {
        AddressEvent::Remote { .. } | AddressEvent::RemoteName { .. } => (12, 1),
        AddressEvent::Parse { .. }
        | AddressEvent::NotParsed { .. }
        | AddressEvent::Postponed
        | AddressEvent::Parsed { .. } => (20, 1),
        AddressEvent::Allocated { .. } => (24, 4),
        AddressEvent::Build { .. } => (24, 5),
        AddressEvent::Built { .. } => (24, 6),
        AddressEvent::LocalUser { .. } => (29, 1),
        AddressEvent::Crack { .. } | AddressEvent::Cracked { .. } => (33, 1),
        AddressEvent::Check { .. } | AddressEvent::CheckUnscanned | AddressEvent::CheckDiscards => (48, 2),
    };
    let (category, level) = needed;
    if tracer.level(category) < level {
        return;
    }
    match event {
        AddressEvent::Parse { text } => tracer.text(&[b"\n--parseaddr(", text, b")\n"].concat()),
        AddressEvent::Parsed { address, temporary } => tracer.text(&parsed(config, address, temporary)),
        AddressEvent::Built { address } => tracer.text(&built(config, address)),
        event => tracer.line(&line(config, event, tracer.level(0) >= 44)),
    }
}

/// Those that are one line each.
fn line(config: &Config, event: AddressEvent<'_>, apart: bool) -> Vec<u8> {
    match event {
        AddressEvent::NotParsed { why } => [b"parseaddr-->", why.as_bytes()].concat(),
        AddressEvent::Postponed => b"parseaddr: queueing message".to_vec(),
        AddressEvent::Build { flags, tokens } => {
            let mut line = format!("buildaddr, flags={flags}, tv=").into_bytes();
            put_tokens(&config.names, tokens.iter().map(|token| &token[..]), apart, &mut line);
            line
        }
        AddressEvent::Allocated { flags, text } => {
            let head = format!("allocaddr(flags={flags}, paddr=");
            [head.as_bytes(), text, b", ad=1)"].concat()
        }
        AddressEvent::LocalUser { text } => [b"maplocaluser: ", text].concat(),
        AddressEvent::Remote { text } => [b"remotename(", text, b")"].concat(),
        AddressEvent::RemoteName { name, status } => {
            let tail = format!("', stat={}", status.0);
            [b"remotename => `", &printable(name, &config.names)[..], tail.as_bytes()].concat()
        }
        AddressEvent::Crack { text } => [b"crackaddr(", text, b")"].concat(),
        AddressEvent::Cracked { pattern } => {
            [b"crackaddr=>`", &printable(pattern, &config.names)[..], b"'"].concat()
        }
        AddressEvent::Check { function, ruleset, first, second } => {
            let second = second.unwrap_or(b"(NULL)");
            [function.as_bytes(), b"(", ruleset, b", ", first, b", ", second, b")"].concat()
        }
        AddressEvent::CheckUnscanned => b"rscheck: cannot prescan input".to_vec(),
        AddressEvent::CheckDiscards => b"rscheck: discard mailer selected".to_vec(),
        AddressEvent::Parse { .. } | AddressEvent::Parsed { .. } | AddressEvent::Built { .. } => Vec::new(),
    }
}

/// The block after `parseaddr-->`. Where an address lies in memory varies in sendmail from run to run;
/// what follows `0x` here means nothing either.
fn parsed(config: &Config, address: AddressView<'_>, temporary: bool) -> Vec<u8> {
    let mut text = format!("parseaddr-->{:#x}=", address.place).into_bytes();
    text.extend_from_slice(address.text);
    let (state, status) = if temporary { ("QUEUEUP", "4.4.3") } else { ("OK", "(none)") };
    let flags = "100180<QPINGONFAILURE,QPINGONDELAY,QSECURE>";
    // an address that somebody owns has a host, if an empty one
    block(config, address, b"", state, flags, status, &mut text);
    text
}

/// What `buildaddr` has made, before it is anybody's address.
fn built(config: &Config, address: AddressView<'_>) -> Vec<u8> {
    let mut text = format!("buildaddr => {:#x}=<null>", address.place).into_bytes();
    block(config, address, b"<null>", "OK", "180<QPINGONFAILURE,QPINGONDELAY>", "(none)", &mut text);
    text
}

fn block(
    config: &Config,
    address: AddressView<'_>,
    no_host: &[u8],
    state: &str,
    flags: &str,
    status: &str,
    text: &mut Vec<u8>,
) {
    let mailer = &config.mailers[usize::from(address.mailer.0)];
    text.extend_from_slice(format!(":\n\tmailer {} (", address.mailer.0).as_bytes());
    text.extend_from_slice(&mailer.name);
    text.extend_from_slice(b"), host `");
    text.extend_from_slice(address.host.unwrap_or(no_host));
    text.extend_from_slice(b"'\n\tuser `");
    text.extend_from_slice(address.user);
    let rest = format!(
        "', ruser `<null>'\n\tstate={state}, next=0x0, alias 0x0, uid 0, gid 0\n\tflags={flags}\n\
         \towner=(none), home=\"(none)\", fullname=\"(none)\"\n\
         \torcpt=\"(none)\", statmta=(none), status={status}\n\
         \tfinalrcpt=\"(none)\"\n\trstatus=\"(none)\"\n\tstatdate=(none)\n"
    );
    text.extend_from_slice(rest.as_bytes());
}

/// -d35.9 and -d35.14: a macro's name, its new value.
pub(super) fn macro_event(config: &Config, event: MacroEvent<'_>, tracer: &mut dyn Tracer) {
    let level = tracer.level(35);
    match event {
        MacroEvent::Named { name, id } if level >= 14 => {
            tracer.line(&name_line(&printable(name, &config.names), id));
        }
        MacroEvent::Used { name, id } if level >= 14 => {
            let shown = if name.len() > 1 { [b"{", name, b"}"].concat() } else { name.to_vec() };
            tracer.line(&name_line(&shown, Some(id)));
        }
        MacroEvent::Defined { id, value, again } if level >= 9 => {
            value_line(config, if again { b"redefine(" } else { b"define(" }, id, value, tracer);
        }
        MacroEvent::Set { id, value } if level >= 9 => value_line(config, b"macset(", id, value, tracer),
        _ => {}
    }
}

/// `macid(TEXT) => x`: which id a name has; ids of long names are shown as numbers.
fn name_line(text: &[u8], id: Option<MacroId>) -> Vec<u8> {
    let shown = match id {
        Some(id) if (0x20..0x7f).contains(&id.0) && text.first() != Some(&b'{') => vec![id.0],
        Some(id) => format!("0x{:x}", id.0).into_bytes(),
        None => b"0xffffffff".to_vec(),
    };
    [b"macid(", text, b") => ", &shown].concat()
}

fn value_line(config: &Config, head: &[u8], id: MacroId, value: Option<&[u8]>, tracer: &mut dyn Tracer) {
    let single = [id.0];
    let name = config.names.long_name(id).unwrap_or(&single);
    let value = value.map_or_else(|| b"<null>".to_vec(), |value| printable(value, &config.names));
    tracer.line(&[head, name, b" as ", &value[..], b")"].concat());
}

/// -d35.24 and -d35.28: the macros of a text are replaced, level by level.
pub(super) fn expanded(config: &Config, expansion: &Expansion, tracer: &mut dyn Tracer) {
    let traced = tracer.level(35);
    if traced < 24 {
        return;
    }
    let results = expansion.steps.iter().skip(1).chain([&expansion.text]);
    for (level, (step, result)) in expansion.steps.iter().zip(results).enumerate() {
        tracer.line(&[b"expand(", &printable(step, &config.names)[..], b")"].concat());
        if traced >= 28 {
            let shown = printable(result, &config.names);
            tracer.line(&[format!("expand({level}) ==> ").as_bytes(), &shown[..]].concat());
        }
    }
    tracer.line(&[b"expand ==> ", &printable(&expansion.text, &config.names)[..]].concat());
}
