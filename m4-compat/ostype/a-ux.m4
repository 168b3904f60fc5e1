divert(-1)
dnl # OSTYPE(a-ux): Apple's A/UX 3. No argument.
dnl # Keeps what the site has set before: QUEUE_DIR, UUCP_MAILER_PATH,
dnl # LOCAL_MAILER_FLAGS, LOCAL_MAILER_ARGS.
dnl # Sets in any case: confEBINDIR.
_DEFIFNOT(`QUEUE_DIR', `/usr/spool/mqueue')
_DEFIFNOT(`UUCP_MAILER_PATH', `/usr/bin/uux')
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `mn9')
_DEFIFNOT(`LOCAL_MAILER_ARGS', `mail -d -r $f $u')
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype a-ux')
