divert(-1)
dnl # OSTYPE(gnu): the GNU Hurd. No argument.
dnl # Keeps what the site has set before: STATUS_FILE, LOCAL_MAILER_PATH,
dnl # LOCAL_MAILER_ARGS.
dnl # Sets in any case: confEBINDIR.
_DEFIFNOT(`STATUS_FILE', `/var/log/sendmail.st')
_DEFIFNOT(`LOCAL_MAILER_PATH', `/libexec/mail.local')
_DEFIFNOT(`LOCAL_MAILER_ARGS', `mail $u')
define(`confEBINDIR', `/libexec')
divert(0)dnl
VERSIONID(`ostype gnu')
