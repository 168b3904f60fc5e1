//! Macros set while rules run, shown to an observer.

use super::event::{Event, MacroEvent, Observer};
use super::scope::Scope;
use crate::addr::MacroId;
use crate::config::Config;

/// Sets a macro or makes it undefined.
pub fn define(
    config: &Config,
    scope: &mut Scope,
    observer: &mut dyn Observer,
    id: MacroId,
    value: Option<&[u8]>,
) {
    let again = scope.holds(config, id);
    observer.event(&Event::Macro(MacroEvent::Defined { id, value, again }));
    put(scope, id, value);
}

/// [`define`] by name, which is looked up first. A name that no line of the configuration
/// holds is not set: no rule can ask for it.
pub fn define_named(
    config: &Config,
    scope: &mut Scope,
    observer: &mut dyn Observer,
    name: &[u8],
    value: &[u8],
) {
    by_name(config, scope, observer, name, Some(value));
}

/// Makes a macro undefined by its name.
pub fn undefine_named(config: &Config, scope: &mut Scope, observer: &mut dyn Observer, name: &[u8]) {
    by_name(config, scope, observer, name, None);
}

fn by_name(
    config: &Config,
    scope: &mut Scope,
    observer: &mut dyn Observer,
    name: &[u8],
    value: Option<&[u8]>,
) {
    let Some(id) = config.names.get(name) else { return };
    observer.event(&Event::Macro(MacroEvent::Used { name, id }));
    define(config, scope, observer, id, value);
}

/// Sets a macro for a moment (sendmail's `macset`).
pub fn macset(scope: &mut Scope, observer: &mut dyn Observer, id: MacroId, value: Option<&[u8]>) {
    observer.event(&Event::Macro(MacroEvent::Set { id, value }));
    put(scope, id, value);
}

fn put(scope: &mut Scope, id: MacroId, value: Option<&[u8]>) {
    match value {
        Some(value) => scope.set(id, value),
        None => scope.unset(id),
    }
}
