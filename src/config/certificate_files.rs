//! The files of ServerCertFile and ServerKeyFile, or of ClientCertFile and ClientKeyFile.
//!
//! In: the values of both options. Out: the names in them. Never here: the files.

/// Certificates, and the keys to them in the same order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CertificateFiles {
    /// One file or two; what is no path from the root on is no name.
    pub certificates: Vec<Vec<u8>>,
    /// As many as are named.
    pub keys: Vec<Vec<u8>>,
    /// Is there something else than a path where a certificate is to be named?
    pub unnamed: bool,
}

impl CertificateFiles {
    /// As sendmail reads them: the first comma of the certificates parts two files, and only where it is there does a comma part keys.
    pub fn new(certificates: Option<&[u8]>, keys: Option<&[u8]>) -> Self {
        let parts = |value: &[u8], most| -> Vec<Vec<u8>> {
            value.splitn(most, |byte| *byte == b',').map(<[u8]>::to_vec).collect()
        };
        let mut certificates = parts(certificates.unwrap_or_default(), 2);
        let mut keys = parts(keys.unwrap_or_default(), certificates.len());
        let unnamed = certificates.iter().any(|path| !is_path(path));
        certificates.retain(|path| is_path(path));
        keys.retain(|path| is_path(path));
        Self { certificates, keys, unnamed }
    }
}

fn is_path(name: &[u8]) -> bool {
    name.starts_with(b"/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_parts_two_files_and_no_more() {
        let found = |certificates: &str, keys: &str| {
            let files = CertificateFiles::new(Some(certificates.as_bytes()), Some(keys.as_bytes()));
            let text = |list: &[Vec<u8>]| String::from_utf8_lossy(&list.join(&b' ')).into_owned();
            (text(&files.certificates), text(&files.keys), files.unnamed)
        };
        let row = |certificates: &str, keys: &str, unnamed| (certificates.into(), keys.into(), unnamed);
        assert_eq!(found("/a", "/b"), row("/a", "/b", false));
        assert_eq!(found("/a,/c", "/b,/d"), row("/a /c", "/b /d", false));
        assert_eq!(found("/a,/c", "/b"), row("/a /c", "/b", false));
        assert_eq!(found("/a", "/b,/d"), row("/a", "/b,/d", false));
        assert_eq!(found("/a,/c,/e", "/b,/d,/f"), row("/a /c,/e", "/b /d,/f", false));
        assert_eq!(found("/a,", "/b,"), row("/a", "/b", true));
        assert_eq!(found("/a, /c", "/b, /d"), row("/a", "/b", true));
        assert_eq!(found("a", "/b"), row("", "/b", true));
        assert_eq!(CertificateFiles::new(None, None).certificates, Vec::<Vec<u8>>::new());
    }
}
