//! One local address: alias, user or neither.

use super::expander::Expander;
use super::options;
use crate::addr::without_quotes;
use crate::config::Mailer;
use crate::envelope::plain_user;
use crate::keeper::UserAnswer;
use crate::logging::Priority;
use crate::rewrite::{Address, Rewriter};
use crate::schema::{EnhancedStatus, Outcome, Reply};
use crate::sys::accounts::User;

/// What an address turned out to be.
#[derive(Debug)]
pub(super) enum LocalResolution {
    /// An alias with this value.
    Alias(Vec<u8>),
    /// An account.
    User(User),
    /// To be delivered as it stands: another host, or a mailer that knows its users itself.
    Final,
    /// Refused for good.
    Unknown(Vec<Reply>),
    /// Not to be said now.
    Later(Reply),
    /// Ruleset 5 goes on naming others: so deep it has come.
    TooDeep(usize),
}

/// What sendmail calls a circle of aliases.
pub(super) const LOOP_BROKEN: &str = "aliasing/forwarding loop broken";

/// `554 5.4.6 aliasing/forwarding loop broken (3 aliases deep; 2 max)`
pub(super) fn too_deep(level: usize, max: usize) -> Reply {
    let text = format!("{LOOP_BROKEN} ({level} aliases deep; {max} max)");
    Reply::new(554, Some(EnhancedStatus(5, 4, 6)), text)
}

/// `550 5.1.1 User unknown`
pub(super) fn user_unknown() -> Reply {
    Reply::new(550, Some(EnhancedStatus(5, 1, 1)), "User unknown")
}

impl Expander<'_> {
    /// Mail waits until the aliases can be read again; why they cannot is for the operator.
    fn no_aliases(&self, why: &str) -> Reply {
        let text = "alias database unavailable";
        self.logger.syserr(Priority::Critical, None, format!("{text}: {why}"));
        Reply::new(451, Some(EnhancedStatus(4, 3, 0)), text)
    }

    pub(super) fn mailer(&self, address: &Address) -> Option<&Mailer> {
        self.site.config.mailers.get(usize::from(address.mailer.0))
    }

    /// Looks an address up: aliases (unless they are not to be followed), then ruleset 5, then accounts. `address` is what ruleset 5 left,
    /// its text unchanged; each name that it puts, or has put before, in the place of another is one `level` deeper (MaxAliasRecursion).
    pub(super) async fn resolve_local(
        &self,
        rewriter: &mut Rewriter<'_>,
        address: &mut Address,
        follow: bool,
        level: &mut usize,
    ) -> LocalResolution {
        *level += usize::from(address.replaced);
        while *level <= options::max_recursion(&self.site.config) {
            let quoted = address.user.starts_with(b"\\");
            let has = |flag| self.mailer(address).is_some_and(|mailer| mailer.has(flag));
            let (aliased, localized, mailbox) = (has(b'A'), has(b'5'), has(b'w'));
            if follow && aliased && !quoted {
                match self.alias_value(&self.alias_key(address)).await {
                    Outcome::Done(Some(value)) => return LocalResolution::Alias(value),
                    Outcome::Done(None) => {}
                    Outcome::Later(why) | Outcome::Never(why) => {
                        return LocalResolution::Later(self.no_aliases(&why));
                    }
                }
            }
            if localized && !address.skip_ruleset5 {
                match self.replace(rewriter, address).await {
                    Some(Ok(())) => {
                        *level += 1;
                        continue;
                    }
                    Some(Err(resolution)) => return resolution,
                    None => {}
                }
            }
            if !mailbox {
                return LocalResolution::Final;
            }
            let found = self.account(address).await;
            if !matches!(found, LocalResolution::Unknown(_)) {
                return found;
            }
            // what is named so begins again with the login name, which may be an alias
            match self.account_by_full_name(&address.user).await {
                Outcome::Done(Some(user)) => address.user = user.name,
                Outcome::Later(_) => return LocalResolution::Later(no_accounts()),
                Outcome::Done(None) | Outcome::Never(_) => return found,
            }
        }
        LocalResolution::TooDeep(*level)
    }

    /// Ruleset 5: `None` when it changes nothing.
    async fn replace(
        &self,
        rewriter: &mut Rewriter<'_>,
        address: &mut Address,
    ) -> Option<Result<(), LocalResolution>> {
        let parsed = rewriter.local_address(address).await?;
        if parsed.temporary {
            let reply =
                Reply::new(451, Some(EnhancedStatus(4, 3, 0)), "Temporary failure in name resolution");
            return Some(Err(LocalResolution::Later(parsed.problems.into_iter().next().unwrap_or(reply))));
        }
        let Some(new) = parsed.address else { return Some(Err(LocalResolution::Unknown(parsed.problems))) };
        let same = new.mailer == address.mailer && new.user == address.user && new.host == address.host;
        if same {
            return None;
        }
        let replaced = address.replaced.saturating_add(1);
        *address = Address { text: std::mem::take(&mut address.text), replaced, ..new };
        Some(Ok(()))
    }

    async fn account(&self, address: &Address) -> LocalResolution {
        match self.keeper.user(&plain_user(&address.user)).await {
            Outcome::Done(Some(user)) => LocalResolution::User(user),
            Outcome::Done(None) => LocalResolution::Unknown(vec![user_unknown()]),
            _ => LocalResolution::Later(no_accounts()),
        }
    }

    /// Option MatchGECOS: an underscore, or what BlankSub makes of a blank, stands for a blank of a full name.
    async fn account_by_full_name(&self, name: &[u8]) -> UserAnswer {
        let options = &self.site.config.options;
        let blank = |byte: &u8| if *byte == b'_' || *byte == options.blank_sub & 0x7f { b' ' } else { *byte };
        let name: Vec<u8> = without_quotes(name).map(|byte| blank(&byte)).collect();
        match options.match_gecos && name.contains(&b' ') {
            true => self.keeper.user_by_full_name(&name).await,
            false => Outcome::Done(None),
        }
    }
}

fn no_accounts() -> Reply {
    Reply::new(451, Some(EnhancedStatus(4, 3, 0)), "User database unavailable")
}
