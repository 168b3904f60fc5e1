divert(-1)
dnl # FEATURE(block_bad_helo): clients are refused that say in HELO a name without a dot or
dnl # one of ours, unless they are ours (class R), have logged in, or speak over -bs.
dnl # Needs FEATURE(delay_checks).
dnl # Example: FEATURE(`block_bad_helo')
define(`_BLOCK_BAD_HELO_', `')
RELAY_DOMAIN(`127.0.0.1')
RELAY_DOMAIN(`IPv6:0:0:0:0:0:0:0:1 IPv6:::1')
LOCAL_DOMAIN(`[127.0.0.1]')
LOCAL_DOMAIN(`[IPv6:0:0:0:0:0:0:0:1] [IPv6:::1]')
divert(0)dnl
VERSIONID(`feature block_bad_helo')
