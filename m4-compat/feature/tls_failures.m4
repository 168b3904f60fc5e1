divert(-1)
dnl # FEATURE(tls_failures): the old name of confTLS_FALLBACK_TO_CLEAR, which it sets.
errprint(`*** ERROR: FEATURE(tls_failures) has been replaced by confTLS_FALLBACK_TO_CLEAR
')
define(`confTLS_FALLBACK_TO_CLEAR', `true')
divert(0)dnl
