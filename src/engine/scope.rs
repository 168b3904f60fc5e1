//! Macro values of one connection, one envelope, one recipient: an overlay over `Config::macros`.

use super::event::Watcher;
use crate::addr::MacroId;
use crate::config::{Class, Classes, Config, RulesetId};
use crate::schema::DeliveryMode;
use std::sync::Arc;

/// The class of the names in a peer's certificate: no index of the program's knows its members.
pub(super) const CERT_ALTNAMES: &[u8] = b"cert_altnames";
/// Names that are kept of one certificate; a stranger chooses how many there are.
const MAX_ALTNAMES: usize = 256;

/// Values by identifier, in its order: each session keeps two of them, however long it waits.
#[derive(Clone, Debug, Default)]
struct Values(Vec<(u8, Option<Arc<[u8]>>)>);

impl Values {
    fn get(&self, id: u8) -> Option<&Option<Arc<[u8]>>> {
        self.place(id).ok().map(|place| &self.0[place].1)
    }

    fn insert(&mut self, id: u8, value: Option<Arc<[u8]>>) {
        match self.place(id) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => {
                if self.0.len() == self.0.capacity() {
                    self.0.reserve_exact(16);
                }
                self.0.insert(place, (id, value));
            }
        }
    }

    fn place(&self, id: u8) -> Result<usize, usize> {
        self.0.binary_search_by_key(&id, |(id, _)| *id)
    }
}

/// Values set while mail passes through. What is not set here is read from the configuration.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// `Some(None)` means taken away here: the configuration's value shows again.
    values: Values,
    /// A class whose members are of this connection, and of no configuration: `{cert_altnames}`.
    class: Option<(MacroId, Arc<Classes>)>,
    /// See [`Scope::take_renamed`].
    renamed: Vec<(RulesetId, usize)>,
    /// See [`Scope::watch`].
    watcher: Option<Watcher>,
    /// See [`Scope::set_delivery_mode`].
    delivery_mode: Option<DeliveryMode>,
}

impl Scope {
    /// The value of a macro as this scope sees it, unexpanded.
    pub fn get<'a>(&'a self, config: &'a Config, id: MacroId) -> Option<&'a [u8]> {
        self.values.get(id.0).and_then(Option::as_deref).or_else(|| config.macros.get(id))
    }

    /// [`Scope::get`] by a macro's name (`b"j"`, `b"client_addr"`).
    pub fn get_named<'a>(&'a self, config: &'a Config, name: &[u8]) -> Option<&'a [u8]> {
        self.get(config, config.names.get(name)?)
    }

    /// Has a macro a value that would be replaced? The configuration's counts until it was taken away.
    pub(super) fn holds(&self, config: &Config, id: MacroId) -> bool {
        match self.values.get(id.0) {
            Some(value) => value.is_some(),
            None => config.macros.get(id).is_some(),
        }
    }

    /// The value of a single-letter macro if it was set in this scope itself.
    pub fn value(&self, name: u8) -> Option<&[u8]> {
        self.values.get(name)?.as_deref()
    }

    /// Defines a macro.
    pub fn set(&mut self, id: MacroId, value: &[u8]) {
        self.values.insert(id.0, Some(Arc::from(value)));
    }

    /// Takes a macro's value away; one that the configuration gave stays.
    pub fn unset(&mut self, id: MacroId) {
        self.values.insert(id.0, None);
    }

    /// From now on `watcher` is shown every event of rules that run with this scope, or with a copy of it: of a
    /// session's, those of its connection and of its transactions.
    pub fn watch(&mut self, watcher: Watcher) {
        self.watcher = Some(watcher);
    }

    /// From now on nobody is shown anything of this scope; copies keep who was.
    pub fn unwatch(&mut self) {
        self.watcher = None;
    }

    /// Who is shown what happens with this scope.
    pub fn watcher(&self) -> Option<&Watcher> {
        self.watcher.as_ref()
    }

    /// Mail is delivered in another way than the option DeliveryMode says: so a listener may want it (D=), or a client (VERB).
    pub fn set_delivery_mode(&mut self, config: &Config, mode: DeliveryMode) {
        self.delivery_mode = Some(mode);
        self.set_named(config, b"deliveryMode", &[mode.letter()]);
    }

    /// DeliveryMode d: maps with `-D` are not asked, they fail for now.
    pub fn defers(&self, config: &Config) -> bool {
        self.delivery_mode.unwrap_or(config.options.delivery_mode) == DeliveryMode::Defer
    }

    /// A class as this scope sees it.
    pub fn class<'a>(&'a self, config: &'a Config, id: MacroId) -> Option<&'a Class> {
        match &self.class {
            Some((own, classes)) if *own == id => classes.get(id),
            _ => config.classes.get(id),
        }
    }

    /// From now on the class [`CERT_ALTNAMES`] has these members and no others.
    pub fn set_cert_altnames(&mut self, config: &Config, members: &[Vec<u8>]) {
        let Some(id) = config.names.get(CERT_ALTNAMES) else { return };
        let mut classes = Classes::default();
        members.iter().take(MAX_ALTNAMES).for_each(|member| classes.insert(id, member));
        self.class = Some((id, Arc::new(classes)));
    }

    /// Forgets everything that was set here.
    pub fn clear(&mut self) {
        self.values.0.clear();
        self.class = None;
        self.renamed.clear();
        self.delivery_mode = None;
    }

    /// Sets a macro by its name (`b"j"`, `b"client_addr"`); names unknown to the configuration
    /// are not set, since no rule can ask for them.
    pub fn set_named(&mut self, config: &Config, name: &[u8], value: &[u8]) {
        if let Some(id) = config.names.get(name) {
            self.set(id, value);
        }
    }

    /// [`Scope::set_named`] with a value that others have as well, and which is not copied.
    pub fn share_named(&mut self, config: &Config, name: &[u8], value: &Arc<[u8]>) {
        if let Some(id) = config.names.get(name) {
            self.values.insert(id.0, Some(value.clone()));
        }
    }

    /// A rule has called a ruleset by a name in quotes. Each rule is noted once.
    pub(super) fn note_renamed(&mut self, ruleset: RulesetId, rule: usize) {
        if !self.renamed.contains(&(ruleset, rule)) {
            self.renamed.push((ruleset, rule));
        }
    }

    /// Rules (ruleset and index) that have called by a name in quotes: sendmail takes the quotes off
    /// the rule itself, which its listing then shows.
    pub fn take_renamed(&mut self) -> Vec<(RulesetId, usize)> {
        std::mem::take(&mut self.renamed)
    }
}
