divert(-1)
dnl # OSTYPE(solaris2.pre5): Solaris before 2.5, which has no mail.local. No
dnl # argument.
dnl # Keeps what the site has set before: LOCAL_MAILER_FLAGS, LOCAL_MAILER_ARGS,
dnl # UUCP_MAILER_ARGS.
dnl # Sets in any case: confEBINDIR.
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `SnE9')
_DEFIFNOT(`LOCAL_MAILER_ARGS', `mail -f $g -d $u')
_DEFIFNOT(`UUCP_MAILER_ARGS', `uux - -r -a$g $h!rmail ($u)')
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype solaris2.pre5')
