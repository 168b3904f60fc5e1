//! The zone in which a site writes its dates.

use super::Config;
use crate::schema::TimeZone as Wanted;
use jiff::tz::TimeZone;

impl Config {
    /// The zone of TimeZoneSpec: a name (`Europe/Berlin`), a rule (`EST5EDT`), the caller's TZ, or the
    /// system's. A zone nobody knows counts as UTC, as in the C library. Looked up once.
    pub fn zone(&self) -> &TimeZone {
        self.zone.get_or_init(|| match &self.options.time_zone_spec {
            Wanted::Inherited => TimeZone::system(),
            Wanted::Cleared => local_file().unwrap_or(TimeZone::UTC),
            Wanted::Set(text) => named(&String::from_utf8_lossy(text)),
        })
    }
}

/// What the C library reads when TZ is not set.
fn local_file() -> Result<TimeZone, jiff::Error> {
    let data = std::fs::read("/etc/localtime").unwrap_or_default();
    TimeZone::tzif("localtime", &data)
}

fn named(text: &str) -> TimeZone {
    let name = text.strip_prefix(':').unwrap_or(text);
    TimeZone::get(name).or_else(|_| TimeZone::posix(name)).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_by_rule_and_by_nonsense() {
        let offset = |name: &str| named(name).to_offset(jiff::Timestamp::UNIX_EPOCH).seconds();
        assert_eq!(offset("EST5"), -5 * 3600);
        assert_eq!(offset("no such zone"), 0);
    }
}
