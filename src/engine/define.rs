//! Macros set while rules run, with the traces of category 35.

use super::Scope;
use crate::addr::MacroId;
use crate::config::{Config, printable};
use crate::logging::Tracer;

/// Sets a macro or makes it undefined, traced (-d35.9).
pub fn define(
    config: &Config,
    scope: &mut Scope,
    tracer: &mut dyn Tracer,
    id: MacroId,
    value: Option<&[u8]>,
) {
    if tracer.level(35) >= 9 {
        let head: &[u8] = if scope.holds(config, id) { b"redefine(" } else { b"define(" };
        trace(config, tracer, head, id, value);
    }
    put(scope, id, value);
}

/// [`define`] by name, which is looked up first (-d35.14). A name that no line of the configuration
/// holds is not set: no rule can ask for it.
pub fn define_named(config: &Config, scope: &mut Scope, tracer: &mut dyn Tracer, name: &[u8], value: &[u8]) {
    by_name(config, scope, tracer, name, Some(value));
}

/// Makes a macro undefined by its name.
pub fn undefine_named(config: &Config, scope: &mut Scope, tracer: &mut dyn Tracer, name: &[u8]) {
    by_name(config, scope, tracer, name, None);
}

fn by_name(config: &Config, scope: &mut Scope, tracer: &mut dyn Tracer, name: &[u8], value: Option<&[u8]>) {
    let Some(id) = config.names.get(name) else { return };
    if tracer.level(35) >= 14 {
        let shown = if name.len() > 1 { [b"{", name, b"}"].concat() } else { name.to_vec() };
        trace_name(&shown, Some(id), tracer);
    }
    define(config, scope, tracer, id, value);
}

/// Sets a macro for a moment, traced otherwise (sendmail's `macset`).
pub fn macset(
    config: &Config,
    scope: &mut Scope,
    tracer: &mut dyn Tracer,
    id: MacroId,
    value: Option<&[u8]>,
) {
    if tracer.level(35) >= 9 {
        trace(config, tracer, b"macset(", id, value);
    }
    put(scope, id, value);
}

fn put(scope: &mut Scope, id: MacroId, value: Option<&[u8]>) {
    match value {
        Some(value) => scope.set(id, value),
        None => scope.unset(id),
    }
}

fn trace(config: &Config, tracer: &mut dyn Tracer, head: &[u8], id: MacroId, value: Option<&[u8]>) {
    let single = [id.0];
    let name = config.names.long_name(id).unwrap_or(&single);
    let value = value.map_or_else(|| b"<null>".to_vec(), |value| printable(value, &config.names));
    tracer.line(&[head, name, b" as ", &value[..], b")"].concat());
}

/// `macid(TEXT) => x`: which id a name has; ids of long names are shown as numbers.
pub fn trace_name(text: &[u8], id: Option<MacroId>, tracer: &mut dyn Tracer) {
    let shown = match id {
        Some(id) if (0x20..0x7f).contains(&id.0) && text.first() != Some(&b'{') => vec![id.0],
        Some(id) => format!("0x{:x}", id.0).into_bytes(),
        None => b"0xffffffff".to_vec(),
    };
    tracer.line(&[b"macid(", text, b") => ", &shown].concat());
}
