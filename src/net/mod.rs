//! Names and addresses: a stub resolver over /etc/hosts and DNS.
//!
//! In: host names, addresses. Out: [`Outcome`]s that keep "not now" (TRY_AGAIN) apart from "no such
//! host" (HOST_NOT_FOUND). Never here: policy (which host to talk to), connections to mail servers.
//!
//! `resolver` is what the others ask; `settings` reads the system's files, `hosts` the hosts file, `dns` asks for records, `servers` asks
//! name servers (UDP, then TCP), `dnssec` validates what they say by the keys of `anchors`, `cache` keeps answers for their time,
//! `zone` answers from memory in their place, `canonical` completes names as sendmail does, `exchangers`
//! says where mail goes as sendmail tells it; `ldap_server` connects to LDAP servers (`ldap_tls`, `ldap_trust`: whose
//! certificates are believed), `ldap_log_in` asks them about passwords.

mod anchors;
mod cache;
mod canonical;
mod dns;
mod dnssec;
mod error;
mod exchangers;
mod hosts;
mod ldap_log_in;
mod ldap_server;
mod ldap_tls;
mod ldap_trust;
mod literal;
mod mx;
mod record;
mod resolver;
mod servers;
mod settings;
mod zone;

pub use anchors::{ANCHOR_HELP, AnchorFault, Anchors, anchor_fault, warning};
pub use error::{Answered, DnsError};
pub use exchangers::Exchangers;
pub use ldap_log_in::{ldap_answer, ldap_log_in_files, look_for_ldap_user};
pub use ldap_server::connect_to_ldap;
pub use ldap_tls::LdapTls;
pub use literal::address_literal;
pub use mx::MxAnswer;
pub use record::{Record, kind};
pub use resolver::{Family, Resolver, reverse_name};
pub use settings::{HOSTS_VARIABLE, Settings, Validating, services};
pub use zone::{Answers, FixedZone, Witness};

#[cfg(test)]
mod tests;
