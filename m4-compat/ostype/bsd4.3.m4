divert(-1)
dnl # OSTYPE(bsd4.3): 4.3BSD and what keeps to its places. No argument.
dnl # Keeps what the site has set before: QUEUE_DIR, UUCP_MAILER_ARGS.
_DEFIFNOT(`QUEUE_DIR', `/usr/spool/mqueue')
_DEFIFNOT(`UUCP_MAILER_ARGS', `uux - -r -z -a$g $h!rmail ($u)')
divert(0)dnl
VERSIONID(`ostype bsd4.3')
