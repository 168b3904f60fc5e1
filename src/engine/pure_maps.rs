//! Maps that need nobody but the machine: macro, arith, dequote, as their K lines declare them. `pure_lookup` asks
//! them.

use crate::config::{Config, MapDecl};
use hashbrown::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// One of them, with its flags.
#[derive(Clone, Debug)]
pub struct PureMap {
    pub(super) name: Vec<u8>,
    pub(super) class: Class,
    /// It has been used: what `-d38` calls open.
    pub(super) open: Arc<AtomicBool>,
    /// -a
    pub(super) append: Vec<u8>,
    /// -S or -s: stands between atoms of the key.
    pub(super) space: Option<u8>,
    /// -D
    pub deferred: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    Macro,
    Arith,
    Dequote,
}

impl PureMap {
    /// All maps of our classes. A later K line of a name stands behind the
    /// earlier ones: what it does not say stays as it was.
    pub fn of_config(config: &Config) -> Vec<Self> {
        let mut maps: HashMap<Vec<u8>, Self> = HashMap::new();
        for decl in &config.maps {
            let name = decl.name.to_ascii_lowercase();
            match Self::declare(decl, maps.get(&name)) {
                Some(map) => maps.insert(name, map),
                None => maps.remove(&name),
            };
        }
        maps.into_values().collect()
    }

    /// Is this its name, in any case?
    pub(super) fn is_called(&self, name: &[u8]) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn declare(decl: &MapDecl, before: Option<&Self>) -> Option<Self> {
        let class = match &decl.class[..] {
            b"macro" => Class::Macro,
            b"arith" => Class::Arith,
            b"dequote" => Class::Dequote,
            _ => return None,
        };
        let none = Self {
            name: decl.name.clone(),
            class,
            open: Arc::default(),
            append: Vec::new(),
            space: None,
            deferred: false,
        };
        let mut map = Self { class, ..before.cloned().unwrap_or(none) };
        let mut spaced = false;
        let mut words = decl.args.split(|byte| matches!(byte, b' ' | b'\t')).peekable();
        while let Some([b'-', flag, value @ ..]) = words.next() {
            match flag {
                b'a' => map.append = value.to_vec(),
                b'D' => map.deferred = true,
                // the first of several counts
                b's' | b'S' if !spaced => {
                    map.space = value.first().copied();
                    spaced = true;
                }
                _ => {}
            }
        }
        Some(map)
    }

    /// Stands between atoms of the key.
    pub(super) fn key_space(&self, blank_sub: u8) -> u8 {
        self.space.unwrap_or(blank_sub)
    }

    /// Has it been used?
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }
}

impl Class {
    pub(super) fn name(self) -> &'static [u8] {
        match self {
            Self::Macro => b"macro",
            Self::Arith => b"arith",
            Self::Dequote => b"dequote",
        }
    }
}
