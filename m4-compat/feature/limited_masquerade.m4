divert(-1)
dnl # FEATURE(limited_masquerade): only class M is masqueraded, not the names of class w.
dnl # Example: FEATURE(`limited_masquerade')
define(`_LIMITED_MASQUERADE_', `')
divert(0)dnl
VERSIONID(`feature limited_masquerade')
