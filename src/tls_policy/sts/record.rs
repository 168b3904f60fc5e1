//! `_mta-sts` TXT records: does a domain have a policy, and has it changed (RFC 8461, 3.1)?

use crate::mail_auth::Tags;

/// The id in the records of a domain; `None`: they announce no policy.
pub(in super::super) fn announced(records: &[Vec<u8>]) -> Option<Vec<u8>> {
    let own: Vec<&Vec<u8>> = records.iter().filter(|record| record.starts_with(b"v=STSv1;")).collect();
    let [record] = own[..] else { return None };
    let id = Tags::read(record)?.get("id")?;
    let fits = (1..=32).contains(&id.len()) && id.iter().all(u8::is_ascii_alphanumeric);
    fits.then(|| id.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(records: &[&str]) -> Option<Vec<u8>> {
        let records: Vec<Vec<u8>> = records.iter().map(|record| record.as_bytes().to_vec()).collect();
        announced(&records)
    }

    #[test]
    fn one_record_counts() {
        assert_eq!(id(&["v=STSv1; id=20260301T1;"]), Some(b"20260301T1".to_vec()));
        assert_eq!(id(&["v=spf1 -all", "v=STSv1;id=1"]), Some(b"1".to_vec()));
        for none in [&["v=STSv1; id=1;", "v=STSv1; id=2;"][..], &["v=STSv1;"], &["v=STSv2; id=1"], &[]] {
            assert_eq!(id(none), None, "{none:?}");
        }
        assert_eq!(id(&["v=STSv1; id=with-hyphen"]), None);
        assert_eq!(id(&[&format!("v=STSv1; id={}", "1".repeat(33))]), None);
    }
}
