divert(-1)
dnl # MAILER(cyrus): mailer cyrus puts mail into mailboxes of Cyrus IMAP with its
dnl # deliver program; the host part of a triple names a folder. Mailer cyrusbb
dnl # does it for bulletin boards.
dnl # Defines: CYRUS_MAILER_PATH, _ARGS, _FLAGS, _MAX, _USER, _QGRP;
dnl # CYRUS_BB_MAILER_ARGS, _FLAGS; MODIFY_MAILER_FLAGS of CYRUS, for both. Their
dnl # rulesets come with MAILER(local).
_DEFIFNOT(`CYRUS_MAILER_PATH', `/usr/sbin/cyrdeliver')
_DEFIFNOT(`CYRUS_MAILER_FLAGS', `Ah5@/:|')
_DEFIFNOT(`CYRUS_MAILER_ARGS', `cyrdeliver -e -m $h -- $u')
_DEFIFNOT(`CYRUS_MAILER_USER', `cyrus:mail')
_DEFIFNOT(`CYRUS_BB_MAILER_FLAGS', `u')
_DEFIFNOT(`CYRUS_BB_MAILER_ARGS', `cyrdeliver -e -m $u')
_MAY_QUEUE(`CYRUS', `CYRUS_MAILER_QGRP')

dnl # _CYRUS_MAILER(name, flags, arguments)
define(`_CYRUS_MAILER', `_MAILER(`$1', `CYRUS_MAILER_PATH', `_FLAGS(`CYRUS', `$2')', `S=EnvFromL, R=EnvToL/HdrToL,',
`_LIMITS(`CYRUS', `M')U=CYRUS_MAILER_USER, ', `DNS/RFC822/X-Unix,_CYRUS_QGRP', `$3')')
divert(7)

######## mailers cyrus and cyrusbb ########
VERSIONID(`mailer cyrus')

_CYRUS_MAILER(`cyrus', ``lsDFMnPq', CYRUS_MAILER_FLAGS', `CYRUS_MAILER_ARGS')
_CYRUS_MAILER(`cyrusbb', ``lsDFMnP', CYRUS_BB_MAILER_FLAGS', `CYRUS_BB_MAILER_ARGS')
