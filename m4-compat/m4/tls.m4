
######## TLS and what a peer is offered ########

# srv_features: client name -> $# letters of what the server offers it
Ssrv_features
# clt_features: server name -> $# letters of what the client does with it
Sclt_features
# try_tls: server name -> $#error to talk in the clear
Stry_tls
# tls_rcpt: recipient -> $#error to keep it from this server
Stls_rcpt
# tls_client: verify $| MAIL or STARTTLS -> $#error if the client is not good enough
Stls_client
R$* $| $*		$@ $>"TLS_connection" $1
# tls_server: verify -> $#error if the server is not good enough
Stls_server
R$*			$@ $>"TLS_connection" $1
# TLS_connection: verify -> $#error, or anything to go on
STLS_connection
RSOFTWARE		$#error $@ TLS_DSNCODE $: "TLS_ERRCODE TLS handshake failed."
RPROTOCOL		$#error $@ TLS_DSNCODE $: "TLS_ERRCODE STARTTLS failed."
RCONFIG			$#error $@ TLS_DSNCODE $: "TLS_ERRCODE STARTTLS temporarily not possible."
RDANE_FAIL		$#error $@ TLS_DSNCODE $: "TLS_ERRCODE DANE check failed."

# authinfo: server name $| address -> $# how to log in there, or no
Sauthinfo
