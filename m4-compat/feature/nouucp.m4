divert(-1)
dnl # FEATURE(nouucp, how): host!user does not mean a host of UUCP.
dnl #	how	reject: mail to such is refused, unless the client may relay;
dnl #		nospecial: the sign is a letter like others
dnl # Example: FEATURE(`nouucp', `reject')
ifelse(substr(defn(`_ARG_'), 0, 1), `', `errprint(`*** ERROR: missing argument for FEATURE(nouucp):
		use `reject' or `nospecial'. See cf/README.
')define(`_NO_UUCP_', `e')', substr(defn(`_ARG_'), 0, 1), `r', `define(`_NO_UUCP_', `r')', substr(defn(`_ARG_'), 0, 1), `n', `define(`_NO_UUCP_', `n')',
`errprint(`*** ERROR: illegal argument _ARG_ for FEATURE(nouucp)
')')
divert(0)dnl
VERSIONID(`feature nouucp')
