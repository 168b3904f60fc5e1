divert(-1)
dnl # FEATURE(tls_session_features): the access table may set options of TLS for each peer
dnl # (tags TLS_Srv_Features for clients of ours, TLS_Clt_Features for servers): values as
dnl # Options=..., CipherList=..., CertFile=..., separated by semicolons.
dnl # Example: FEATURE(`tls_session_features')
define(`_TLS_SESSION_FEATURES_', `1')
divert(0)dnl
VERSIONID(`feature tls_session_features')
