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
        let decl = MapDecl { ldap_defaults: Vec::new(), ..self.map_decl(&name, b"ldap", value) };
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
            ldap_defaults: self.config.options.ldap_default_spec.clone().unwrap_or_default(),
            line: self.first_line,
        }
    }

    /// The words of a class, searched with sendmail's own LDAP schema (`Fx@LDAP`; cf/README, USING LDAP).
    pub(super) fn ldap_class_spec(&mut self, class: &[u8]) -> Vec<u8> {
        let selection = [b"(sendmailMTAClassName=", class, b")"].concat();
        self.ldap_spec(b"sendmailMTAClass", b"sendmailMTAClass", &selection, b"")
    }

    /// Aliases, searched with sendmail's own LDAP schema (AliasFile `ldap:`).
    pub(super) fn ldap_alias_spec(&mut self) -> Vec<u8> {
        let grouping = b"(sendmailMTAAliasGrouping=aliases)";
        self.ldap_spec(b"sendmailMTAAliasObject", b"sendmailMTAAlias", grouping, b"(sendmailMTAKey=%0)")
    }

    /// The flags of a map that finds objects of a class, of this cluster or host; their values stand in one
    /// attribute, two others lead to more of them.
    fn ldap_spec(&mut self, object: &[u8], prefix: &[u8], selection: &[u8], key: &[u8]) -> Vec<u8> {
        let cluster = self.config.names.get(b"sendmailMTACluster").and_then(|id| self.config.macros.get(id));
        let cluster = cluster.map(<[u8]>::to_vec).unwrap_or_default();
        let (cluster, host) = (self.expanded(&cluster, MAX_LINE), self.expanded(b"\x81j", MAX_LINE));
        let place = [b"(|(sendmailMTACluster=", &cluster[..], b")(sendmailMTAHost=", &host, b"))"].concat();
        let filter = [b"-k (&(objectClass=", object, b")", selection, &place, key, b")"].concat();
        let values = [b" -v ", prefix, b"Value,", prefix, b"Search:FILTER:", object].concat();
        [&filter[..], &values, b",", prefix, b"URL:URL:", object].concat()
    }

    /// Makes a map; can it be used? A second K line of the same name stands behind the first: what it does not
    /// say stays as it was.
    pub(super) fn declare_map(&mut self, name: &[u8], class: &[u8], args: &[u8]) -> bool {
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
        declared.keep && !declared.unusable
    }
}
