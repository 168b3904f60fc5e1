//! M lines.

use super::RulesetId;
use crate::addr::op;
use crate::schema::UserIds;

/// Index into `Config::mailers`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
pub struct MailerId(pub u16);

/// An S= or R= equate: one ruleset for the envelope, one for headers; 0 means none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RewriteSet {
    /// For envelope addresses.
    pub envelope: Option<RulesetId>,
    /// For header addresses.
    pub header: Option<RulesetId>,
}

/// One mailer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mailer {
    /// Name as written; compared without case.
    pub name: Vec<u8>,
    /// P=: a program's path, `[IPC]`, `[LPC]`, `[FILE]` or `[MAILDIR]`.
    pub path: Vec<u8>,
    /// A=: words, unexpanded.
    pub argv: Vec<Vec<u8>>,
    /// F=: a bit per ASCII letter; ask with [`Mailer::has`].
    pub flags: u128,
    /// S=
    pub sender: RewriteSet,
    /// R=
    pub recipient: RewriteSet,
    /// E=: end of line; `\n` by default.
    pub eol: Vec<u8>,
    /// L=: longest line in bytes; 0 means no limit.
    pub line_limit: usize,
    /// M=: largest message in bytes; 0 means no limit.
    pub max_size: u64,
    /// m=: most messages per connection; 0 means no limit.
    pub max_messages: u32,
    /// r=: most recipients per transaction.
    pub max_recipients: u32,
    /// D=: working directories, unexpanded.
    pub directory: Vec<u8>,
    /// C=: charset for 8-bit headers.
    pub charset: Vec<u8>,
    /// T=: `DNS/RFC822/X-Unix`, split at the slashes.
    pub types: [Vec<u8>; 3],
    /// U=: user and group ids.
    pub user: Option<UserIds>,
    /// N=: niceness.
    pub nice: i32,
    /// W=: seconds to wait for the program to end; 0 means no limit.
    pub wait: u32,
    /// Q=: queue group by name.
    pub queue_group: Option<Vec<u8>>,
    /// /=: chroot directory.
    pub root: Vec<u8>,
    /// First line of its M line; 0 for the built-in ones.
    pub line: u32,
}

impl Mailer {
    /// Does F= hold this letter?
    pub fn has(&self, flag: u8) -> bool {
        flag < 128 && self.flags & (1 << flag) != 0
    }

    /// Delivered over SMTP (`[IPC]`)?
    pub fn is_ipc(&self) -> bool {
        self.path == b"[IPC]"
    }

    /// A program without `$u` among its arguments: it is told its recipients over SMTP, or LMTP with flag z, on a pipe.
    pub fn is_pipe(&self) -> bool {
        let per_user = |word: &Vec<u8>| word.windows(2).any(|two| two == [op::MACRO_EXPAND, b'u']);
        !self.path.starts_with(b"[") && !self.is_named() && !self.argv.iter().any(per_user)
    }

    /// Is there a dialogue with it, wherever it is?
    pub fn speaks_smtp(&self) -> bool {
        self.is_ipc() || self.path == b"[LPC]" || self.is_pipe()
    }

    /// Does it take a message of this size (M=)?
    pub fn takes(&self, size: u64) -> bool {
        self.max_size == 0 || size <= self.max_size
    }

    /// Does the recipient name a file or command itself?
    pub fn is_named(&self) -> bool {
        self.name.eq_ignore_ascii_case(b"prog") || self.is_file()
    }

    /// Is it the one that appends to files?
    pub fn is_file(&self) -> bool {
        self.name.eq_ignore_ascii_case(b"*file*")
    }

    /// The line that `=M` of `-bt` prints, without its end.
    pub fn listing(&self, number: usize, config: &super::Config) -> Vec<u8> {
        let set = |set: &RewriteSet| {
            let name = |id: Option<RulesetId>| config.rulesets.display_name(id.unwrap_or(RulesetId(0)));
            [name(set.envelope), name(set.header)].join(&b'/')
        };
        let shown = |text: &[u8]| super::printable(text, &config.names);
        let ids = match self.user {
            None => "-1:-1".to_owned(),
            Some(UserIds { uid, gid }) => format!("{}:{}", uid as i32, gid as i32),
        };
        let flags: Vec<u8> = (0..128).filter(|letter| self.has(*letter)).collect();
        let mut out = format!("mailer {number} (").into_bytes();
        out.extend(
            [&self.name[..], b"): P=", &self.path, b" S=", &set(&self.sender), b" R=", &set(&self.recipient)]
                .concat(),
        );
        out.extend(format!(" M={} U={ids} F=", self.max_size).into_bytes());
        out.extend(flags);
        out.extend(format!(" L={} E=", self.line_limit).into_bytes());
        out.extend(shown(&self.eol));
        if !self.charset.is_empty() {
            out.extend([b" C=", &self.charset[..]].concat());
        }
        let kinds = self.types.each_ref().map(|kind| match kind.as_slice() {
            b"" => &b"<undefined>"[..],
            kind => kind,
        });
        out.extend([b" T=", &kinds.join(&b'/')[..]].concat());
        out.extend(format!(" r={} A=", self.max_recipients).into_bytes());
        out.extend(self.argv.iter().map(|word| shown(word)).collect::<Vec<_>>().join(&b' '));
        out
    }
}

/// Which number a mailer has in listings. Mostly it is its place in the order of definition.
#[derive(Clone, Debug, Default)]
pub struct MailerNumbers {
    next: usize,
    /// The last number given to a mailer, by its id.
    numbers: Vec<usize>,
    /// Who is listed under a number: the last one that got it.
    listed: Vec<MailerId>,
}

impl MailerNumbers {
    /// The number that the next new mailer gets.
    pub fn next(&self) -> usize {
        self.next
    }

    /// New mailers are counted from 0 again, whoever has these numbers.
    pub fn restart(&mut self) {
        self.next = 0;
    }

    /// Lists a mailer that has been defined; one that is defined again keeps its number.
    pub fn give(&mut self, MailerId(index): MailerId) {
        if usize::from(index) == self.numbers.len() {
            self.numbers.push(self.next);
            self.next += 1;
        }
        let number = self.numbers[usize::from(index)];
        match self.listed.get_mut(number) {
            Some(listed) => *listed = MailerId(index),
            None => self.listed.push(MailerId(index)),
        }
    }

    /// Numbers and who is listed under them.
    pub fn listed(&self) -> impl Iterator<Item = (usize, MailerId)> {
        self.listed.iter().copied().enumerate()
    }
}
