define(`confLOGLEVEL', `14')dnl
define('SMART_HOST', `relay.example.net')dn1
DAEMON_OPTIONS(Port=smtp, Name=MTA)dnl
FEATURE(`mailertabel')dnl
FEATURE(`genericstable', `hsh /etc/mail/genericstable')dnl
