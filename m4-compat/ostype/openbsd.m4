divert(-1)
dnl # OSTYPE(openbsd): OpenBSD (as long as it had sendmail). No argument.
dnl # Keeps what the site has set before: STATUS_FILE, LOCAL_MAILER_PATH,
dnl # LOCAL_MAILER_FLAGS, UUCP_MAILER_ARGS.
_DEFIFNOT(`STATUS_FILE', `/var/log/sendmail.st')
_DEFIFNOT(`LOCAL_MAILER_PATH', `/usr/libexec/mail.local')
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `rmn9S')
_DEFIFNOT(`UUCP_MAILER_ARGS', `uux - -r -z -a$g $h!rmail ($u)')
divert(0)dnl
VERSIONID(`ostype openbsd')
