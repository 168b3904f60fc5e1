divert(-1)
dnl # FEATURE(notsticky): what it asked for is the rule since 8.7; kept for old files.
divert(0)dnl
VERSIONID(`feature notsticky')
