divert(-1)
dnl # OSTYPE(unicosmk): Cray UNICOS/mk. No argument.
dnl # Sets in any case: ALIAS_FILE, HELP_FILE, QUEUE_DIR, STATUS_FILE,
dnl # LOCAL_SHELL_FLAGS, confPID_FILE.
dnl # Adds flags to the mailer smtp.
define(`ALIAS_FILE', `/usr/lib/aliases')
define(`HELP_FILE', `/usr/lib/sendmail.hf')
define(`QUEUE_DIR', `/usr/spool/mqueue')
define(`STATUS_FILE', `/usr/lib/sendmail.st')
MODIFY_MAILER_FLAGS(`SMTP', `+anpeLC')
define(`LOCAL_SHELL_FLAGS', `lsDFMpxehuo')
define(`confPID_FILE', `/etc/sendmail.pid')
divert(0)dnl
VERSIONID(`ostype unicosmk')
