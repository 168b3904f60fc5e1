//! What the keeper knows of the configuration: plain values, made before the fork, never changed.

use super::secrets::PasswordSources;
use crate::addr::{MacroId, expand_with, op};
use crate::db::AliasSpec;
use crate::schema::UserIds;
use crate::sys::identity::Identity;
use crate::sys::process::Programs;
use crate::sys::safe::Blame;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

/// A mailer as far as this host runs it.
#[derive(Clone, Debug, Default)]
pub(super) struct LocalMailer {
    pub(super) name: Vec<u8>,
    /// P=
    pub(super) path: Vec<u8>,
    /// A=, unexpanded.
    pub(super) argv: Vec<Vec<u8>>,
    /// F=, a bit per letter.
    pub(super) flags: u128,
    /// D=, unexpanded.
    pub(super) directory: Vec<u8>,
    /// /=, unexpanded.
    pub(super) root: Vec<u8>,
    /// U=
    pub(super) user: Option<UserIds>,
    /// N=
    pub(super) nice: i32,
    /// W=, in seconds; 0: for ever.
    pub(super) wait: u32,
    /// Octets that it is never given more of, but for their encoding; 0: there is no end.
    pub(super) longest: u64,
}

impl LocalMailer {
    /// Does F= hold this letter?
    pub(super) fn has(&self, flag: u8) -> bool {
        flag < 128 && self.flags & (1 << flag) != 0
    }

    /// Does the recipient name a file or command itself (and no mailbox)?
    pub(super) fn is_named(&self) -> bool {
        [&b"prog"[..], b"*file*"].iter().any(|name| self.name.eq_ignore_ascii_case(name))
    }

    /// Is it a program that is told its recipients in a dialogue?
    pub(super) fn is_pipe(&self) -> bool {
        let per_user = |word: &Vec<u8>| word.windows(2).any(|two| two == [op::MACRO_EXPAND, b'u']);
        self.is_program() && !self.is_named() && !self.argv.iter().any(per_user)
    }

    /// Is it a program (and no mailer that is built in)?
    pub(super) fn is_program(&self) -> bool {
        !self.path.starts_with(b"[")
    }
}

/// What an option takes a file for. One file may be several things, each under rules of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum TlsFile {
    /// Certificates, or a list of revoked ones.
    Certificate,
    /// A private key.
    Key,
    /// Name and password for other hosts.
    AuthInfo,
    /// The table of keys that messages are signed with.
    SigningTable,
    /// A directory of certificates, and lists of revoked ones, by the hash of their names.
    Directory,
}

/// A file that an option names.
pub type NamedFile = (TlsFile, Vec<u8>);

/// Everything.
#[derive(Clone, Debug)]
pub struct KeeperSettings {
    pub(super) mailers: Vec<LocalMailer>,
    /// E lines.
    pub(super) environment: Vec<(Vec<u8>, Vec<u8>)>,
    /// The macros' own values, unexpanded.
    pub(super) macros: HashMap<u8, Vec<u8>>,
    /// Option AliasFile.
    pub(super) alias_files: Vec<AliasSpec>,
    /// Option AliasWait, in seconds.
    pub(super) alias_wait: i64,
    /// Option DontBlameSendmail.
    pub(super) blame: Blame,
    /// The files of option ForwardPath, unexpanded.
    pub(super) forward_path: Vec<Vec<u8>>,
    /// Option SafeFileEnvironment: below which directory files are that an alias or list names.
    pub(super) file_root: Option<PathBuf>,
    /// Option TempFileMode: of new files that an alias or list names. A mailbox is never executable.
    pub(super) file_mode: u32,
    /// Option DontInitGroups: whoever gets mail acts with his first group alone.
    pub(super) one_group: bool,
    /// Does the log tell what is unsafe around lists (LogLevel)? Else it is not found out where there is no list.
    pub(super) tells_unsafe: bool,
    /// Option DeadLetterDrop.
    pub(super) dead_letters: Option<PathBuf>,
    /// Option DefaultUser: as whom runs what has no controlling user.
    pub(super) default_user: Identity,
    /// Its login name, if it has one.
    pub(super) default_name: Vec<u8>,
    /// `$j`
    pub(super) host: Vec<u8>,
    /// The files of the TLS options.
    pub(super) tls_files: HashSet<NamedFile>,
    /// UNIX sockets of mail filters by the filter's name, where RunAsUser does not say whose rights count.
    pub(super) filters: HashMap<Vec<u8>, Vec<u8>>,
    /// What its maps have the keeper do.
    pub(super) maps: MapNeeds,
    /// Where passwords are.
    pub(super) passwords: PasswordSources,
}

/// What maps have the keeper do.
#[derive(Clone, Debug, Default)]
pub struct MapNeeds {
    /// Programs to run, by the map's name.
    pub programs: Programs,
    /// Files to open.
    pub files: HashSet<PathBuf>,
}

impl KeeperSettings {
    /// The same with programs of maps to run and files of maps to open.
    pub fn with_maps(self, maps: MapNeeds) -> Self {
        Self { maps, ..self }
    }

    /// A mailer by its name.
    pub(super) fn mailer(&self, name: &[u8]) -> Option<&LocalMailer> {
        self.mailers.iter().find(|mailer| mailer.name.eq_ignore_ascii_case(name))
    }

    /// Expands a text of the configuration; values of the moment are filled in as they are, once.
    pub(super) fn expand(&self, text: &[u8], value: &dyn Fn(u8) -> Option<Vec<u8>>) -> Vec<u8> {
        expand_with(text, &|MacroId(id)| self.macros.get(&id).map(Vec::as_slice), &|MacroId(id)| value(id))
    }

    /// A login name that stands for somebody else than the DefaultUser.
    pub(super) fn controlling<'a>(&self, name: &'a [u8]) -> Option<&'a [u8]> {
        (!name.is_empty() && name != self.default_name).then_some(name)
    }
}
