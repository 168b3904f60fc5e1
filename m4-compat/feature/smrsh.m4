divert(-1)
dnl # FEATURE(smrsh, path): programs run under a shell that only knows what the
dnl # administrator allows.
dnl #	path	confEBINDIR/smrsh, or /usr/libexec/smrsh
dnl # Example: FEATURE(`smrsh', `/usr/sbin/smrsh')
ifdef(`_MAILER_local_', `errprint(`*** FEATURE(smrsh) must occur before MAILER(local)
')')
define(`LOCAL_SHELL_PATH', ifelse(defn(`_ARG_'), `', ifdef(`confEBINDIR', `confEBINDIR', `/usr/libexec')`/smrsh', `_ARG_'))
_DEFIFNOT(`LOCAL_SHELL_ARGS', `smrsh -c $u')
divert(0)dnl
VERSIONID(`feature smrsh')
