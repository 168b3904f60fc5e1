divert(-1)
dnl # FEATURE(use_client_ptr): check_relay sees the PTR name of the client, proven or not.
dnl # Example: FEATURE(`use_client_ptr')
define(`_USE_CLIENT_PTR_', `')
divert(0)dnl
VERSIONID(`feature use_client_ptr')
