divert(-1)
dnl # FEATURE(ratecontrol, when, end): the access table (tag ClientRate) limits how many
dnl # connections in a window of time a client may have. Needs FEATURE(access_db) before it.
dnl #	when	nodelay: at once, although FEATURE(delay_checks) (before this) delays
dnl #	end	terminate: answer 421 and hang up; else 452
dnl # Example: FEATURE(`ratecontrol', `nodelay', `terminate')
ifdef(`_ACCESS_TABLE_', `define(`_RATE_CONTROL_', `1')
define(`_FFR_SRCHLIST_A', `1')
ifelse(defn(`_ARG_'), `', `', lower(defn(`_ARG_')), `nodelay', `ifdef(`_DELAY_CHECKS_', `define(`_RATE_CONTROL_IMMEDIATE_', `1')define(`_CONTROL_IMMEDIATE_', `1')', `errprint(`*** ERROR: FEATURE(`ratecontrol', `nodelay') requires FEATURE(`delay_checks')')')', `errprint(`*** ERROR: unknown parameter "'defn(`_ARG_')`" for FEATURE(`ratecontrol')')')
define(`_RATE_CONTROL_REPLY', `452')
ifelse(len(X`'_ARG2_), `1', `', _ARG2_, `terminate', `define(`_RATE_CONTROL_REPLY', `421')', `errprint(`*** ERROR: FEATURE(`ratecontrol'): unknown argument "'_ARG2_`"
')')', `errprint(`*** ERROR: FEATURE(`ratecontrol') requires FEATURE(`access_db')
')')
divert(0)dnl
VERSIONID(`feature ratecontrol')
