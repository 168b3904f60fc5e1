divert(-1)
dnl # FEATURE(local_no_masquerade): mail that stays here is not masqueraded.
dnl # Example: FEATURE(`local_no_masquerade')
ifdef(`_MAILER_local_', `errprint(`*** MAILER(`local') must appear after FEATURE(`local_no_masquerade')')')
define(`_LOCAL_NO_MASQUERADE_', `')
divert(0)dnl
VERSIONID(`feature local_no_masquerade')
