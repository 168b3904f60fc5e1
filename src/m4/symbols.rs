//! Names and their definitions; `pushdef` stacks them.

use std::rc::Rc;

use hashbrown::HashMap;
use memchr::memchr;

use super::builtins::Builtin;
use super::input::Place;

/// What a name stands for.
#[derive(Clone)]
pub(super) enum Body {
    /// Text; `dollar` tells whether it holds a `$` at all.
    Text { text: Rc<[u8]>, dollar: bool },
    /// A builtin.
    Builtin(&'static Builtin),
}

impl Body {
    pub(super) fn text(text: &[u8]) -> Self {
        Self::Text { text: text.into(), dollar: memchr(b'$', text).is_some() }
    }
}

/// One definition of a name.
#[derive(Clone)]
pub(super) struct Definition {
    pub(super) body: Body,
    /// The site's line that defined it, where one did.
    pub(super) site: Option<Place>,
}

impl Definition {
    /// Bytes it needs, about.
    fn size(&self) -> usize {
        let text = match &self.body {
            Body::Text { text, .. } => text.len(),
            Body::Builtin(_) => 0,
        };
        size_of::<Self>() + text
    }
}

/// A name.
pub(super) struct Symbol {
    pub(super) name: Rc<[u8]>,
    stack: Vec<Definition>,
    /// `traceon` outlives definitions.
    pub(super) traced: bool,
}

impl Symbol {
    /// The definition in force.
    pub(super) fn current(&self) -> Option<&Definition> {
        self.stack.last()
    }
}

/// All names.
#[derive(Default)]
pub(super) struct Symbols {
    table: HashMap<Rc<[u8]>, Symbol>,
    /// Bytes of names and definitions, about.
    pub(super) held: usize,
}

impl Symbols {
    /// The name, if it is defined.
    pub(super) fn get(&self, name: &[u8]) -> Option<&Symbol> {
        self.table.get(name).filter(|symbol| !symbol.stack.is_empty())
    }

    fn entry(&mut self, name: &[u8]) -> &mut Symbol {
        let key: Rc<[u8]> = match self.table.get(name) {
            Some(symbol) => symbol.name.clone(),
            None => name.into(),
        };
        let name = key.clone();
        self.held += name.len();
        self.table.entry(key).or_insert_with(|| Symbol { name, stack: Vec::new(), traced: false })
    }

    pub(super) fn define(&mut self, name: &[u8], definition: Definition) {
        self.held += definition.size();
        let symbol = self.entry(name);
        let old = symbol.stack.pop();
        symbol.stack.push(definition);
        self.forget(old);
    }

    pub(super) fn push(&mut self, name: &[u8], definition: Definition) {
        self.held += definition.size();
        self.entry(name).stack.push(definition);
    }

    fn forget(&mut self, definitions: impl IntoIterator<Item = Definition>) -> bool {
        let before = self.held;
        for definition in definitions {
            self.held = self.held.saturating_sub(definition.size());
        }
        self.held < before
    }

    /// Forgets the definition in force. False if there is none.
    pub(super) fn pop(&mut self, name: &[u8]) -> bool {
        let old = self.table.get_mut(name).and_then(|symbol| symbol.stack.pop());
        self.forget(old)
    }

    /// Forgets all definitions. False if there are none.
    pub(super) fn undefine(&mut self, name: &[u8]) -> bool {
        let old = self.table.get_mut(name).map(|symbol| std::mem::take(&mut symbol.stack));
        self.forget(old.into_iter().flatten())
    }

    pub(super) fn trace(&mut self, name: &[u8], on: bool) {
        self.entry(name).traced = on;
    }

    pub(super) fn trace_all(&mut self, on: bool) {
        self.table.values_mut().for_each(|symbol| symbol.traced = on);
    }

    /// Defined names in order.
    pub(super) fn names(&self) -> Vec<Rc<[u8]>> {
        let defined = self.table.values().filter(|symbol| !symbol.stack.is_empty());
        let mut names: Vec<_> = defined.map(|symbol| symbol.name.clone()).collect();
        names.sort();
        names
    }
}
