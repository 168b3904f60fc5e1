divert(-1)
dnl # FEATURE(blocklist_recipients): the access table may also refuse mail
dnl # for a recipient (tag To). Needs FEATURE(access_db) before it.
dnl # Example: FEATURE(`blocklist_recipients')
ifdef(`_ACCESS_TABLE_', `define(`_BLOCKLIST_RCPT_', `1')', `errprint(`*** ERROR: FEATURE(blocklist_recipients) requires FEATURE(access_db)
')')
divert(0)dnl
VERSIONID(`feature blocklist_recipients')
