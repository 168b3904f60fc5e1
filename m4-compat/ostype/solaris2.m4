divert(-1)
dnl # OSTYPE(solaris2): Solaris 2.5 to 7, with the mail.local that comes with the
dnl # system. No argument.
dnl # Keeps what the site has set before: LOCAL_MAILER_PATH, LOCAL_MAILER_FLAGS,
dnl # LOCAL_MAILER_ARGS, UUCP_MAILER_ARGS.
dnl # Sets in any case: confEBINDIR.
_DEFIFNOT(`LOCAL_MAILER_PATH', `/usr/lib/mail.local')
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `fSmn9')
_DEFIFNOT(`LOCAL_MAILER_ARGS', `mail.local -d $u')
_DEFIFNOT(`UUCP_MAILER_ARGS', `uux - -r -a$g $h!rmail ($u)')
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype solaris2')
