divert(-1)
dnl # FEATURE(nopercenthack, how): user%host@ours does not mean user@host.
dnl #	how	reject: mail to such is refused, unless the client may relay;
dnl #		nospecial: the sign is a letter like others
dnl # Example: FEATURE(`nopercenthack', `reject')
ifelse(substr(defn(`_ARG_'), 0, 1), `', `errprint(`*** ERROR: missing argument for FEATURE(nopercenthack):
		use `reject' or `nospecial'. See cf/README.
')define(`_NO_PERCENTHACK_', `e')', substr(defn(`_ARG_'), 0, 1), `r', `define(`_NO_PERCENTHACK_', `r')', substr(defn(`_ARG_'), 0, 1), `n', `define(`_NO_PERCENTHACK_', `n')',
`errprint(`*** ERROR: illegal argument _ARG_ for FEATURE(nopercenthack)
')')
divert(0)dnl
VERSIONID(`feature nopercenthack')
