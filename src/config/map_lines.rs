//! K lines.

use super::load::{Loader, MAX_LINE};
use super::rulesets::MapDecl;

impl Loader<'_> {
    /// `Kname class arguments`
    pub(super) fn map_line(&mut self, text: &[u8]) {
        let line = self.expanded(text, MAX_LINE);
        let line = line.trim_ascii_start();
        let name_end = match line.first() {
            Some(first) if first.is_ascii_alphanumeric() => {
                let more = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_.".contains(byte);
                line.iter().take_while(more).count()
            }
            _ => 0,
        };
        let (name, rest) = line.split_at(name_end);
        if name.is_empty() {
            self.error("readcf: config K line: no map name");
            return;
        }
        // whatever character ends a name is passed over, with the blanks behind it
        let rest = rest.get(1..).unwrap_or_default().trim_ascii_start();
        let class_end = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let (class, args) = rest.split_at(class_end);
        if class.is_empty() {
            self.error([b"readcf: config K line, map ", name, b": no map class"].concat());
            return;
        }
        self.declare_map(name, class, args.get(1..).unwrap_or_default().trim_ascii_start());
    }

    /// Option LDAPDefaultSpec holds flags of ldap maps; it is checked as if it were one.
    pub(super) fn check_ldap_defaults(&mut self, value: &[u8]) {
        let name = b"O LDAPDefaultSpec".to_vec();
        let decl = self.map_decl(&name, b"ldap", value);
        let declared = self.env.declare_map(&decl, &|_| false, false);
        for message in &declared.messages {
            self.error(message);
        }
    }

    /// A map as it is declared here.
    pub(super) fn map_decl(&self, name: &[u8], class: &[u8], args: &[u8]) -> MapDecl {
        MapDecl {
            name: name.to_vec(),
            class: class.to_vec(),
            args: args.to_vec(),
            space: self.config.options.blank_sub,
            line: self.first_line,
        }
    }

    /// Makes a map. A second K line of the same name stands behind the first: what it does not say
    /// stays as it was.
    pub(super) fn declare_map(&mut self, name: &[u8], class: &[u8], args: &[u8]) {
        let decl = self.map_decl(name, class, args);
        let traced = self.traces(37, 5);
        let maps = &self.config.maps;
        let known = |name: &[u8]| maps.iter().any(|map| map.name.eq_ignore_ascii_case(name));
        let declared = self.env.declare_map(&decl, &known, traced);
        for message in &declared.messages {
            self.error(message);
        }
        if traced && declared.keep {
            self.say(&declared.trace);
        }
        if declared.keep {
            self.config.maps.push(decl);
        }
    }
}
