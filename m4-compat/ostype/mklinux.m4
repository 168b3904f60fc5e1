divert(-1)
dnl # OSTYPE(mklinux): MkLinux. No argument.
dnl # Keeps what the site has set before: STATUS_FILE, PROCMAIL_MAILER_PATH.
dnl # Sets in any case: confEBINDIR.
dnl # procmail delivers local mail: FEATURE(local_procmail) is read too.
define(`confEBINDIR', `/usr/sbin')
_DEFIFNOT(`STATUS_FILE', `/var/log/sendmail.st')
_DEFIFNOT(`PROCMAIL_MAILER_PATH', `/usr/bin/procmail')
FEATURE(`local_procmail')
divert(0)dnl
VERSIONID(`ostype mklinux')
