divert(-1)
dnl # OSTYPE(freebsd5): FreeBSD 5. No argument.
dnl # Keeps what the site has set before: STATUS_FILE, LOCAL_MAILER_PATH,
dnl # LOCAL_MAILER_ARGS, UUCP_MAILER_PATH, UUCP_MAILER_ARGS.
dnl # Adds flags to the mailers of LOCAL.
_DEFIFNOT(`STATUS_FILE', `/var/log/sendmail.st')
MODIFY_MAILER_FLAGS(`LOCAL', `+S')
_DEFIFNOT(`LOCAL_MAILER_PATH', `/usr/libexec/mail.local')
_DEFIFNOT(`LOCAL_MAILER_ARGS', `mail $u')
_DEFIFNOT(`UUCP_MAILER_PATH', `/usr/local/bin/uux')
_DEFIFNOT(`UUCP_MAILER_ARGS', `uux - -r -z -a$g $h!rmail ($u)')
divert(0)dnl
VERSIONID(`ostype freebsd5')
