divert(-1)
dnl # _HEADER_TWICE(flag, name, text): a header of mailers with the flag, and the one that
dnl # resent mail has in its place (RFC 5322, 3.6.6)
define(`_HEADER_TWICE', `H?$1?Resent-$2: $3
H?$1?$2: $3')
divert(0)dnl
ifdef(`_NEED_SMTPOPMODES_', `# modes in which mail comes in over SMTP
C{SMTPOpModes} s d D
')dnl
defn(`_QUEUE_GROUP_')dnl

######## precedences and trusted users ########

Pfirst-class=0
Pspecial-delivery=100
Plist=-30
Pbulk=-60
Pjunk=-100

ifdef(`_USE_CT_FILE_', `', `#')Ft`'ifdef(`confCT_FILE', `confCT_FILE', `MAIL_SETTINGS_DIR`'trusted-users')
Troot
Tdaemon
ifdef(`_NO_UUCP_', `', `Tuucp
')dnl
ifdef(`confTRUSTED_USERS', `T`'confTRUSTED_USERS
')dnl

######## headers ########

ifdef(`confFROM_HEADER', `', `define(`confFROM_HEADER', `$?x$x <$g>$|$g$.')')dnl
ifdef(`confMESSAGEID_HEADER', `', `define(`confMESSAGEID_HEADER', `<$t.$i@$j>')')dnl
H?P?Return-Path: <$g>
HReceived: confRECEIVED_HEADER
_HEADER_TWICE(`D', `Date', `$a')
_HEADER_TWICE(`F', `From', `confFROM_HEADER')
H?x?Full-Name: $x
# HPosted-Date: $a
# H?l?Received-Date: $b
_HEADER_TWICE(`M', `Message-Id', `confMESSAGEID_HEADER')
