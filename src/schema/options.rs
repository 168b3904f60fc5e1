//! Every option of a cf as one row: field, type, default, how its text is read, name, one-letter code,
//! who may set it on the command line, how far we go, and the .mc define that writes it.

use super::UserIds;
use super::option_types::*;
use super::timeouts::Timeouts;
use std::net::IpAddr;

/// Who may set an option without the program dropping a borrowed group first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MaySet {
    /// Only root.
    Root,
    /// Everybody.
    Anyone,
}

/// How far an option is carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Acts as described.
    Implemented,
    /// Read and checked; nothing acts on it yet.
    ParsedOnly,
    /// Read and checked; what it is about is no part of this program, or always so.
    Needless,
}

/// How a value's text is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// t T y Y or nothing: true; anything else: false.
    Bool,
    /// A decimal number, leading white space allowed; text that is none counts as 0.
    Int,
    /// Octal digits.
    Octal,
    /// A time; a number without unit takes this one.
    Time(u8),
    /// As it stands; nothing unsets it.
    Text,
    /// As `Text`, with macros expanded when the line is read.
    Expanded,
    /// By a reader of its own.
    Special,
}

/// Where a value of a simple form is kept.
#[derive(Debug)]
pub enum Slot<'a> {
    /// For [`Form::Bool`].
    Bool(&'a mut bool),
    /// For [`Form::Int`].
    Int(&'a mut i64),
    /// For [`Form::Octal`].
    Octal(&'a mut u32),
    /// For [`Form::Time`], in seconds, with its unit.
    Time(&'a mut i64, u8),
    /// For [`Form::Text`].
    Text(&'a mut Option<Vec<u8>>),
    /// For [`Form::Expanded`].
    Expanded(&'a mut Option<Vec<u8>>),
    /// For [`Form::Special`].
    Special,
}

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct OptionRow {
    /// Which field of [`Options`].
    pub field: &'static str,
    /// Long name; empty for the two options that have none.
    pub name: &'static str,
    /// One-letter code, or a byte from 0x81 upwards that cannot be typed.
    pub code: u8,
    /// How the text is read.
    pub form: Form,
    /// The default as written in the table.
    pub default: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Who may set it.
    pub may_set: MaySet,
    /// How far we go.
    pub status: Status,
    /// The .mc define; empty if there is none.
    pub conf: &'static str,
}

/// Codes of options that sendmail does not have.
const OWN_CODES: [u8; 20] = [
    0xf5, 0x80, 0x84, 0x96, 0x98, 0xa4, 0xab, 0xb3, 0xd9, 0xda, 0xdb, 0xf1, 0xf2, 0xf4, 0xf6, 0xfb, 0xfc,
    0xfd, 0xfe, 0xff,
];

impl OptionRow {
    /// An option of ours: it must be spelled out, so that abbreviations mean what they mean to sendmail.
    pub fn is_own(&self) -> bool {
        OWN_CODES.contains(&self.code)
    }
}

macro_rules! form {
    (Time $unit:literal) => {
        Form::Time($unit)
    };
    ($kind:ident) => {
        Form::$kind
    };
}

macro_rules! slot {
    (Time $unit:literal, $field:expr) => {
        Slot::Time(&mut $field, $unit)
    };
    (Special, $field:expr) => {
        Slot::Special
    };
    ($kind:ident, $field:expr) => {
        Slot::$kind(&mut $field)
    };
}

macro_rules! options {
    ($(#[doc = $doc:literal] $field:ident: $type:ty = $default:expr, ($($form:tt)+), $name:literal, $code:literal,
       $may:ident, $status:ident, $conf:literal;)*) => {
        /// The options of a configuration, typed.
        #[derive(Clone, PartialEq, Debug)]
        pub struct Options {
            $(#[doc = $doc] pub $field: $type,)*
        }

        impl Default for Options {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        /// All rows. Their order decides which two names an ambiguous abbreviation is said to match.
        pub const OPTIONS: &[OptionRow] = &[$(OptionRow {
            field: stringify!($field),
            name: $name,
            code: $code,
            form: form!($($form)+),
            default: stringify!($default),
            doc: $doc,
            may_set: MaySet::$may,
            status: Status::$status,
            conf: $conf,
        },)*];

        impl Options {
            /// Where the value of the option with this code is kept.
            pub fn slot(&mut self, code: u8) -> Slot<'_> {
                match code {
                    $($code => slot!($($form)+, self.$field),)*
                    _ => Slot::Special,
                }
            }
        }
    };
}

options! {
    /// Strip input to 7 bits
    seven_bit_input: bool = false, (Bool), "SevenBitInput", b'7', Anyone, Implemented, "confSEVEN_BIT_INPUT";
    /// Undeclared 8-bit data: p pass it, m turn into MIME, s refuse; other letter prints 'Unknown 8-bit mode X' and the program ends with 64
    eight_bit_mode: EightBitMode = EightBitMode::Pass, (Special), "EightBitMode", b'8', Anyone, Implemented, "confEIGHT_BIT_HANDLING";
    /// Alias sources in search order; class defaults to implicit; a new map Alias0, Alias1... is made per item
    alias_file: Vec<Vec<u8>> = Vec::new(), (Special), "AliasFile", b'A', Root, Implemented, "";
    /// How long an alias database may be without its end marker @:@; until then who asks for an alias is told to come again
    alias_wait: i64 = 0, (Special), "AliasWait", b'a', Root, Implemented, "confALIAS_WAIT";
    /// Character joined between two adjacent atom tokens when tokens are turned back to text; also default map -S
    blank_sub: u8 = b' ', (Special), "BlankSub", b'B', Root, Implemented, "confBLANK_SUB";
    /// Free queue blocks needed to accept mail; a part after '/' also sets MaxMessageSize
    min_free_blocks: i64 = 0, (Special), "MinFreeBlocks", b'b', Anyone, Implemented, "confMIN_FREE_BLOCKS";
    /// Rewrite queue file every N recipients; a non-safe caller may only lower it
    checkpoint_interval: i64 = 10, (Int), "CheckpointInterval", b'C', Anyone, Implemented, "confCHECKPOINT_INTERVAL";
    /// Queue instead of delivering for mailers with flag e; forced off when verbose
    hold_expensive: bool = false, (Bool), "HoldExpensive", b'c', Root, Implemented, "confCON_EXPENSIVE";
    /// First letter decides; other letter prints 'Unknown delivery mode X' and exits 64; d also makes maps with -D return temp failure; forced to i when verbose (so in -bt)
    delivery_mode: DeliveryMode = DeliveryMode::Background, (Special), "DeliveryMode", b'd', Anyone, Implemented, "confDELIVERY_MODE";
    /// Text put before bounces
    error_header: Option<Vec<u8>> = None, (Text), "ErrorHeader", b'E', Root, Implemented, "confERROR_MESSAGE";
    /// How errors are reported; unknown letters ignored silently; -bt forces p
    error_mode: u8 = b'p', (Special), "ErrorMode", b'e', Anyone, Implemented, "confERROR_MODE";
    /// Mode for delivered/temp files; parsed as octal digits up to the first non-octal, masked 0777
    temp_file_mode: u32 = 0o600, (Octal), "TempFileMode", b'F', Root, Implemented, "confTEMP_FILE_MODE";
    /// Keep Unix From_ lines in the header
    save_from_line: bool = false, (Bool), "SaveFromLine", b'f', Root, Implemented, "confSAVE_FROM_LINES";
    /// Look up local users by full name
    match_gecos: bool = false, (Bool), "MatchGECOS", b'G', Root, Implemented, "confMATCH_GECOS";
    /// Old default group; unknown name: 'readcf: option g: unknown group X'
    default_group: () = (), (Special), "", b'g', Root, Implemented, "";
    /// Text used by SMTP HELP and by '?' in -bt (topic -bt)
    help_file: Option<Vec<u8>> = None, (Special), "HelpFile", b'H', Root, Implemented, "";
    /// Bounce after this many Received lines
    max_hop_count: i64 = 25, (Int), "MaxHopCount", b'h', Root, Implemented, "confMAX_HOP";
    /// See sub rows; unknown word: 'readcf: I option value X unrecognized'
    resolver_options: ResolverOptions = ResolverOptions::default(), (Special), "ResolverOptions", b'I', Root, Implemented, "confBIND_OPTS";
    /// A lone dot does not end command-line input
    ignore_dots: bool = false, (Bool), "IgnoreDots", b'i', Anyone, Implemented, "confIGNORE_DOTS";
    /// Search path for .forward files, macro-expanded at delivery
    forward_path: Option<Vec<u8>> = None, (Special), "ForwardPath", b'J', Root, Implemented, "confFORWARD_PATH";
    /// Bounces in MIME form; off disables DSN
    send_mime_errors: bool = true, (Bool), "SendMimeErrors", b'j', Anyone, Implemented, "confMIME_FORMAT_ERRORS";
    /// Open connections kept; negative becomes 0
    connection_cache_size: i64 = 1, (Int), "ConnectionCacheSize", b'k', Root, Implemented, "confMCI_CACHE_SIZE";
    /// Idle time of a cached connection
    connection_cache_timeout: i64 = 300, (Time b'm'), "ConnectionCacheTimeout", b'K', Root, Implemented, "confMCI_CACHE_TIMEOUT";
    /// Honour Errors-To headers
    use_errors_to: bool = false, (Bool), "UseErrorsTo", b'l', Root, Implemented, "confUSE_ERRORS_TO";
    /// Syslog verbosity; a non-safe caller may only raise it
    log_level: i64 = 9, (Int), "LogLevel", b'L', Anyone, Implemented, "confLOG_LEVEL";
    /// Keep the sender in expansions of aliases
    me_too: bool = true, (Bool), "MeToo", b'm', Anyone, Implemented, "confME_TOO";
    /// Value is name then text, as D but from the command line; never sticky
    macro_definition: () = (), (Special), "", b'M', Root, Implemented, "";
    /// Parse right sides when rebuilding aliases
    check_aliases: bool = false, (Bool), "CheckAliases", b'n', Root, Implemented, "confCHECK_ALIASES";
    /// Space-separated recipient headers allowed
    old_style_headers: bool = false, (Bool), "OldStyleHeaders", b'o', Anyone, Implemented, "confOLD_STYLE_HEADERS";
    /// Adds one listening socket per line; more than MAXDAEMONS: 'too many daemons defined (N max)' (N is 64 in the Debian build, 10 upstream)
    daemon_port_options: Vec<DaemonPort> = Vec::new(), (Special), "DaemonPortOptions", b'O', Root, Implemented, "";
    /// Or-ed flags, words split at any blank or punctuation; unknown word: 'readcf: Op line: X unrecognized'; never sticky, only adds
    privacy_options: Privacy = Privacy::empty(), (Special), "PrivacyOptions", b'p', Anyone, Implemented, "confPRIVACY_FLAGS";
    /// Copy of bounces
    postmaster_copy: Option<Vec<u8>> = None, (Text), "PostmasterCopy", b'P', Root, Implemented, "confCOPY_ERRORS_TO";
    /// Load-based queueing slope
    queue_factor: i64 = 600_000, (Int), "QueueFactor", b'q', Root, Implemented, "confQUEUE_FACTOR";
    /// Queue directory or directories; must precede Q lines ('QueueDir must be defined before queue groups')
    queue_directory: Option<Vec<u8>> = None, (Special), "QueueDirectory", b'Q', Root, Implemented, "";
    /// Keep explicit routes in bounces
    dont_prune_routes: bool = false, (Bool), "DontPruneRoutes", b'R', Root, Implemented, "confDONT_PRUNE_ROUTES";
    /// Timeout.name=time; without sub-option the old comma list of name:time or name=time, a bare number sets mail rcpt datainit datablock datafinal command
    timeout: Timeouts = Timeouts::default(), (Special), "Timeout", b'r', Root, Implemented, "";
    /// Statistics file
    status_file: Option<Vec<u8>> = None, (Special), "StatusFile", b'S', Root, Implemented, "";
    /// I(nteractive), p(ostmilter) by first letter, else boolean
    super_safe: SuperSafe = SuperSafe::Yes, (Special), "SuperSafe", b's', Anyone, Implemented, "confSAFE_QUEUE";
    /// Old form of Timeout.queuereturn[/queuewarn]
    queue_timeout: () = (), (Special), "QueueTimeout", b'T', Root, Implemented, "";
    /// Unset: clear TZ; empty: take caller's TZ; else set TZ
    time_zone_spec: TimeZone = TimeZone::Cleared, (Special), "TimeZoneSpec", b't', Root, Implemented, "confTIME_ZONE";
    /// User database location
    user_database_spec: Option<Vec<u8>> = None, (Text), "UserDatabaseSpec", b'U', Root, Implemented, "confUSERDB_SPEC";
    /// Separators : / . ; unknown: 'readcf: option u: unknown user X'
    default_user: Option<UserIds> = None, (Special), "DefaultUser", b'u', Root, Implemented, "confDEF_USER_ID";
    /// Extra lowest-priority MX; empty value ignored
    fallback_mx_host: Option<Vec<u8>> = None, (Special), "FallbackMXhost", b'V', Root, Implemented, "confFALLBACK_MX";
    /// Verbose; -bt sets it to 2 if it was 0
    verbose: bool = false, (Bool), "Verbose", b'v', Anyone, Implemented, "";
    /// Treat being best MX as no MX
    try_null_mx_list: bool = false, (Bool), "TryNullMXList", b'w', Root, Implemented, "confTRY_NULL_MX_LIST";
    /// Load above which mail is queued
    queue_la: i64 = -1, (Int), "QueueLA", b'x', Root, Implemented, "confQUEUE_LA";
    /// Load above which connections are refused
    refuse_la: i64 = -1, (Int), "RefuseLA", b'X', Root, Implemented, "confREFUSE_LA";
    /// Priority cost per recipient
    recipient_factor: i64 = 30_000, (Int), "RecipientFactor", b'y', Root, Implemented, "confWORK_RECIPIENT_FACTOR";
    /// One process per queued job
    fork_each_job: bool = false, (Bool), "ForkEachJob", b'Y', Root, Needless, "confSEPARATE_PROC";
    /// Weight of Precedence class
    class_factor: i64 = 1800, (Int), "ClassFactor", b'z', Root, Implemented, "confWORK_CLASS_FACTOR";
    /// Priority cost per try
    retry_factor: i64 = 90_000, (Int), "RetryFactor", b'Z', Root, Implemented, "confWORK_TIME_FACTOR";
    /// Queue order; other: 'Invalid queue sort order "X"'
    queue_sort_order: QueueSortOrder = QueueSortOrder::Priority, (Special), "QueueSortOrder", 0x81, Anyone, Implemented, "confQUEUE_SORT_ORDER";
    /// File read by canonification when the hosts service lists files
    hosts_file: Option<Vec<u8>> = None, (Text), "HostsFile", 0x82, Root, Implemented, "confHOSTS_FILE";
    /// Minimum age between tries
    min_queue_age: i64 = 0, (Time b'm'), "MinQueueAge", 0x83, Anyone, Implemented, "confMIN_QUEUE_AGE";
    /// Charset for converted 8-bit mail
    default_char_set: Option<Vec<u8>> = Some(b"unknown-8bit".to_vec()), (Text), "DefaultCharSet", 0x85, Anyone, Implemented, "confDEF_CHAR_SET";
    /// Order of services for aliases and hosts; missing file: aliases=files, hosts=dns nis files (as compiled)
    service_switch_file: Option<Vec<u8>> = Some(b"/etc/mail/service.switch".to_vec()), (Text), "ServiceSwitchFile", 0x86, Root, Implemented, "confSERVICE_SWITCH_FILE";
    /// Wait and retry a failed connect for mailers with Z
    dial_delay: i64 = 0, (Time b's'), "DialDelay", 0x87, Anyone, Implemented, "confDIAL_DELAY";
    /// Whole word, case-insensitive; else 'Invalid NoRecipientAction: X'
    no_recipient_action: NoRecipientAction = NoRecipientAction::None, (Special), "NoRecipientAction", 0x88, Anyone, Implemented, "confNO_RCPT_ACTION";
    /// Chroot for file deliveries; trailing slashes removed; '/' alone ignored
    safe_file_environment: Option<Vec<u8>> = None, (Special), "SafeFileEnvironment", 0x89, Root, Implemented, "confSAFE_FILE_ENV";
    /// Size limit, listed in EHLO
    max_message_size: i64 = 0, (Int), "MaxMessageSize", 0x8a, Root, Implemented, "confMAX_MESSAGE_SIZE";
    /// Off: a colon begins a group when cracking addresses
    colon_ok_in_addr: bool = true, (Bool), "ColonOkInAddr", 0x8b, Anyone, Implemented, "confCOLON_OK_IN_ADDR";
    /// Jobs per queue run
    max_queue_run_size: i64 = 0, (Int), "MaxQueueRunSize", 0x8c, Anyone, Implemented, "confMAX_QUEUE_RUN_SIZE";
    /// Connection children limit
    max_daemon_children: i64 = 0, (Int), "MaxDaemonChildren", 0x8d, Root, Implemented, "confMAX_DAEMON_CHILDREN";
    /// Do not replace CNAMEs when canonifying
    dont_expand_cnames: bool = false, (Bool), "DontExpandCnames", 0x8e, Root, Implemented, "confDONT_EXPAND_CNAMES";
    /// Value is appended to @,;:\()[] ; 40 characters or more: 'Warning: MustQuoteChars too long, ignored.' and only the fixed part is kept
    must_quote_chars: Vec<u8> = b"@,;:\\()[].'".to_vec(), (Special), "MustQuoteChars", 0x8f, Root, Implemented, "confMUST_QUOTE_CHARS";
    /// Greeting; quotes/backslashes processed as in D; below level 7 macro e is used when the option is unset
    smtp_greeting_message: Vec<u8> = b"\x81j Sendmail \x81v ready at \x81b".to_vec(), (Special), "SmtpGreetingMessage", 0x90, Root, Implemented, "confSMTP_LOGIN_MSG";
    /// Unix From_ line; below level 7 macro l is used when unset
    unix_from_line: Vec<u8> = b"From \x81g  \x81d".to_vec(), (Special), "UnixFromLine", 0x91, Root, Implemented, "confFROM_LINE";
    /// Token separators; set twice: 'Warning: OperatorChars is being redefined.' + newline + '         It should only be set before ruleset definitions.'; takes effect only until the first tokenisation
    operator_chars: Option<Vec<u8>> = None, (Special), "OperatorChars", 0x92, Root, Implemented, "confOPERATORS";
    /// No initgroups call
    dont_init_groups: bool = false, (Bool), "DontInitGroups", 0x93, Root, Implemented, "confDONT_INIT_GROUPS";
    /// Newlines in from-type headers become blanks
    single_line_from_header: bool = false, (Bool), "SingleLineFromHeader", 0x94, Anyone, Implemented, "confSINGLE_LINE_FROM_HEADER";
    /// HELO without a name accepted
    allow_bogus_helo: bool = false, (Bool), "AllowBogusHELO", 0x95, Anyone, Implemented, "confALLOW_BOGUS_HELO";
    /// Connections per second per daemon
    connection_rate_throttle: i64 = 0, (Int), "ConnectionRateThrottle", 0x97, Root, Implemented, "confCONNECTION_RATE_THROTTLE";
    /// Deprecated; a false value sets two DontBlameSendmail flags (group-writable forward and include are safe)
    unsafe_group_writes: () = (), (Special), "UnsafeGroupWrites", 0x99, Root, Implemented, "confUNSAFE_GROUP_WRITES";
    /// Where failing bounces go; empty drops them
    double_bounce_address: Vec<u8> = b"postmaster".to_vec(), (Special), "DoubleBounceAddress", 0x9a, Root, Implemented, "confDOUBLE_BOUNCE_ADDRESS";
    /// Persistent host status; disabled in -bt
    host_status_directory: Option<Vec<u8>> = None, (Text), "HostStatusDirectory", 0x9b, Root, Implemented, "confHOST_STATUS_DIRECTORY";
    /// One connection per host over all processes
    single_thread_delivery: bool = false, (Bool), "SingleThreadDelivery", 0x9c, Root, Implemented, "confSINGLE_THREAD_DELIVERY";
    /// Identity after start-up; unknown: 'readcf: option RunAsUser: unknown user X' / 'unknown group X'
    run_as_user: Option<UserIds> = None, (Special), "RunAsUser", 0x9d, Root, Implemented, "confRUN_AS_USER";
    /// Return-Receipt-To requests a DSN
    rrt_implies_dsn: bool = false, (Bool), "RrtImpliesDsn", 0x9e, Root, Implemented, "confRRT_IMPLIES_DSN";
    /// Pid file
    pid_file: Option<Vec<u8>> = Some(b"/run/sendmail/mta/sendmail.pid".to_vec()), (Text), "PidFile", 0x9f, Root, Implemented, "confPID_FILE";
    /// Set flags; 'safe' clears all; unknown: 'readcf: DontBlameSendmail option: X unrecognized'; never sticky
    dont_blame_sendmail: Vec<Vec<u8>> = Vec::new(), (Special), "DontBlameSendmail", 0xa0, Root, Implemented, "confDONT_BLAME_SENDMAIL";
    /// True: interface names are not added to class w; loopback: skip loopback interfaces only
    dont_probe_interfaces: ProbeInterfaces = ProbeInterfaces::All, (Special), "DontProbeInterfaces", 0xa1, Root, Implemented, "confDONT_PROBE_INTERFACES";
    /// Recipients per SMTP message
    max_recipients_per_message: i64 = 0, (Int), "MaxRecipientsPerMessage", 0xa2, Anyone, Implemented, "confMAX_RCPTS_PER_MESSAGE";
    /// Last resort mailbox
    dead_letter_drop: Option<Vec<u8>> = None, (Text), "DeadLetterDrop", 0xa3, Root, Implemented, "confDEAD_LETTER_DROP";
    /// Alias depth
    max_alias_recursion: i64 = 10, (Int), "MaxAliasRecursion", 0xa5, Root, Implemented, "confMAX_ALIAS_RECURSION";
    /// Send everything there; 'readcf: option ConnectOnlyTo: invalid IP address X' / 'invalid port X'
    connect_only_to: Option<(Option<u16>, IpAddr)> = None, (Special), "ConnectOnlyTo", 0xa6, Root, Implemented, "confCONNECT_ONLY_TO";
    /// May own maps and start the daemon; 'readcf: option TrustedUser: unknown user X'
    trusted_user: u32 = 0, (Special), "TrustedUser", 0xa7, Root, Implemented, "confTRUSTED_USER";
    /// Limits on MIME header length and parameter length; M defaults to N/2; below 128 / 40 prints a warning line; stored +1
    max_mime_header_length: (i64, i64) = (2048, 1024), (Special), "MaxMimeHeaderLength", 0xa8, Root, Implemented, "confMAX_MIME_HEADER_LENGTH";
    /// Daemon control socket
    control_socket_name: Option<Vec<u8>> = None, (Text), "ControlSocketName", 0xa9, Root, Implemented, "confCONTROL_SOCKET_NAME";
    /// Total header bytes; 1..16383 prints 'Warning: MaxHeadersLength: headers length limit set lower than 16384'
    max_headers_length: i64 = 32768, (Special), "MaxHeadersLength", 0xaa, Root, Implemented, "confMAX_HEADERS_LENGTH";
    /// Prefix of the ps title
    process_title_prefix: Option<Vec<u8>> = None, (Text), "ProcessTitlePrefix", 0xac, Root, Implemented, "confPROCESS_TITLE_PREFIX";
    /// Old client AUTH credentials file
    default_auth_info: Option<Vec<u8>> = None, (Text), "DefaultAuthInfo", 0xad, Root, Implemented, "confDEF_AUTH_INFO";
    /// SASL mechanisms offered; empty unsets
    auth_mechanisms: Option<Vec<u8>> = Some(b"EXTERNAL GSSAPI KERBEROS_V4 DIGEST-MD5 CRAM-MD5".to_vec()), (Text), "AuthMechanisms", 0xae, Root, Implemented, "confAUTH_MECHANISMS";
    /// Outgoing socket settings, one per address family
    client_port_options: Vec<ClientPort> = Vec::new(), (Special), "ClientPortOptions", 0xaf, Root, Implemented, "";
    /// Memory before the data file goes to disk
    data_file_buffer_size: i64 = 4096, (Int), "DataFileBufferSize", 0xb0, Root, Needless, "confDF_BUFFER_SIZE";
    /// Same for the transcript
    xscript_file_buffer_size: i64 = 4096, (Int), "XscriptFileBufferSize", 0xb1, Root, Needless, "confXF_BUFFER_SIZE";
    /// Defaults of later ldap maps
    ldap_default_spec: Option<Vec<u8>> = None, (Text), "LDAPDefaultSpec", 0xb2, Root, Implemented, "confLDAP_DEFAULT_SPEC";
    /// Server certificate
    server_cert_file: Option<Vec<u8>> = None, (Expanded), "ServerCertFile", 0xb4, Root, Implemented, "confSERVER_CERT";
    /// Server key
    server_key_file: Option<Vec<u8>> = None, (Expanded), "ServerKeyFile", 0xb5, Root, Implemented, "confSERVER_KEY";
    /// Client certificate
    client_cert_file: Option<Vec<u8>> = None, (Expanded), "ClientCertFile", 0xb6, Root, Implemented, "confCLIENT_CERT";
    /// Client key
    client_key_file: Option<Vec<u8>> = None, (Expanded), "ClientKeyFile", 0xb7, Root, Implemented, "confCLIENT_KEY";
    /// CA bundle
    ca_cert_file: Option<Vec<u8>> = None, (Expanded), "CACertFile", 0xb8, Root, Implemented, "confCACERT";
    /// Hashed CA directory, read when it changes
    ca_cert_path: Option<Vec<u8>> = None, (Expanded), "CACertPath", 0xb9, Root, Implemented, "confCACERT_PATH";
    /// Diffie-Hellman parameters; no cipher suite with finite fields is spoken, only elliptic curves. A file is warned of
    dh_parameters: Option<Vec<u8>> = Some(b"i".to_vec()), (Expanded), "DHParameters", 0xba, Root, Needless, "confDH_PARAMETERS";
    /// Milters to call, by X-line name
    input_mail_filters: Vec<Vec<u8>> = Vec::new(), (Special), "InputMailFilters", 0xbb, Root, Implemented, "confINPUT_MAIL_FILTERS";
    /// See sub rows
    milter: MilterOptions = MilterOptions::default(), (Special), "Milter", 0xbc, Root, Implemented, "";
    /// See sub rows; unknown letter: "Warning: Option: AuthOptions unknown parameter 'Q'" (not an error, exit status unchanged); after each letter the parser jumps past the next blank or comma
    auth_options: Vec<u8> = Vec::new(), (Special), "AuthOptions", 0xbd, Root, Implemented, "confAUTH_OPTIONS";
    /// Mode of queue files
    queue_file_mode: u32 = 0o600, (Octal), "QueueFileMode", 0xbe, Root, Implemented, "confQUEUE_FILE_MODE";
    /// Digest for ${cert_fp}
    cert_fingerprint_algorithm: Option<Vec<u8>> = None, (Expanded), "CertFingerprintAlgorithm", 0xbf, Root, Implemented, "confCERT_FINGERPRINT_ALGORITHM";
    /// TLS 1.2 ciphers: those of OpenSSL's list that are spoken here, in our order
    cipher_list: Option<Vec<u8>> = None, (Expanded), "CipherList", 0xc0, Root, Implemented, "confCIPHER_LIST";
    /// Random source
    rand_file: Option<Vec<u8>> = None, (Text), "RandFile", 0xc1, Root, Needless, "confRAND_FILE";
    /// V: do not ask clients for certs; C (a server without one) is not there: it is warned of; unknown letter warned as in AuthOptions
    tls_srv_options: Vec<u8> = Vec::new(), (Special), "TLSSrvOptions", 0xc2, Root, Implemented, "confTLS_SRV_OPTIONS";
    /// Sleep 1 s per RCPT after N bad ones
    bad_rcpt_throttle: i64 = 0, (Int), "BadRcptThrottle", 0xc3, Anyone, Implemented, "confBAD_RCPT_THROTTLE";
    /// DELIVERBY minimum; negative disables
    deliver_by_min: i64 = 0, (Time b's'), "DeliverByMin", 0xc4, Root, Implemented, "confDELIVER_BY_MIN";
    /// Queue runner processes limit
    max_queue_children: i64 = 0, (Int), "MaxQueueChildren", 0xc5, Root, Implemented, "confMAX_QUEUE_CHILDREN";
    /// Messages of one run of a group that are worked on at a time, from 2 on; up to 1 there is no limit
    max_runners_per_queue: i64 = 1, (Int), "MaxRunnersPerQueue", 0xc6, Root, Implemented, "confMAX_RUNNERS_PER_QUEUE";
    /// Value of ${daemon_flags} for command-line mail
    direct_submission_modifiers: Option<Vec<u8>> = None, (Text), "DirectSubmissionModifiers", 0xc7, Root, Implemented, "confDIRECT_SUBMISSION_MODIFIERS";
    /// Nice value of processes that only run the queue; a daemon that listens as well has none for that
    nice_queue_run: i64 = 0, (Int), "NiceQueueRun", 0xc8, Root, Implemented, "confNICE_QUEUE_RUN";
    /// Shared memory id, -1 picks one
    shared_memory_key: i64 = 0, (Int), "SharedMemoryKey", 0xc9, Root, Needless, "confSHARED_MEMORY_KEY";
    /// Strength of the layers that SASL mechanisms add; none here adds one, TLS does
    auth_max_bits: i64 = i32::MAX as i64, (Int), "AuthMaxBits", 0xca, Root, Needless, "confAUTH_MAX_BITS";
    /// Local user lookup method; unknown: "Can't initialize mailbox database" error at start
    mailbox_database: Option<Vec<u8>> = None, (Special), "MailboxDatabase", 0xcb, Root, Needless, "confMAILBOX_DATABASE";
    /// Submission-only program
    use_msp: bool = false, (Bool), "UseMSP", 0xcc, Root, Implemented, "confUSE_MSP";
    /// Load above which commands are slowed
    delay_la: i64 = 0, (Int), "DelayLA", 0xcd, Root, Implemented, "confDELAY_LA";
    /// How many envelopes of one message, cut for its queue groups, are delivered at once; from 0 to 1 the first
    fast_split: i64 = 1, (Int), "FastSplit", 0xce, Root, Implemented, "confFAST_SPLIT";
    /// 5xx replies become 4xx (also the enhanced code's first digit)
    soft_bounce: bool = false, (Bool), "SoftBounce", 0xcf, Root, Implemented, "confSOFT_BOUNCE";
    /// Where a chosen key is written
    shared_memory_key_file: Option<Vec<u8>> = None, (Expanded), "SharedMemoryKeyFile", 0xd0, Root, Needless, "confSHARED_MEMORY_KEY_FILE";
    /// Log period while refusing
    reject_log_interval: i64 = 3 * 3600, (Time b'h'), "RejectLogInterval", 0xd1, Root, Implemented, "confREJECT_LOG_INTERVAL";
    /// Fsync directories
    requires_dirfsync: bool = true, (Bool), "RequiresDirfsync", 0xd2, Root, Implemented, "confREQUIRES_DIR_FSYNC";
    /// Window of the rate counters
    connection_rate_window_size: i64 = 60, (Time b's'), "ConnectionRateWindowSize", 0xd3, Root, Implemented, "confCONNECTION_RATE_WINDOW_SIZE";
    /// Revocation list
    crl_file: Option<Vec<u8>> = None, (Expanded), "CRLFile", 0xd4, Root, Implemented, "confCRL";
    /// Last host tried
    fallback_smart_host: Option<Vec<u8>> = None, (Text), "FallbackSmartHost", 0xd5, Root, Implemented, "confFALLBACK_SMARTHOST";
    /// SASL realm
    auth_realm: Option<Vec<u8>> = None, (Text), "AuthRealm", 0xd6, Root, Implemented, "confAUTH_REALM";
    /// Hashed CRLs
    crl_path: Option<Vec<u8>> = None, (Expanded), "CRLPath", 0xd7, Root, Implemented, "confCRL_PATH";
    /// Name in EHLO/HELO
    helo_name: Option<Vec<u8>> = None, (Text), "HeloName", 0xd8, Root, Implemented, "confHELO_NAME";
    /// Noise commands tolerated
    max_noop_commands: i64 = 20, (Int), "MaxNOOPCommands", 0xdc, Root, Implemented, "confMAX_NOOP_COMMANDS";
    /// Drop the connection after N bad recipients
    bad_rcpt_shutdown: i64 = 0, (Int), "BadRcptShutdown", 0xe1, Anyone, Implemented, "";
    /// From which percentage of bad ones among all recipients on BadRcptShutdown holds
    bad_rcpt_shutdown_good: i64 = 0, (Int), "BadRcptShutdownGood", 0xe2, Anyone, Implemented, "";
    /// SSL_OP_NO_TLSv1_2 and SSL_OP_NO_TLSv1_3 act, other words change nothing that is spoken here. Unknown: 'readcf: ServerSSLOptions option value X unrecognized' / 'not a number'
    server_ssl_options: Option<Vec<u8>> = None, (Special), "ServerSSLOptions", 0xe3, Root, Implemented, "confSERVER_SSL_OPTIONS";
    /// As above
    client_ssl_options: Option<Vec<u8>> = None, (Special), "ClientSSLOptions", 0xe4, Root, Implemented, "confCLIENT_SSL_OPTIONS";
    /// Cap of the doubling retry time
    max_queue_age: i64 = 0, (Time b'm'), "MaxQueueAge", 0xe5, Root, Implemented, "confMAX_QUEUE_AGE";
    /// Refuse mail with NUL bytes
    reject_nul: bool = false, (Bool), "RejectNUL", 0xe9, Anyone, Implemented, "confREJECT_NUL";
    /// Short IPv6 text form
    use_compressed_ipv6_addresses: bool = false, (Bool), "UseCompressedIPv6Addresses", 0xec, Root, Implemented, "confUSE_COMPRESSED_IPV6_ADDRESSES";
    /// Openssl engine
    ssl_engine: Option<Vec<u8>> = None, (Text), "SSLEngine", 0xed, Root, Needless, "confSSL_ENGINE";
    /// Engine library directory
    ssl_engine_path: Option<Vec<u8>> = None, (Text), "SSLEnginePath", 0xee, Root, Needless, "confSSL_ENGINE_PATH";
    /// Retry without TLS after a handshake failure
    tls_fallback_to_clear: bool = false, (Bool), "TLSFallbacktoClear", 0xef, Root, Implemented, "confTLS_FALLBACK_TO_CLEAR";
    /// Fill class {cert_altnames}
    set_cert_altnames: bool = false, (Bool), "SetCertAltnames", 0xf7, Root, Implemented, "";
    /// Without USE_EAI a true value is the error 'readcf: option: SmtpUTF8 set but no USE_EAI support', a false one the line 'Warning: Option: SmtpUTF8 requires USE_EAI support'; UTF8Addresses is what a cf says here
    smtp_utf8: bool = false, (Special), "SmtpUTF8", 0xf8, Root, Needless, "";
    /// MTA-STS: policies of domains are asked for, unless a map named sts does that (FEATURE(sts))
    strict_transport_security: bool = false, (Bool), "StrictTransportSecurity", 0xf9, Root, Implemented, "";
    /// TLS 1.3 suites
    cipher_suites: Option<Vec<u8>> = None, (Expanded), "CipherSuites", 0xfa, Root, Implemented, "";
    /// (canonify only) TLSA records say how servers prove who they are (DANE), where a name server that is trusted has validated them
    tlsa_records: bool = false, (Bool), "TLSARecords", 0xf1, Root, Implemented, "";
    /// (canonify only) Where TLSARecords asks for it, the answers of name servers are validated here (DNSSEC), and no server is believed that it has done so: from the keys of the DNS root (`root`), or those of a file of DNSKEY records
    dnssec_trust_anchor: Option<Vec<u8>> = None, (Expanded), "DNSSECTrustAnchor", 0xdb, Root, Implemented, "";
    /// (canonify only) SMTPUTF8 is offered, and addresses may be UTF-8 (RFC 6531). Without it they are what they are to a sendmail that was built without USE_EAI
    utf8_addresses: bool = false, (Bool), "UTF8Addresses", 0xf2, Root, Implemented, "confSMTPUTF8";
    /// (canonify only) REQUIRETLS (RFC 8689) is offered under TLS and passed on, only to servers that prove who they are and offer it too; `TLS-Required: No` in a header asks no policy
    require_tls: bool = false, (Bool), "RequireTLS", 0xd9, Root, Implemented, "";
    /// (canonify only) Domains that want to hear of TLS with their hosts get daily reports (RFC 8460), from this mail address
    tls_report_contact: Option<Vec<u8>> = None, (Expanded), "TLSReportContact", 0xda, Root, Implemented, "";
    /// (canonify only) Deliveries to mailboxes, files and programs of this host at the same time
    concurrent_local_deliveries: i64 = 100, (Int), "ConcurrentLocalDeliveries", 0xfb, Root, Implemented, "";
    /// (canonify only) Deliveries to other hosts at the same time; so many hosts, too, are looked up
    concurrent_remote_deliveries: i64 = 400, (Int), "ConcurrentRemoteDeliveries", 0xfc, Root, Implemented, "";
    /// (canonify only) Deliveries of reports at the same time, wherever they go
    concurrent_report_deliveries: i64 = 50, (Int), "ConcurrentReportDeliveries", 0xfd, Root, Implemented, "";
    /// (canonify only) How many of those may go to one host or one mailbox
    concurrent_deliveries_per_destination: i64 = 20, (Int), "ConcurrentDeliveriesPerDestination", 0xfe, Root, Implemented, "";
    /// (canonify only) Open connections of one network of clients (/24, or /64 of IPv6); 0 means no limit. Loopback, and clients in class R, which may relay, are not counted
    connections_per_network: i64 = 100, (Int), "ConnectionsPerNetwork", 0xff, Root, Implemented, "";
    /// (canonify only) The account that the daemon becomes where RunAsUser is not set and the queue directory is root's
    service_user: Option<Vec<u8>> = None, (Text), "ServiceUser", 0x80, Root, Implemented, "";
    /// (canonify only) Which keys sign what leaves for other hosts (DKIM): lines with domain, selector, file of the key and, if one likes, algorithm
    dkim_signing_table: Option<Vec<u8>> = None, (Text), "DKIMSigningTable", 0x84, Root, Implemented, "";
    /// (canonify only) What cannot be signed for now goes out without a signature; else it waits in the queue
    dkim_send_unsigned: bool = false, (Bool), "DKIMSendUnsigned", 0x96, Root, Implemented, "";
    /// (canonify only) SPF, DKIM, DMARC and ARC of what strangers send: macros for rules, ruleset mail_auth, Authentication-Results
    mail_authentication: bool = false, (Bool), "MailAuthentication", 0x98, Root, Implemented, "";
    /// (canonify only) The name under which Authentication-Results speaks
    authserv_id: Option<Vec<u8>> = None, (Text), "AuthservID", 0xb3, Root, Implemented, "";
    /// (canonify only) Where Prometheus reads counters: a loopback address and port (`127.0.0.1:9125`), or the path of a UNIX socket
    metrics_address: Option<Vec<u8>> = None, (Text), "MetricsAddress", 0xf4, Root, Implemented, "";
    /// (canonify only) How long a stranger who sends to somebody for the first time waits before he is taken (greylisting); 0: nobody waits
    greylist_delay: i64 = 0, (Time b's'), "GreylistDelay", 0xa4, Root, Implemented, "";
    /// (canonify only) How long he is known without coming again
    greylist_lifetime: i64 = 3_110_400, (Time b'd'), "GreylistLifetime", 0xab, Root, Implemented, "";
    /// (canonify only) CHUNKING is offered: a message may come in pieces of a length said before (BDAT, RFC 3030)
    chunking: bool = false, (Bool), "Chunking", 0xf5, Root, Implemented, "confCHUNKING";
    /// (canonify only) Messages are in a journal of the daemon first (docs/journal.md); queue files are written for what is not delivered within seconds
    queue_journal: bool = false, (Bool), "QueueJournal", 0xf6, Root, Implemented, "confQUEUE_JOURNAL";
}
