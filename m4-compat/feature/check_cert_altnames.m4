divert(-1)
dnl # FEATURE(check_cert_altnames): a name that the access table wants in a certificate
dnl # (CN in a TLS requirement) may also be one of its alternative names, where
dnl # *.domain stands for one label more.
dnl # Example: FEATURE(`check_cert_altnames')
define(`_FFR_TLS_ALTNAMES', `1')
LOCAL_CONFIG
O SetCertAltnames=true
divert(0)dnl
VERSIONID(`feature check_cert_altnames')
