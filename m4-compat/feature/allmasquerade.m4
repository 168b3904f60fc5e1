divert(-1)
dnl # FEATURE(allmasquerade): recipients in headers are masqueraded too.
dnl # Example: FEATURE(`allmasquerade')
ifdef(`_MAILER_local_', `errprint(`*** MAILER(`local') must appear after FEATURE(`allmasquerade')')')
ifdef(`_MAILER_uucp_', `errprint(`*** MAILER(`uucp') must appear after FEATURE(`allmasquerade')')')
define(`_ALL_MASQUERADE_', `')
divert(0)dnl
VERSIONID(`feature allmasquerade')
