divert(-1)
dnl # OSTYPE(solaris11): Solaris 11. No argument.
dnl # Keeps what the site has set before: UUCP_MAILER_ARGS.
dnl # Sets in any case: confEBINDIR, confPID_FILE.
dnl # Two default daemons, for IPv4 and IPv6; local mail goes over LMTP:
dnl # FEATURE(local_lmtp) is read too.
_DEFIFNOT(`UUCP_MAILER_ARGS', `uux - -r -a$g $h!rmail ($u)')
define(`confEBINDIR', `/usr/lib')
define(`confPID_FILE', `/system/volatile/sendmail.pid')
define(`_NETINET6_', `')
FEATURE(`local_lmtp')
divert(0)dnl
VERSIONID(`ostype solaris11')
