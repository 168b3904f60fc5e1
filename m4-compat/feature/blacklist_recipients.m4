divert(-1)
dnl # FEATURE(blacklist_recipients): old name of blocklist_recipients.
dnl # Example: FEATURE(`blocklist_recipients')
errprint(`WARNING: FEATURE(blacklist_recipients) is deprecated; use FEATURE(blocklist_recipients.m4).
')
FEATURE(`blocklist_recipients')
divert(0)dnl
VERSIONID(`feature blacklist_recipients')
