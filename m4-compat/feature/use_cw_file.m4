divert(-1)
dnl # FEATURE(use_cw_file): names of this host are read from confCW_FILE
dnl # (/etc/mail/local-host-names).
dnl # Example: FEATURE(`use_cw_file')
define(`USE_CW_FILE', `')
divert(0)dnl
VERSIONID(`feature use_cw_file')
