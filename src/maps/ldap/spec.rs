//! The flags of ldap maps.

use super::super::files;
use super::super::flags::{Declaring, Words, number};
use super::super::map::{Flags, Map};
use ldap3::{DerefAliases, Scope};

/// The name under which option LDAPDefaultSpec is read as if it were a map.
const DEFAULTS_NAME: &[u8] = b"O LDAPDefaultSpec";

/// Most attributes of a map.
const MAX_ATTRIBUTES: usize = 64;
/// A longer password is not one.
const MAX_SECRET: usize = 256;
/// LDAP versions that the C library speaks.
const VERSIONS: std::ops::RangeInclusive<u32> = 2..=3;

/// What an attribute's values are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Meaning {
    /// A part of the answer.
    Normal,
    /// The name of another entry.
    Dn,
    /// A filter for another search.
    Filter,
    /// An LDAP URL, searched.
    Url,
}

/// An attribute to be returned or followed.
#[derive(Clone, Debug)]
pub(super) struct Attribute {
    pub name: Vec<u8>,
    pub meaning: Meaning,
    /// Only in entries of one of these object classes; none: in all.
    pub classes: Vec<Vec<u8>>,
}

/// How a directory is asked.
#[derive(Clone, Debug)]
pub(super) struct LdapMap {
    /// -h: hosts, each with or without a port.
    pub(super) hosts: Option<Vec<u8>>,
    /// -H
    pub(super) uri: Option<Vec<u8>>,
    pub(super) port: u16,
    pub(super) base: Option<Vec<u8>>,
    pub(super) bind_name: Vec<u8>,
    /// -M simple with -P: the password.
    pub(super) secret: Option<Vec<u8>>,
    pub(super) filter: Vec<u8>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) attribute_separator: Option<u8>,
    pub(super) scope: Scope,
    pub(super) deref: DerefAliases,
    /// Seconds; 0: as long as the server likes.
    pub(super) time_limit: u32,
    pub(super) size_limit: u32,
    /// Seconds for connecting.
    pub(super) connect_timeout: u32,
    pub(super) names_only: bool,
    /// -1: more than one entry is none.
    pub(super) single: bool,
    /// -K: %1 and so on in the filter.
    pub(super) many_arguments: bool,
    method: Method,
    secret_file: Option<Vec<u8>>,
    bad: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Method {
    None,
    Simple,
}

impl Default for LdapMap {
    fn default() -> Self {
        Self {
            hosts: None,
            uri: None,
            port: 389,
            base: None,
            bind_name: Vec::new(),
            secret: None,
            filter: Vec::new(),
            attributes: Vec::new(),
            attribute_separator: None,
            scope: Scope::Subtree,
            deref: DerefAliases::Never,
            time_limit: 0,
            size_limit: 0,
            connect_timeout: 0,
            names_only: false,
            single: false,
            many_arguments: false,
            method: Method::None,
            secret_file: None,
            bad: false,
        }
    }
}

/// Option LDAPDefaultSpec, read as a map's flags; what is wrong with it has been said when it was read.
fn defaults(spec: &[u8]) -> LdapMap {
    let known = |_: &[u8]| false;
    let mut declaring =
        Declaring { messages: Vec::new(), known: &known, blank_sub: b' ', ldap_default_spec: b"" };
    read(&mut Map::new(DEFAULTS_NAME, "ldap"), spec, &mut declaring).0
}

/// Reads a K line's flags over the site's defaults (option LDAPDefaultSpec); is the map usable?
pub(super) fn read(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> (LdapMap, bool) {
    let mut own = match declaring.ldap_default_spec {
        b"" => LdapMap::default(),
        spec => defaults(spec),
    };
    map.flags.insert(Flags::TRY_BARE | Flags::TRY_NULL);
    let mut words = Words::new(args);
    while let Some((letter, beside)) = words.flag_quoted() {
        if !own.flag(letter, beside, map, declaring) && !map.plain_flag(letter, beside) {
            let name = map.name.clone();
            declaring.say(&[b"Illegal option ", &[letter], b" map ", &name]);
        }
    }
    own.read_secret(declaring);
    let is_defaults = map.name == DEFAULTS_NAME;
    let usable = if is_defaults { own.fit_as_defaults(map, declaring) } else { own.fit(map, declaring) };
    let usable = usable && !own.bad;
    map.file = Some(own.server().to_vec());
    (own, usable)
}

impl LdapMap {
    fn flag(&mut self, letter: u8, value: &[u8], map: &Map, declaring: &mut Declaring<'_>) -> bool {
        let text = || Some(value.to_vec());
        match letter {
            b'1' => self.single = true,
            b'b' => self.base = text(),
            b'c' => self.connect_timeout = number(value),
            b'd' => self.bind_name = value.to_vec(),
            b'H' => self.server_flag(true, value, map, declaring),
            b'h' => self.server_flag(false, value, map, declaring),
            b'K' => self.many_arguments = true,
            b'k' => self.filter = value.to_vec(),
            b'l' => self.time_limit = number(value),
            b'M' => self.method_flag(value, map, declaring),
            b'n' => self.names_only = true,
            b'P' => self.secret_file = text(),
            b'p' => self.port = u16::try_from(number(value)).unwrap_or(389),
            // referrals are never chased
            b'R' => {}
            b'r' => self.deref_flag(value, map, declaring),
            b's' => self.scope_flag(value, map, declaring),
            b'V' => self.attribute_separator = value.first().copied(),
            b'v' => self.attributes_flag(value, map, declaring),
            b'w' => self.version_flag(value, map, declaring),
            b'Z' => self.size_limit = number(value),
            _ => return false,
        }
        true
    }

    fn wrong(&mut self, declaring: &mut Declaring<'_>, parts: &[&[u8]]) {
        declaring.say(parts);
        self.bad = true;
    }

    fn server_flag(&mut self, uri: bool, value: &[u8], map: &Map, declaring: &mut Declaring<'_>) {
        let other = if uri { &self.hosts } else { &self.uri };
        if other.is_some() {
            let text = b"Can not specify both an LDAP host and an LDAP URI in map ";
            return self.wrong(declaring, &[text, &map.name]);
        }
        *(if uri { &mut self.uri } else { &mut self.hosts }) = Some(value.to_vec());
    }

    fn method_flag(&mut self, value: &[u8], map: &Map, declaring: &mut Declaring<'_>) {
        match strip(value, b"LDAP_AUTH_").as_slice() {
            b"none" => self.method = Method::None,
            b"simple" => self.method = Method::Simple,
            _ => {
                let text = b"Method for binding must be [none|simple|krbv4] (not ";
                self.wrong(declaring, &[text, value, b") in map ", &map.name]);
            }
        }
    }

    fn deref_flag(&mut self, value: &[u8], map: &Map, declaring: &mut Declaring<'_>) {
        self.deref = match strip(value, b"LDAP_DEREF_").as_slice() {
            b"never" => DerefAliases::Never,
            b"always" => DerefAliases::Always,
            b"search" => DerefAliases::Searching,
            b"find" => DerefAliases::Finding,
            _ => {
                let text = b"Deref must be [never|always|search|find] (not ";
                return self.wrong(declaring, &[text, value, b") in map ", &map.name]);
            }
        };
    }

    fn scope_flag(&mut self, value: &[u8], map: &Map, declaring: &mut Declaring<'_>) {
        self.scope = match strip(value, b"LDAP_SCOPE_").as_slice() {
            b"base" => Scope::Base,
            b"one" | b"onelevel" => Scope::OneLevel,
            b"sub" | b"subtree" => Scope::Subtree,
            _ => {
                let text = b"Scope must be [base|one|sub] (not ";
                return self.wrong(declaring, &[text, value, b") in map ", &map.name]);
            }
        };
    }

    fn version_flag(&mut self, value: &[u8], map: &Map, declaring: &mut Declaring<'_>) {
        let version = number(value);
        if VERSIONS.contains(&version) {
            return;
        }
        let (relation, bound) = match version > *VERSIONS.end() {
            true => ("exceeds max", VERSIONS.end()),
            false => ("is lower than min", VERSIONS.start()),
        };
        let text = format!("LDAP version {version} {relation} of {bound} in map ");
        self.wrong(declaring, &[text.as_bytes(), &map.name]);
    }

    /// `attribute[:TYPE[:class|class]],…`
    fn attributes_flag(&mut self, value: &[u8], map: &Map, declaring: &mut Declaring<'_>) {
        let mut list: Vec<Attribute> = Vec::new();
        for word in value.split(|byte| *byte == b',').filter(|word| !word.is_empty()) {
            let mut parts = word.splitn(3, |byte| *byte == b':');
            let name = parts.next().unwrap_or_default().to_vec();
            let kind = parts.next().unwrap_or_default();
            let classes = parts.next().unwrap_or_default().split(|byte| *byte == b'|');
            let classes = classes.filter(|class| !class.is_empty()).map(<[u8]>::to_vec).collect();
            let meaning = match kind.to_ascii_uppercase().as_slice() {
                b"" | b"NORMAL" => Meaning::Normal,
                b"DN" => Meaning::Dn,
                b"FILTER" => Meaning::Filter,
                b"URL" => Meaning::Url,
                _ => {
                    return self.wrong(declaring, &[b"Unknown attribute type (", kind, b") in ", &map.name]);
                }
            };
            if list.iter().any(|known| known.name.eq_ignore_ascii_case(&name)) {
                return self.wrong(declaring, &[b"Duplicate attribute (", &name, b") in ", &map.name]);
            }
            if list.len() >= MAX_ATTRIBUTES {
                let most = format!(" (max {MAX_ATTRIBUTES})");
                let text = b"Too many return attributes in ";
                return self.wrong(declaring, &[text, &map.name, most.as_bytes()]);
            }
            list.push(Attribute { name, meaning, classes });
        }
        self.attributes = list;
    }

    fn follows(&self) -> bool {
        self.attributes.iter().any(|attribute| attribute.meaning != Meaning::Normal)
    }

    fn fit(&mut self, map: &Map, declaring: &mut Declaring<'_>) -> bool {
        if self.bad {
            return false;
        }
        if self.follows() {
            if !self.attributes.iter().any(|attribute| attribute.meaning == Meaning::Normal) {
                let tail = b" but no returnable attribute given";
                declaring.say(&[b"LDAP recursion requested in ", &map.name, tail]);
                return false;
            }
            if self.names_only {
                declaring.say(&[b"LDAP recursion requested in ", &map.name, b" can not be used with -n"]);
                return false;
            }
        }
        if self.filter.is_empty() {
            declaring.say(&[b"No filter given in map ", &map.name]);
        }
        !self.filter.is_empty()
    }

    fn fit_as_defaults(&mut self, map: &Map, declaring: &mut Declaring<'_>) -> bool {
        let mut refuse = |wrong: bool, what: &[u8]| {
            if wrong {
                declaring.say(&[b"readcf: option LDAPDefaultSpec: Do not set ", what]);
            }
            !wrong
        };
        let plain = map.flags - Flags::TRY_BARE - Flags::TRY_NULL;
        let foreign = !plain.is_empty() || self.single || map.append.is_some() || map.on_failure.is_some();
        refuse(foreign, b"non-LDAP specific flags")
            & refuse(!self.filter.is_empty(), b"the LDAP search filter")
            & refuse(!self.attributes.is_empty(), b"the requested LDAP attributes")
    }

    fn read_secret(&mut self, declaring: &mut Declaring<'_>) {
        if self.method == Method::None || self.bad {
            return;
        }
        let Some(file) = self.secret_file.clone() else { return };
        match std::fs::read(files::path(&file)) {
            Ok(text) => {
                let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
                if line.len() >= MAX_SECRET {
                    return self.wrong(declaring, &[b"LDAP map: secret in ", &file, b" too long"]);
                }
                self.secret = Some(line.to_vec());
            }
            Err(error) => {
                let why = files::error_text(&error);
                self.wrong(declaring, &[b"LDAP map: cannot open secret ", &file, b": ", &why]);
            }
        }
    }

    /// The server as messages name it.
    pub(super) fn server(&self) -> &[u8] {
        self.uri.as_deref().or(self.hosts.as_deref()).unwrap_or(b"localhost")
    }

    pub(super) fn binds(&self) -> bool {
        self.method == Method::Simple
    }
}

/// A word without a prefix and in small letters.
fn strip(word: &[u8], prefix: &[u8]) -> Vec<u8> {
    let has = word.len() >= prefix.len() && word[..prefix.len()].eq_ignore_ascii_case(prefix);
    word[if has { prefix.len() } else { 0 }..].to_ascii_lowercase()
}
