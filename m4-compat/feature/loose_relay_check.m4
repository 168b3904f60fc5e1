divert(-1)
dnl # FEATURE(loose_relay_check): user%site@ours is not looked into.
dnl # Example: FEATURE(`loose_relay_check')
define(`_LOOSE_RELAY_CHECK_', `')
divert(0)dnl
VERSIONID(`feature loose_relay_check')
