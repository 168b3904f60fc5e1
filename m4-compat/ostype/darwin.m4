divert(-1)
dnl # OSTYPE(darwin): Darwin and macOS. No argument.
dnl # Keeps what the site has set before: STATUS_FILE, LOCAL_MAILER_PATH,
dnl # UUCP_MAILER_ARGS.
dnl # Sets in any case: confDONT_BLAME_SENDMAIL.
dnl # Adds flags to the mailers of LOCAL.
_DEFIFNOT(`STATUS_FILE', `/var/log/sendmail.st')
MODIFY_MAILER_FLAGS(`LOCAL', `+S')
_DEFIFNOT(`LOCAL_MAILER_PATH', `/usr/libexec/mail.local')
_DEFIFNOT(`UUCP_MAILER_ARGS', `uux - -r -z -a$g $h!rmail ($u)')
define(`confDONT_BLAME_SENDMAIL', `AssumeSafeChown,GroupWritableDirPathSafe')
divert(0)dnl
VERSIONID(`ostype darwin')
