//! SMTP commands: each row stands beside its code, here is their list.

use super::acceptor::Acceptor;
use super::verb_row::VerbRow;
use super::{
    auth, bdat, data, etrn, helo, help, mail, noop, quit, rcpt, rset, starttls, unknown, verb, vrfy, xclient,
};
use std::marker::PhantomData;

/// All rows, for one kind of acceptor.
struct Verbs<A>(PhantomData<A>);

impl<A: Acceptor> Verbs<A> {
    const ALL: &'static [VerbRow<A>] = &[
        mail::row(),
        rcpt::row(),
        data::row(),
        bdat::row(),
        rset::row(),
        helo::ehlo_row(),
        helo::helo_row(),
        noop::row(),
        quit::row(),
        vrfy::vrfy_row(),
        vrfy::expn_row(),
        help::row(),
        etrn::row(),
        verb::row(),
        starttls::row(),
        auth::row(),
        xclient::row(),
        unknown::unimplemented_row("SEND"),
        unknown::unimplemented_row("SAML"),
        unknown::unimplemented_row("SOML"),
        unknown::unimplemented_row("TURN"),
        unknown::bogus_row("WIZ"),
        unknown::bogus_row("DEBUG"),
        unknown::bogus_row("SHOWQ"),
        unknown::http_row("GET"),
        unknown::http_row("POST"),
        unknown::http_row("CONNECT"),
        unknown::http_row("USER"),
        #[cfg(test)]
        super::test_verb::row(),
    ];

    const UNKNOWN: &'static VerbRow<A> = &unknown::row();
}

/// The row of a word.
pub(super) fn find<A: Acceptor>(word: &[u8]) -> &'static VerbRow<A> {
    let known = Verbs::ALL.iter().find(|row| word.eq_ignore_ascii_case(row.word.as_bytes()));
    known.unwrap_or(Verbs::UNKNOWN)
}
