//! What a configuration asks for and this program does not do yet, to be said when a daemon starts.

use super::{Config, Entry};

impl Config {
    /// One line for each thing that is asked for and not there: mail filters, TLS. The first word of each is the
    /// place in the cf.
    pub fn not_yet(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for name in self.filters_in_use() {
            let shown = String::from_utf8_lossy(&name).into_owned();
            let text = format!("mail filter {shown} is not called: filters are not implemented yet");
            missing.push(self.at(Entry::Filter(&name), &text));
        }
        let options = &self.options;
        let certificates = [
            ("ServerCertFile", options.server_cert_file.is_some(), "STARTTLS is not offered"),
            ("ClientCertFile", options.client_cert_file.is_some(), "mail is sent without TLS"),
        ];
        for (name, set, effect) in certificates {
            if set {
                missing.push(
                    self.at(Entry::Option(name), &format!("{name}: TLS is not implemented yet: {effect}")),
                );
            }
        }
        for port in options.daemon_port_options.iter().filter(|port| port.has(b's')) {
            let name = String::from_utf8_lossy(&port.name);
            let text = format!("daemon {name}, M=s: TLS is not implemented yet: the port speaks plain SMTP");
            missing.push(self.at(Entry::Option("DaemonPortOptions"), &text));
        }
        missing
    }

    /// Filters that some port or all of them call, each once.
    fn filters_in_use(&self) -> Vec<Vec<u8>> {
        let own = self.options.daemon_port_options.iter().filter_map(|port| port.filters.as_ref()).flatten();
        let mut names: Vec<Vec<u8>> = Vec::new();
        for name in self.options.input_mail_filters.iter().chain(own) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    fn at(&self, entry: Entry<'_>, text: &str) -> String {
        let file = String::from_utf8_lossy(&self.file);
        match self.span_of(entry) {
            Some(span) => format!("{file}: line {}: {text}", span.first),
            None => format!("{file}: {text}"),
        }
    }
}
