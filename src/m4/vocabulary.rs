//! What a .mc may say: names, how many arguments they look at, what must come before what.

use crate::schema::{OPTIONS, TIMEOUTS, Timeouts};

/// Macros of the library that a .mc calls, and how many arguments each looks at.
#[rustfmt::skip]
pub(super) const MACROS: &[(&str, usize)] = &[
    ("CANONIFY_DOMAIN", 1), ("CANONIFY_DOMAIN_FILE", 1), ("CLIENT_OPTIONS", 1), ("DAEMON_OPTIONS", 1),
    ("DOMAIN", 2), ("EXPOSED_USER", 1), ("EXPOSED_USER_FILE", 1), ("FEATURE", 10),
    ("GENERICS_DOMAIN", 1), ("GENERICS_DOMAIN_FILE", 1), ("HACK", 10), ("INPUT_MAIL_FILTER", 2),
    ("LDAPROUTE_DOMAIN", 1), ("LDAPROUTE_DOMAIN_FILE", 1), ("LDAPROUTE_EQUIVALENT", 1),
    ("LDAPROUTE_EQUIVALENT_FILE", 1), ("LOCAL_CLT_FEATURES", 0), ("LOCAL_CONFIG", 0),
    ("LOCAL_DNSBL", 0), ("LOCAL_DOMAIN", 1), ("LOCAL_NET_CONFIG", 0), ("LOCAL_RULESETS", 0),
    ("LOCAL_RULE_0", 0), ("LOCAL_RULE_1", 0), ("LOCAL_RULE_2", 0), ("LOCAL_RULE_3", 0),
    ("LOCAL_SRV_FEATURES", 0), ("LOCAL_TLS_CLIENT", 0), ("LOCAL_TLS_RCPT", 0), ("LOCAL_TLS_SERVER", 0),
    ("LOCAL_TRY_TLS", 0), ("LOCAL_USER", 1), ("LOCAL_USER_FILE", 1), ("LOCAL_UUCP", 0), ("MAILER", 2),
    ("MAILER_DEFINITIONS", 0), ("MAIL_FILTER", 2), ("MASQUERADE_AS", 1), ("MASQUERADE_DOMAIN", 1),
    ("MASQUERADE_DOMAIN_FILE", 1), ("MASQUERADE_EXCEPTION", 1), ("MASQUERADE_EXCEPTION_FILE", 1),
    ("MODIFY_MAILER_FLAGS", 2), ("OSTYPE", 2), ("QUEUE_GROUP", 2), ("RELAY_DOMAIN", 1),
    ("RELAY_DOMAIN_FILE", 1), ("SITE", 2), ("SITECONFIG", 3), ("TRUST_AUTH_MECH", 1), ("UUCPSMTP", 2),
    ("VERSIONID", 1), ("VIRTUSER_DOMAIN", 1), ("VIRTUSER_DOMAIN_FILE", 1), ("define", 2),
];

/// FEATUREs: arguments after the name, and whether the first one is the body of a K line.
#[rustfmt::skip]
pub(super) const FEATURES: &[(&str, usize, bool)] = &[
    ("accept_unqualified_senders", 0, false), ("accept_unresolvable_domains", 0, false),
    ("access_db", 4, true), ("allmasquerade", 0, false), ("always_add_domain", 1, false),
    ("authinfo", 1, true), ("badmx", 1, false), ("bcc", 4, false), ("bestmx_is_local", 1, false),
    ("bitdomain", 1, true), ("blacklist_recipients", 0, false), ("block_bad_helo", 0, false),
    ("blocklist_recipients", 0, false), ("check_cert_altnames", 0, false), ("check_other", 1, false),
    ("compat_check", 0, false), ("conncontrol", 2, false), ("delay_checks", 2, false),
    ("dkim_sign", 2, false), ("dnsbl", 3, false), ("domainmap", 2, false), ("domaintable", 1, true), ("drac", 1, true),
    ("enhdnsbl", 8, false), ("fips3", 2, false), ("generics_entire_domain", 0, false),
    ("genericstable", 1, true), ("greet_pause", 1, false), ("greylist", 2, false), ("ldap_routing", 6, false),
    ("limited_masquerade", 0, false), ("local_lmtp", 2, false), ("local_maildir", 1, false),
    ("local_no_masquerade", 0, false), ("local_procmail", 3, false), ("lookupdotdomain", 0, false),
    ("loose_relay_check", 0, false), ("mail_auth", 1, false), ("mailertable", 1, true), ("masquerade_entire_domain", 0, false),
    ("masquerade_envelope", 0, false), ("msp", 2, false), ("mtamark", 3, false),
    ("no_default_msa", 0, false), ("nocanonify", 1, false), ("nopercenthack", 1, false),
    ("notsticky", 0, false), ("nouucp", 1, false), ("nullclient", 1, false), ("prefixmod", 2, false),
    ("preserve_local_plus_detail", 0, false), ("preserve_luser_host", 0, false),
    ("promiscuous_relay", 0, false), ("queuegroup", 1, false), ("ratecontrol", 2, false),
    ("redirect", 0, false), ("relay_based_on_MX", 0, false), ("relay_entire_domain", 0, false),
    ("relay_hosts_only", 0, false), ("relay_local_from", 0, false), ("relay_mail_from", 1, false),
    ("require_rdns", 0, false), ("rhsbl", 3, false), ("smrsh", 1, false), ("stickyhost", 0, false),
    ("sts", 2, false), ("tls_failures", 0, false), ("tls_policy", 5, false), ("tls_session_features", 0, false),
    ("use_client_ptr", 0, false), ("use_ct_file", 0, false), ("use_cw_file", 0, false),
    ("uucpdomain", 1, true), ("virtuser_entire_domain", 0, false), ("virtusertable", 1, true),
    ("vnet", 0, false),
];

/// `conf…` names that are no options.
#[rustfmt::skip]
const OTHER_CONF: &[&str] = &[
    "confAUTO_REBUILD", "confCF_VERSION", "confCLIENT_OPTIONS", "confCR_FILE", "confCT_FILE",
    "confCW_FILE", "confDAEMON_OPTIONS", "confDEF_GROUP_ID", "confDEQUOTE_OPTS",
    "confDOMAIN_NAME", "confEBINDIR", "confFROM_HEADER", "confLDAP_CLUSTER", "confLOCAL_MAILER",
    "confMAILER_NAME", "confMESSAGEID_HEADER", "confMESSAGE_TIMEOUT", "confMILTER_LOG_LEVEL",
    "confMILTER_MACROS_CONNECT", "confMILTER_MACROS_DATA", "confMILTER_MACROS_ENVFROM",
    "confMILTER_MACROS_ENVRCPT", "confMILTER_MACROS_EOH", "confMILTER_MACROS_EOM",
    "confMILTER_MACROS_HELO", "confOPENSSL_CNF", "confRCPTREJ_MSG", "confREAD_TIMEOUT",
    "confRECEIVED_HEADER", "confREJECT_MSG", "confRELAY_MAILER", "confRELAY_MSG", "confSMTP_MAILER",
    "confTRUSTED_USERS", "confUUCP_MAILER",
];

/// Other names that a .mc may define and the library, or a file of a distribution, looks at.
#[rustfmt::skip]
pub(super) const DEFINES: &[&str] = &[
    "ALIAS_FILE", "BITNET_RELAY", "CERT_DIR", "CF_LEVEL", "CHKORX", "CLT_FEAT_TAG", "CNF_MSG",
    "CYRUSV2_MAILER_ARGS", "CYRUSV2_MAILER_CHARSET", "CYRUSV2_MAILER_FLAGS", "CYRUSV2_MAILER_MAXMSGS",
    "CYRUSV2_MAILER_MAXRCPTS", "CYRUSV2_MAILER_QGRP", "CYRUS_BB_MAILER_ARGS", "CYRUS_BB_MAILER_FLAGS",
    "CYRUS_MAILER_ARGS", "CYRUS_MAILER_FLAGS", "CYRUS_MAILER_MAX", "CYRUS_MAILER_PATH",
    "CYRUS_MAILER_QGRP", "CYRUS_MAILER_USER", "DANE_MSG", "DANE_NOTLS_MSG", "DANE_TEMP_MSG",
    "DATABASE_MAP_TYPE", "DEBIAN_DEBUG", "DEBIAN_MSP", "DEBIAN_MTA", "DECNET_RELAY", "DNSBL_MAP",
    "DNSBL_MAP_OPT", "DOMAINMAP_NO_REGEX", "DSMTP_MAILER_ARGS", "DSMTP_MAILER_QGRP", "EDNSBL_TO",
    "ESMTP_MAILER_ARGS", "ESMTP_MAILER_QGRP", "FAX_MAILER_ARGS", "FAX_MAILER_MAX", "FAX_MAILER_PATH",
    "FAX_MAILER_QGRP", "FAX_RELAY", "HELP_FILE", "LOCAL_MAILER_ARGS", "LOCAL_MAILER_CHARSET",
    "LOCAL_MAILER_DSN_DIAGNOSTIC_CODE", "LOCAL_MAILER_EOL", "LOCAL_MAILER_FLAGS", "LOCAL_MAILER_MAX",
    "LOCAL_MAILER_MAXMSGS", "LOCAL_MAILER_MAXRCPTS", "LOCAL_MAILER_PATH", "LOCAL_MAILER_QGRP",
    "LOCAL_PROG_QGRP", "LOCAL_RELAY", "LOCAL_SHELL_ARGS", "LOCAL_SHELL_DIR", "LOCAL_SHELL_FLAGS",
    "LOCAL_SHELL_PATH", "LUSER_RELAY", "MAIL11_MAILER_ARGS", "MAIL11_MAILER_FLAGS",
    "MAIL11_MAILER_PATH", "MAIL11_MAILER_QGRP", "MAIL_HUB", "MAIL_SETTINGS_DIR", "MASQUERADE_NAME",
    "MSP_QUEUE_DIR", "MTAMARK_TO", "NO_NETINET6", "NO_VENDOR", "PH_MAILER_ARGS",
    "PH_MAILER_FLAGS", "PH_MAILER_PATH", "PH_MAILER_QGRP", "POP_MAILER_ARGS", "POP_MAILER_FLAGS",
    "POP_MAILER_PATH", "POP_MAILER_QGRP", "PROCMAIL_MAILER_ARGS", "PROCMAIL_MAILER_FLAGS",
    "PROCMAIL_MAILER_MAX", "PROCMAIL_MAILER_PATH", "PROCMAIL_MAILER_QGRP", "PROCMAIL_PATH", "PROT_MSG",
    "QPAGE_MAILER_ARGS", "QPAGE_MAILER_FLAGS", "QPAGE_MAILER_MAX", "QPAGE_MAILER_PATH",
    "QPAGE_MAILER_QGRP", "QUEUE_DIR", "RELAY_MAILER_ARGS", "RELAY_MAILER_CHARSET", "RELAY_MAILER_FLAGS",
    "RELAY_MAILER_LL", "RELAY_MAILER_MAXMSGS", "RELAY_MAILER_QGRP", "SMART_HOST", "SMTP8_MAILER_ARGS",
    "SMTP8_MAILER_QGRP", "SMTP_MAILER_ARGS", "SMTP_MAILER_CHARSET", "SMTP_MAILER_FLAGS",
    "SMTP_MAILER_LL", "SMTP_MAILER_MAX", "SMTP_MAILER_MAXMSGS", "SMTP_MAILER_MAXRCPTS",
    "SMTP_MAILER_QGRP", "SM_CPYRT", "SM_DATE", "SM_MAXVERS", "SM_MINVERS", "SM_VERS", "SRV_FEAT_TAG",
    "SSH_MAILER_ARGS", "SSH_MAILER_CHARSET", "SSH_MAILER_DIR", "SSH_MAILER_FLAGS", "SSH_MAILER_HOST",
    "SSH_MAILER_MAX", "SSH_MAILER_MAXMSGS", "SSH_MAILER_MAXRCPTS", "SSH_MAILER_PATH", "SSH_MAILER_QGRP",
    "SSH_MAILER_USER", "SSH_PATH", "SSH_REMOTE_COMMAND", "STATUS_FILE", "SW_MSG", "TEMPFILE",
    "TLS_CLT_TAG", "TLS_DSNCODE", "TLS_ERRCODE", "TLS_ERRORS", "TLS_PERM_ERR", "TLS_RCPT_TAG",
    "TLS_SRV_TAG", "TLS_TRY_TAG", "USENET_MAILER_ARGS", "USENET_MAILER_FLAGS", "USENET_MAILER_MAX",
    "USENET_MAILER_PATH", "USENET_MAILER_QGRP", "USE_CW_FILE", "UUCP_MAILER_ARGS",
    "UUCP_MAILER_CHARSET", "UUCP_MAILER_FLAGS", "UUCP_MAILER_MAX", "UUCP_MAILER_PATH",
    "UUCP_MAILER_QGRP", "UUCP_MAX_SIZE", "UUCP_RELAY", "VENDOR_NAME", "XAGENT_MAILER_ARGS",
    "XAGENT_MAILER_FLAGS", "XAGENT_MAILER_MAX", "XAGENT_MAILER_PATH",
];

/// Mailer files that read defines of these prefixes when MAILER is called.
pub(super) const MAILER_PREFIXES: &[(&str, &str)] = &[
    ("LOCAL_MAILER_", "local"),
    ("LOCAL_SHELL_", "local"),
    ("LOCAL_PROG_", "local"),
    ("SMTP_MAILER_", "smtp"),
    ("ESMTP_MAILER_", "smtp"),
    ("SMTP8_MAILER_", "smtp"),
    ("DSMTP_MAILER_", "smtp"),
    ("RELAY_MAILER_", "smtp"),
    ("UUCP_MAILER_", "uucp"),
    ("USENET_MAILER_", "usenet"),
    ("FAX_MAILER_", "fax"),
    ("POP_MAILER_", "pop"),
    ("PROCMAIL_MAILER_", "procmail"),
    ("MAIL11_MAILER_", "mail11"),
    ("PH_MAILER_", "phquery"),
    ("QPAGE_MAILER_", "qpage"),
    ("CYRUS_MAILER_", "cyrus"),
    ("CYRUS_BB_MAILER_", "cyrus"),
    ("CYRUSV2_MAILER_", "cyrusv2"),
    ("SSH_MAILER_", "ssh"),
    ("XAGENT_MAILER_", "xagent"),
];

/// Defines that a FEATURE reads when it is called.
pub(super) const READ_BY_FEATURE: &[(&str, &str)] = &[
    ("LUSER_RELAY", "preserve_luser_host"),
    ("MSP_QUEUE_DIR", "msp"),
    ("DNSBL_MAP", "dnsbl"),
    ("DNSBL_MAP_OPT", "dnsbl"),
    ("EDNSBL_TO", "enhdnsbl"),
    ("MTAMARK_TO", "mtamark"),
    ("PROCMAIL_MAILER_PATH", "local_procmail"),
    ("DOMAINMAP_NO_REGEX", "domainmap"),
];

/// Types that the first word of a K line's body may be.
#[rustfmt::skip]
pub(super) const MAP_TYPES: &[&str] = &[
    "arith", "bestmx", "btree", "cdb", "dbm", "dequote", "dns", "dnsmx", "dnsptr", "hash", "hesiod", "host",
    "implicit", "ldap", "ldapx", "macro", "ndbm", "netinfo", "nis", "nisplus", "null", "ph", "program", "regex",
    "sequence", "socket", "stab", "switch", "syslog", "text", "user", "userdb",
];

/// FEATUREs that the library no longer has, and what took their place.
const REMOVED_FEATURES: &[(&str, &str)] = &[
    ("nodns", "take it out: whether DNS is asked stands in the service switch (`hosts' in nsswitch.conf)"),
    ("rbl", "write FEATURE(`dnsbl', `LIST.EXAMPLE.ORG') instead"),
];

/// What to write in place of a FEATURE that the library no longer has.
pub(super) fn removed(feature: &str) -> Option<&'static str> {
    REMOVED_FEATURES.iter().find(|row| row.0 == feature).map(|row| row.1)
}

/// Is it a macro that stands on a line of its own in a .mc?
pub(super) fn is_statement(name: &str) -> bool {
    MACROS.binary_search_by_key(&name, |row| row.0).is_ok()
}

/// Every `conf…` name that the library knows.
pub(super) fn conf_names() -> impl Iterator<Item = String> {
    let options = OPTIONS.iter().map(|row| row.conf).filter(|conf| !conf.is_empty());
    let groups = Timeouts::GROUPS.iter().map(|row| row.0).filter(|name| !name.ends_with('*'));
    let timeouts = TIMEOUTS.iter().map(|row| row.name).chain(groups).map(|name| {
        let name = name.to_ascii_uppercase().replace('.', "_").replace('-', "");
        format!("confTO_{name}")
    });
    options.chain(OTHER_CONF.iter().copied()).map(str::to_owned).chain(timeouts)
}

/// Is it one of them?
pub(super) fn is_conf(name: &str) -> bool {
    if !name.starts_with("conf") {
        return false;
    }
    let option = OPTIONS.iter().any(|row| row.conf == name) || OTHER_CONF.contains(&name);
    option || name.starts_with("confTO_") && conf_names().any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_order() {
        assert!(MACROS.is_sorted_by_key(|row| row.0));
        assert!(FEATURES.is_sorted_by_key(|row| row.0));
        assert!(DEFINES.is_sorted());
        assert!(MAP_TYPES.is_sorted());
    }

    #[test]
    fn timeouts_have_their_names() {
        let names: Vec<String> = conf_names().collect();
        for name in
            ["confTO_QUEUERETURN_NONURGENT", "confTO_RESOLVER_RETRY_FIRST", "confMAX_HOP", "confCW_FILE"]
        {
            assert!(names.iter().any(|known| known == name), "{name}");
            assert!(is_conf(name), "{name}");
        }
    }
}
