divert(-1)
dnl # Listeners: MTA unless DAEMON_OPTIONS named some, and the MSA beside them.
define(`_DAEMON_LINES_', `ifelse(defn(`_DPO_'), `', `ifdef(`_NETINET6_', `O DaemonPortOptions=Name=MTA-v4, Family=inet
O DaemonPortOptions=Name=MTA-v6, Family=inet6', `O DaemonPortOptions=Name=MTA')', `substr(defn(`_DPO_'), 1)')
ifdef(`_NO_MSA_', `', `O DaemonPortOptions=Port=587, Name=MSA, M=E
')')
define(`_CLIENT_LINES_', `ifelse(defn(`_CPO_'), `', `#O ClientPortOptions=Family=inet, Address=0.0.0.0', `substr(defn(`_CPO_'), 1)')
')
define(`_TIME_ZONE_', `ifelse(confTIME_ZONE, `USE_SYSTEM', `#O TimeZoneSpec=', confTIME_ZONE, `USE_TZ', `O TimeZoneSpec=', `O TimeZoneSpec=confTIME_ZONE')
')
divert(0)dnl
# 8 bit data
_OPTION(`SevenBitInput', `confSEVEN_BIT_INPUT', `False')dnl
_OPTION(`EightBitMode', `confEIGHT_BIT_HANDLING', `pass8')dnl

# aliases
_OPTION(`AliasWait', `confALIAS_WAIT', `5m')dnl
_OPTION(`AliasFile', `ALIAS_FILE', `MAIL_SETTINGS_DIR`'aliases')dnl

# sizes and room on disk
_OPTION(`MinFreeBlocks', `confMIN_FREE_BLOCKS', `100')dnl
_OPTION(`MaxMessageSize', `confMAX_MESSAGE_SIZE', `0')dnl

# delivery and errors
_OPTION(`BlankSub', `confBLANK_SUB', `_')dnl
_OPTION(`HoldExpensive', `confCON_EXPENSIVE', `False')dnl
_OPTION(`CheckpointInterval', `confCHECKPOINT_INTERVAL', `10')dnl
_OPTION(`DeliveryMode', `confDELIVERY_MODE', `background')dnl
_OPTION(`ErrorHeader', `confERROR_MESSAGE', `MAIL_SETTINGS_DIR`'error-header')dnl
_OPTION(`ErrorMode', `confERROR_MODE', `print')dnl

# files
_OPTION(`SaveFromLine', `confSAVE_FROM_LINES', `False')dnl
_OPTION(`QueueFileMode', `confQUEUE_FILE_MODE', `0600')dnl
_OPTION(`TempFileMode', `confTEMP_FILE_MODE', `0600')dnl

# local users
_OPTION(`MatchGECOS', `confMATCH_GECOS', `False')dnl

# loops, the text of HELP
_OPTION(`MaxHopCount', `confMAX_HOP', `25')dnl
O HelpFile=ifdef(`HELP_FILE', `HELP_FILE', `MAIL_SETTINGS_DIR`'helpfile')

# input, name server, bounces, .forward
_OPTION(`IgnoreDots', `confIGNORE_DOTS', `False')dnl
_OPTION(`ResolverOptions', `confBIND_OPTS', `+AAONLY')dnl
_OPTION(`SendMimeErrors', `confMIME_FORMAT_ERRORS', `True')dnl
_OPTION(`ForwardPath', `confFORWARD_PATH', `/var/forward/$u:$z/.forward.$w:$z/.forward')dnl

# outgoing connections
_OPTION(`ConnectionCacheSize', `confMCI_CACHE_SIZE', `2')dnl
_OPTION(`ConnectionCacheTimeout', `confMCI_CACHE_TIMEOUT', `5m')dnl
_OPTION(`HostStatusDirectory', `confHOST_STATUS_DIRECTORY', `.hoststat')dnl
_OPTION(`SingleThreadDelivery', `confSINGLE_THREAD_DELIVERY', `False')dnl

# small behaviours
_OPTION(`UseErrorsTo', `confUSE_ERRORS_TO', `False')dnl
_OPTION(`UseCompressedIPv6Addresses', `confUSE_COMPRESSED_IPV6_ADDRESSES', `')dnl

# logging
_OPTION(`LogLevel', `confLOG_LEVEL', `10')dnl
_OPTION(`MeToo', `confME_TOO', `True')dnl
_OPTION(`CheckAliases', `confCHECK_ALIASES', `False')dnl

# old list syntax
_OPTION(`OldStyleHeaders', `confOLD_STYLE_HEADERS', `False')dnl

# listeners, and the address of outgoing connections
_DAEMON_LINES_`'dnl
_CLIENT_LINES_`'dnl

# submission on the command line
_OPTION(`DirectSubmissionModifiers', `confDIRECT_SUBMISSION_MODIFIERS', `')dnl
_OPTION(`UseMSP', `confUSE_MSP', `')dnl

# what strangers may ask
_OPTION(`PrivacyOptions', `confPRIVACY_FLAGS', `authwarnings')dnl
_OPTION(`PostmasterCopy', `confCOPY_ERRORS_TO', `Postmaster')dnl

# queue
_OPTION(`QueueFactor', `confQUEUE_FACTOR', `600000')dnl
_OPTION(`MaxQueueChildren', `confMAX_QUEUE_CHILDREN', `')dnl
_OPTION(`MaxRunnersPerQueue', `confMAX_RUNNERS_PER_QUEUE', `1')dnl
_OPTION(`NiceQueueRun', `confNICE_QUEUE_RUN', `')dnl
_OPTION(`QueueSortOrder', `confQUEUE_SORT_ORDER', `priority')dnl
_OPTION(`MinQueueAge', `confMIN_QUEUE_AGE', `30m')dnl
_OPTION(`MaxQueueAge', `confMAX_QUEUE_AGE', `')dnl
_OPTION(`MaxQueueRunSize', `confMAX_QUEUE_RUN_SIZE', `0')dnl
_OPTION(`FastSplit', `confFAST_SPLIT', `1')dnl
O QueueDirectory=ifdef(`QUEUE_DIR', `QUEUE_DIR', `/var/spool/mqueue')
_OPTION(`SharedMemoryKey', `confSHARED_MEMORY_KEY', `0')dnl
_OPTION(`SharedMemoryKeyFile', `confSHARED_MEMORY_KEY_FILE', `')dnl

# timeouts
_OPTION(`Timeout.initial', `confTO_INITIAL', `5m')dnl
_OPTION(`Timeout.connect', `confTO_CONNECT', `5m')dnl
_OPTION(`Timeout.aconnect', `confTO_ACONNECT', `0s')dnl
_OPTION(`Timeout.iconnect', `confTO_ICONNECT', `5m')dnl
_OPTION(`Timeout.helo', `confTO_HELO', `5m')dnl
_OPTION(`Timeout.mail', `confTO_MAIL', `10m')dnl
_OPTION(`Timeout.rcpt', `confTO_RCPT', `1h')dnl
_OPTION(`Timeout.datainit', `confTO_DATAINIT', `5m')dnl
_OPTION(`Timeout.datablock', `confTO_DATABLOCK', `1h')dnl
_OPTION(`Timeout.datafinal', `confTO_DATAFINAL', `1h')dnl
_OPTION(`Timeout.rset', `confTO_RSET', `5m')dnl
_OPTION(`Timeout.quit', `confTO_QUIT', `2m')dnl
_OPTION(`Timeout.misc', `confTO_MISC', `2m')dnl
_OPTION(`Timeout.command', `confTO_COMMAND', `1h')dnl
_OPTION(`Timeout.ident', `confTO_IDENT', `5s')dnl
_OPTION(`Timeout.fileopen', `confTO_FILEOPEN', `60s')dnl
_OPTION(`Timeout.control', `confTO_CONTROL', `2m')dnl
_OPTION(`Timeout.queuereturn', `confTO_QUEUERETURN', `5d')dnl
_OPTION(`Timeout.queuereturn.normal', `confTO_QUEUERETURN_NORMAL', `5d')dnl
_OPTION(`Timeout.queuereturn.urgent', `confTO_QUEUERETURN_URGENT', `2d')dnl
_OPTION(`Timeout.queuereturn.non-urgent', `confTO_QUEUERETURN_NONURGENT', `7d')dnl
_OPTION(`Timeout.queuereturn.dsn', `confTO_QUEUERETURN_DSN', `5d')dnl
_OPTION(`Timeout.queuewarn', `confTO_QUEUEWARN', `4h')dnl
_OPTION(`Timeout.queuewarn.normal', `confTO_QUEUEWARN_NORMAL', `4h')dnl
_OPTION(`Timeout.queuewarn.urgent', `confTO_QUEUEWARN_URGENT', `1h')dnl
_OPTION(`Timeout.queuewarn.non-urgent', `confTO_QUEUEWARN_NONURGENT', `12h')dnl
_OPTION(`Timeout.queuewarn.dsn', `confTO_QUEUEWARN_DSN', `4h')dnl
_OPTION(`Timeout.hoststatus', `confTO_HOSTSTATUS', `30m')dnl
_OPTION(`Timeout.resolver.retrans', `confTO_RESOLVER_RETRANS', `5s')dnl
_OPTION(`Timeout.resolver.retrans.first', `confTO_RESOLVER_RETRANS_FIRST', `5s')dnl
_OPTION(`Timeout.resolver.retrans.normal', `confTO_RESOLVER_RETRANS_NORMAL', `5s')dnl
_OPTION(`Timeout.resolver.retry', `confTO_RESOLVER_RETRY', `4')dnl
_OPTION(`Timeout.resolver.retry.first', `confTO_RESOLVER_RETRY_FIRST', `4')dnl
_OPTION(`Timeout.resolver.retry.normal', `confTO_RESOLVER_RETRY_NORMAL', `4')dnl
_OPTION(`Timeout.lhlo', `confTO_LHLO', `2m')dnl
_OPTION(`Timeout.auth', `confTO_AUTH', `10m')dnl
_OPTION(`Timeout.starttls', `confTO_STARTTLS', `1h')dnl

# deliver-by, routes, durability
_OPTION(`DeliverByMin', `confDELIVER_BY_MIN', `0')dnl
_OPTION(`DontPruneRoutes', `confDONT_PRUNE_ROUTES', `False')dnl
_OPTION(`SuperSafe', `confSAFE_QUEUE', `True')dnl
_OPTION(`StatusFile', `STATUS_FILE', `')dnl
_TIME_ZONE_`'dnl

# identity and routing fallbacks
_OPTION(`DefaultUser', `confDEF_USER_ID', `mailnull')dnl
_OPTION(`UserDatabaseSpec', `confUSERDB_SPEC', `MAIL_SETTINGS_DIR`'userdb')dnl
_OPTION(`FallbackMXhost', `confFALLBACK_MX', `fall.back.host.net')dnl
_OPTION(`FallbackSmartHost', `confFALLBACK_SMARTHOST', `fall.back.host.net')dnl
_OPTION(`TryNullMXList', `confTRY_NULL_MX_LIST', `False')dnl

# load
_OPTION(`QueueLA', `confQUEUE_LA', `8')dnl
_OPTION(`RefuseLA', `confREFUSE_LA', `12')dnl
_OPTION(`RejectLogInterval', `confREJECT_LOG_INTERVAL', `3h')dnl
_OPTION(`DelayLA', `confDELAY_LA', `0')dnl
_OPTION(`MaxDaemonChildren', `confMAX_DAEMON_CHILDREN', `0')dnl
_OPTION(`ConnectionRateThrottle', `confCONNECTION_RATE_THROTTLE', `0')dnl
_OPTION(`ConnectionRateWindowSize', `confCONNECTION_RATE_WINDOW_SIZE', `60s')dnl

# queue priorities
_OPTION(`RecipientFactor', `confWORK_RECIPIENT_FACTOR', `30000')dnl
_OPTION(`ForkEachJob', `confSEPARATE_PROC', `False')dnl
_OPTION(`ClassFactor', `confWORK_CLASS_FACTOR', `1800')dnl
_OPTION(`RetryFactor', `confWORK_TIME_FACTOR', `90000')dnl

# names and character sets
_OPTION(`DefaultCharSet', `confDEF_CHAR_SET', `unknown-8bit')dnl
_OPTION(`ServiceSwitchFile', `confSERVICE_SWITCH_FILE', `MAIL_SETTINGS_DIR`'service.switch')dnl
_OPTION(`HostsFile', `confHOSTS_FILE', `/etc/hosts')dnl
_OPTION(`DialDelay', `confDIAL_DELAY', `0s')dnl
_OPTION(`NoRecipientAction', `confNO_RCPT_ACTION', `none')dnl
_OPTION(`SafeFileEnvironment', `confSAFE_FILE_ENV', `')dnl
_OPTION(`ColonOkInAddr', `confCOLON_OK_IN_ADDR', `True')dnl
_OPTION(`DontExpandCnames', `confDONT_EXPAND_CNAMES', `False')dnl

# texts and parsing
_OPTION(`SmtpGreetingMessage', `confSMTP_LOGIN_MSG', `$j Sendmail $v ready at $b')dnl
_OPTION(`UnixFromLine', `confFROM_LINE', `From $g $d')dnl
_OPTION(`SingleLineFromHeader', `confSINGLE_LINE_FROM_HEADER', `False')dnl
_OPTION(`AllowBogusHELO', `confALLOW_BOGUS_HELO', `False')dnl
_OPTION(`MustQuoteChars', `confMUST_QUOTE_CHARS', `.')dnl
_OPTION(`OperatorChars', `confOPERATORS', `.:@[]')dnl

# security of files and users
_OPTION(`DontInitGroups', `confDONT_INIT_GROUPS', `False')dnl
_OPTION(`UnsafeGroupWrites', `confUNSAFE_GROUP_WRITES', `True')dnl
_OPTION(`DoubleBounceAddress', `confDOUBLE_BOUNCE_ADDRESS', `postmaster')dnl
_OPTION(`SoftBounce', `confSOFT_BOUNCE', `False')dnl
_OPTION(`DeadLetterDrop', `confDEAD_LETTER_DROP', `/var/tmp/dead.letter')dnl
_OPTION(`RunAsUser', `confRUN_AS_USER', `sendmail')dnl
_OPTION(`MaxRecipientsPerMessage', `confMAX_RCPTS_PER_MESSAGE', `0')dnl
_OPTION(`BadRcptThrottle', `confBAD_RCPT_THROTTLE', `0')dnl
_OPTION(`DontProbeInterfaces', `confDONT_PROBE_INTERFACES', `False')dnl
_OPTION(`RrtImpliesDsn', `confRRT_IMPLIES_DSN', `False')dnl
_OPTION(`ConnectOnlyTo', `confCONNECT_ONLY_TO', `0.0.0.0')dnl
_OPTION(`TrustedUser', `confTRUSTED_USER', `root')dnl
_OPTION(`ControlSocketName', `confCONTROL_SOCKET_NAME', `/var/spool/mqueue/.control')dnl

# limits
_OPTION(`MaxMimeHeaderLength', `confMAX_MIME_HEADER_LENGTH', `0/0')dnl
_OPTION(`MaxHeadersLength', `confMAX_HEADERS_LENGTH', `32768')dnl
_OPTION(`MaxAliasRecursion', `confMAX_ALIAS_RECURSION', `10')dnl

# process
_OPTION(`PidFile', `confPID_FILE', `/var/run/sendmail.pid')dnl
_OPTION(`ProcessTitlePrefix', `confPROCESS_TITLE_PREFIX', `prefix')dnl
_OPTION(`DataFileBufferSize', `confDF_BUFFER_SIZE', `4096')dnl
_OPTION(`XscriptFileBufferSize', `confXF_BUFFER_SIZE', `4096')dnl

# users
_OPTION(`MailboxDatabase', `confMAILBOX_DATABASE', `pw')dnl
_OPTION(`RequiresDirfsync', `confREQUIRES_DIR_FSYNC', `true')dnl

# SMTP AUTH
_OPTION(`AuthMechanisms', `confAUTH_MECHANISMS', `EXTERNAL GSSAPI KERBEROS_V4 DIGEST-MD5 CRAM-MD5')dnl
_OPTION(`AuthRealm', `confAUTH_REALM', `')dnl
_OPTION(`DefaultAuthInfo', `confDEF_AUTH_INFO', `MAIL_SETTINGS_DIR`'default-auth-info')dnl
_OPTION(`AuthOptions', `confAUTH_OPTIONS', `')dnl
_OPTION(`AuthMaxBits', `confAUTH_MAX_BITS', `')dnl

# STARTTLS
_OPTION(`TLSSrvOptions', `confTLS_SRV_OPTIONS', `')dnl
_OPTION(`CipherList', `confCIPHER_LIST', `')dnl
_OPTION(`ServerSSLOptions', `confSERVER_SSL_OPTIONS', `')dnl
_OPTION(`ClientSSLOptions', `confCLIENT_SSL_OPTIONS', `')dnl
_OPTION(`SSLEngine', `confSSL_ENGINE', `')dnl
_OPTION(`SSLEnginePath', `confSSL_ENGINE_PATH', `')dnl
_OPTION(`TLSFallbacktoClear', `confTLS_FALLBACK_TO_CLEAR', `')dnl

# mail filters
_OPTION(`InputMailFilters', `confINPUT_MAIL_FILTERS', `')dnl
ifelse(defn(`_MAIL_FILTERS_DEF'), `', `', `_OPTION(`Milter.LogLevel', `confMILTER_LOG_LEVEL', `')dnl
_OPTION(`Milter.macros.connect', `confMILTER_MACROS_CONNECT', `')dnl
_OPTION(`Milter.macros.helo', `confMILTER_MACROS_HELO', `')dnl
_OPTION(`Milter.macros.envfrom', `confMILTER_MACROS_ENVFROM', `')dnl
_OPTION(`Milter.macros.envrcpt', `confMILTER_MACROS_ENVRCPT', `')dnl
_OPTION(`Milter.macros.eom', `confMILTER_MACROS_EOM', `')dnl
_OPTION(`Milter.macros.eoh', `confMILTER_MACROS_EOH', `')dnl
_OPTION(`Milter.macros.data', `confMILTER_MACROS_DATA', `')dnl
')dnl

# certificates
_OPTION(`CACertPath', `confCACERT_PATH', `')dnl
_OPTION(`CACertFile', `confCACERT', `')dnl
_OPTION(`ServerCertFile', `confSERVER_CERT', `')dnl
_OPTION(`ServerKeyFile', `confSERVER_KEY', `')dnl
_OPTION(`ClientCertFile', `confCLIENT_CERT', `')dnl
_OPTION(`ClientKeyFile', `confCLIENT_KEY', `')dnl
_OPTION(`CRLFile', `confCRL', `')dnl
_OPTION(`CRLPath', `confCRL_PATH', `')dnl
_OPTION(`DHParameters', `confDH_PARAMETERS', `')dnl
_OPTION(`RandFile', `confRAND_FILE', `')dnl
_OPTION(`CertFingerprintAlgorithm', `confCERT_FINGERPRINT_ALGORITHM', `')dnl
_OPTION(`DANE', `confDANE', `false')dnl

# SMTP protocol
_OPTION(`MaxNOOPCommands', `confMAX_NOOP_COMMANDS', `20')dnl
_OPTION(`HeloName', `confHELO_NAME', `')dnl
_OPTION(`RejectNUL', `confREJECT_NUL', `false')dnl
dnl # not in a cf that does not ask for them: sendmail may not know them
ifdef(`confCHUNKING', `_OPTION(`Chunking', `confCHUNKING', `')')dnl
ifdef(`confQUEUE_JOURNAL', `_OPTION(`QueueJournal', `confQUEUE_JOURNAL', `')')dnl
ifdef(`confSMTPUTF8', `_OPTION(`UTF8Addresses', `confSMTPUTF8', `')')dnl
