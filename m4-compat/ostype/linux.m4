divert(-1)
dnl # OSTYPE(linux): Linux of any make; procmail delivers local mail.
dnl # Sets confEBINDIR and PROCMAIL_MAILER_PATH, whatever they were before.
divert(0)dnl
VERSIONID(`ostype linux')
define(`confEBINDIR', `/usr/sbin')dnl
define(`PROCMAIL_MAILER_PATH', `/usr/bin/procmail')dnl
FEATURE(`local_procmail')dnl
