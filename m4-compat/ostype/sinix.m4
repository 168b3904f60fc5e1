divert(-1)
dnl # OSTYPE(sinix): Siemens Sinix. No argument.
dnl # Keeps what the site has set before: QUEUE_DIR, STATUS_FILE.
dnl # Sets in any case: LOCAL_MAILER_PATH, confEBINDIR.
_DEFIFNOT(`QUEUE_DIR', `/var/spool/mqueue')
define(`LOCAL_MAILER_PATH', `/bin/mail.local')
_DEFIFNOT(`STATUS_FILE', `/var/sendmail.st')
define(`confEBINDIR', `/usr/ucblib')
divert(0)dnl
VERSIONID(`ostype sinix')
