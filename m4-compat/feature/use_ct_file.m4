divert(-1)
dnl # FEATURE(use_ct_file): trusted users are read from confCT_FILE.
dnl # Example: FEATURE(`use_ct_file')
define(`_USE_CT_FILE_', `')
divert(0)dnl
VERSIONID(`feature use_ct_file')
