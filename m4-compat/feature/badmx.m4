divert(-1)
dnl # FEATURE(badmx, addresses): senders are refused whose domain has mail exchangers that
dnl # are an address instead of a name, or that have an address nobody can reach.
dnl #	addresses	regular expression for these; else 127.x, 10.x and 0.0.0.0
dnl # Example: FEATURE(`badmx', `^(127\.|0\.0\.0\.0)')
define(`_BADMX_CHK_', `1')
LOCAL_CONFIG
Kmxlist bestmx -z: -T<TEMP>
Kbadmx regex -a<BADMX> ^(([0-9]{1,3}\.){3}[0-9]){0,1}\.$
KdnsA dns -R A -a. -T<TEMP>
KBadMXIP regex -a<BADMXIP> ifelse(len(X`'_ARG_), `1', `^(127\.|10\.|0\.0\.0\.0)', `_ARG_')
divert(0)dnl
VERSIONID(`feature badmx')
