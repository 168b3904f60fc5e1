divert(-1)
dnl # OSTYPE(maxion): Concurrent Maxion. No argument.
dnl # Sets in any case: QUEUE_DIR, STATUS_FILE, LOCAL_MAILER_PATH,
dnl # LOCAL_SHELL_FLAGS, LOCAL_MAILER_ARGS, UUCP_MAILER_ARGS, confEBINDIR.
define(`QUEUE_DIR', `/var/spool/mqueue')
define(`STATUS_FILE', `/var/adm/log/sendmail.st')
define(`LOCAL_MAILER_PATH', `/usr/bin/mail')
define(`LOCAL_SHELL_FLAGS', `ehuP')
define(`LOCAL_MAILER_ARGS', `mail $u')
define(`UUCP_MAILER_ARGS', `uux - -r -a$g -gmedium $h!rmail ($u)')
define(`confEBINDIR', `/usr/ucblib')
divert(0)dnl
VERSIONID(`ostype maxion')
