divert(-1)
dnl # OSTYPE(osf1): OSF/1, Digital Unix and Tru64. No argument.
dnl # Keeps what the site has set before: STATUS_FILE.
dnl # Sets in any case: confDEF_USER_ID, confEBINDIR.
_DEFIFNOT(`STATUS_FILE', `/usr/adm/sendmail/sendmail.st')
define(`confDEF_USER_ID', `daemon')
define(`confEBINDIR', `/usr/lbin')
divert(0)dnl
VERSIONID(`ostype osf1')
