divert(-1)
dnl # FEATURE(no_default_msa): no listener on port 587 unless DAEMON_OPTIONS names one.
dnl # Example: FEATURE(`no_default_msa')
define(`_NO_MSA_', `')
divert(0)dnl
VERSIONID(`feature no_default_msa')
