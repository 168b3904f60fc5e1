divert(-1)
dnl # OSTYPE(bsd4.4): 4.4BSD and its children (NetBSD among them). No argument.
dnl # Keeps what the site has set before: STATUS_FILE, LOCAL_MAILER_PATH,
dnl # UUCP_MAILER_ARGS.
_DEFIFNOT(`STATUS_FILE', `/var/log/sendmail.st')
_DEFIFNOT(`LOCAL_MAILER_PATH', `/usr/libexec/mail.local')
_DEFIFNOT(`UUCP_MAILER_ARGS', `uux - -r -z -a$g $h!rmail ($u)')
divert(0)dnl
VERSIONID(`ostype bsd4.4')
