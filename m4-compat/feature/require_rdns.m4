divert(-1)
dnl # FEATURE(require_rdns): clients need an address with a name that leads back to it.
dnl # Example: FEATURE(`require_rdns')
define(`_REQUIRE_RDNS_', `')
divert(0)dnl
VERSIONID(`feature require_rdns')
