divert(-1)
dnl # FEATURE(preserve_local_plus_detail): user+detail is delivered as such, without
dnl # a look for user.
dnl # Example: FEATURE(`preserve_local_plus_detail')
define(`_PRESERVE_LOCAL_PLUS_DETAIL_', `')
divert(0)dnl
VERSIONID(`feature preserve_local_plus_detail')
