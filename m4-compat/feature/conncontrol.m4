divert(-1)
dnl # FEATURE(conncontrol, when, end): the access table (tag ClientConn) limits how many
dnl # connections at the same time a client may have. Needs FEATURE(access_db) before it.
dnl #	when	nodelay: at once, although FEATURE(delay_checks) (before this) delays
dnl #	end	terminate: answer 421 and hang up; else 452
dnl # Example: FEATURE(`conncontrol', `nodelay', `terminate')
ifdef(`_ACCESS_TABLE_', `define(`_CONN_CONTROL_', `1')
define(`_FFR_SRCHLIST_A', `1')
ifelse(defn(`_ARG_'), `', `', lower(defn(`_ARG_')), `nodelay', `ifdef(`_DELAY_CHECKS_', `define(`_CONN_CONTROL_IMMEDIATE_', `1')define(`_CONTROL_IMMEDIATE_', `1')', `errprint(`*** ERROR: FEATURE(`conncontrol', `nodelay') requires FEATURE(`delay_checks')')')', `errprint(`*** ERROR: unknown parameter "'defn(`_ARG_')`" for FEATURE(`conncontrol')')')
define(`_CONN_CONTROL_REPLY', `452')
ifelse(len(X`'_ARG2_), `1', `', _ARG2_, `terminate', `define(`_CONN_CONTROL_REPLY', `421')', `errprint(`*** ERROR: FEATURE(`conncontrol'): unknown argument "'_ARG2_`"
')')', `errprint(`*** ERROR: FEATURE(`conncontrol') requires FEATURE(`access_db')
')')
divert(0)dnl
VERSIONID(`feature conncontrol')
