divert(-1)
dnl # MAILER(xagent): mailer xagent hands mail to the agent of an X.400 gateway.
dnl # Defines: XAGENT_MAILER_PATH, _ARGS, _FLAGS (all of F=), _MAX; no changes by
dnl # MODIFY_MAILER_FLAGS. Its rulesets 11, 21 and 31 are written by nobody: they
dnl # are empty, unless the site opens them. A Debian mailer.
_DEFIFNOT(`XAGENT_MAILER_PATH', `/usr/lib/xagent')
_DEFIFNOT(`XAGENT_MAILER_FLAGS', `DFMueXLn')
_DEFIFNOT(`XAGENT_MAILER_ARGS', `xagent $h $u')
divert(7)

######## mailer xagent ########
VERSIONID(`mailer xagent')

_MAILER(`xagent', `XAGENT_MAILER_PATH', `XAGENT_MAILER_FLAGS', `S=11/31, R=21/31,', `_LIMITS(`XAGENT', `M')', `DNS/RFC822/X-Unix,', `XAGENT_MAILER_ARGS, E=\n')
