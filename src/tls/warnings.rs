//! What the options ask of TLS and does not come true, for who reads the log or checks the configuration. None of it
//! stops a daemon that sendmail would start.

use super::settings::{Settings, Side};
use super::words::{Ignored, Protocols};
use crate::config::{Config, Unsupported};

const LIST_HELP: &str = "name ECDHE-ECDSA-AES256-GCM-SHA384, ECDHE-RSA-AES256-GCM-SHA384, the same with \
     AES128-GCM-SHA256 or CHACHA20-POLY1305, or a set such as HIGH or ECDHE; or take it out";
const SUITES_HELP: &str =
    "name TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256 or TLS_AES_128_GCM_SHA256, or take it out";
const VERSIONS_HELP: &str = "leave TLS 1.2 or TLS 1.3 on: older versions are not spoken here";
const DH_HELP: &str = "keys are agreed on by elliptic curves only: take it out";
const ENGINE_HELP: &str = "keys are read from files: name them in ServerKeyFile and ClientKeyFile";
const SERVER_HELP: &str = "a server needs ServerCertFile, ServerKeyFile, CACertFile and CACertPath";
const ANONYMOUS_HELP: &str =
    "TLS without a certificate is not spoken here: set ServerCertFile and ServerKeyFile";

/// All of it.
pub fn warnings(config: &Config) -> Vec<Unsupported> {
    let mut found = lists(config);
    found.extend(versions(config));
    found.extend(server(config));
    let options = &config.options;
    if options.dh_parameters.as_ref().is_some_and(|value| value.starts_with(b"/")) {
        found.push(about("DHParameters", "the file of DHParameters is not used".into(), DH_HELP));
    }
    if options.ssl_engine.is_some() {
        found.push(about("SSLEngine", "SSLEngine is not used".into(), ENGINE_HELP));
    }
    found
}

fn about(option: &str, message: String, help: &'static str) -> Unsupported {
    Unsupported { message, help, cf_line: format!("O {option}=").into_bytes(), nth: 0 }
}

fn lists(config: &Config) -> Vec<Unsupported> {
    let options = &config.options;
    let mut protocols = Protocols::default();
    let ignored = protocols.apply_lists(options.cipher_list.as_deref(), options.cipher_suites.as_deref());
    let row = |ignored| {
        let (name, help) = match ignored {
            Ignored::List => ("CipherList", LIST_HELP),
            Ignored::Suites => ("CipherSuites", SUITES_HELP),
        };
        about(name, format!("{name} leaves no cipher that is spoken here: it is ignored"), help)
    };
    ignored.into_iter().map(row).collect()
}

fn versions(config: &Config) -> Vec<Unsupported> {
    let sides = [(Side::Server, "ServerSSLOptions"), (Side::Client, "ClientSSLOptions")];
    let empty = sides.into_iter().filter(|(side, _)| Settings::new(config, *side).protocols.is_empty());
    empty
        .map(|(_, name)| {
            about(name, format!("{name} leaves no version of TLS: none is spoken"), VERSIONS_HELP)
        })
        .collect()
}

/// Has the option a value, whatever it is worth?
fn is_set(config: &Config, option: &str) -> bool {
    let options = &config.options;
    let rows = [("ServerCertFile", &options.server_cert_file), ("ServerKeyFile", &options.server_key_file)];
    rows.into_iter().any(|(name, value)| name == option && value.is_some())
}

/// A server that is to speak TLS and cannot.
fn server(config: &Config) -> Vec<Unsupported> {
    let options = &config.options;
    let settings = Settings::new(config, Side::Server);
    if !settings.is_off() {
        return Vec::new();
    }
    let why = match settings.missing().first() {
        Some(name) if is_set(config, name) => {
            format!("{name} is to name a file by its whole path, or two with a comma between")
        }
        Some(name) => format!("{name} is not set"),
        None => String::from("CertFingerprintAlgorithm is unknown"),
    };
    let mut found = Vec::new();
    if settings.without_certificate {
        let message = "TLSSrvOptions=C asks for TLS without a certificate: STARTTLS is not offered";
        found.push(about("TLSSrvOptions", message.into(), ANONYMOUS_HELP));
    } else if options.server_cert_file.is_some() {
        let message = format!("{why}: STARTTLS is not offered");
        found.push(about("ServerCertFile", message, SERVER_HELP));
    }
    let ports = options.daemon_port_options.iter().enumerate();
    for (nth, port) in ports.filter(|(_, port)| port.has(b's')) {
        let name = String::from_utf8_lossy(&port.name);
        let message =
            format!("port {name} is under TLS from the first byte (M=s), and {why}: nobody is served");
        found.push(Unsupported { nth, ..about("DaemonPortOptions", message, SERVER_HELP) });
    }
    found
}
