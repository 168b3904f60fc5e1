//! Time zones, as the C library finds them.
//!
//! In: TZ, the name of a zone or a rule. Out: the zone; UTC where nobody knows it. Never here: a list of all zones, whose files are more
//! than all others that a command opens.

use jiff::tz::TimeZone;
use std::path::{Component, Path};
use std::sync::OnceLock;

/// Where zones are by name.
const ZONES: &str = "/usr/share/zoneinfo";

/// What TZ says, else [`of_system`]. Looked up once.
pub fn local() -> &'static TimeZone {
    static LOCAL: OnceLock<TimeZone> = OnceLock::new();
    LOCAL.get_or_init(|| std::env::var("TZ").map_or_else(|_| of_system(), |text| named(&text)))
}

/// The zone of a process without TZ.
pub fn of_system() -> TimeZone {
    read(Path::new("/etc/localtime")).unwrap_or(TimeZone::UTC)
}

/// A name (`Europe/Berlin`, also behind a colon) or a rule (`EST5EDT`).
pub fn named(text: &str) -> TimeZone {
    let name = text.strip_prefix(':').unwrap_or(text);
    by_name(name).or_else(|| TimeZone::posix(name).ok()).unwrap_or(TimeZone::UTC)
}

fn by_name(name: &str) -> Option<TimeZone> {
    let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    read(&Path::new(ZONES).join(Path::new(name))).filter(|_| inside)
}

fn read(file: &Path) -> Option<TimeZone> {
    TimeZone::tzif("localtime", &std::fs::read(file).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_by_rule_and_by_nonsense() {
        let offset = |name: &str| named(name).to_offset(jiff::Timestamp::UNIX_EPOCH).seconds();
        assert_eq!(offset("EST5"), -5 * 3600);
        assert_eq!(offset(":EST5"), -5 * 3600);
        for nobody in ["no such zone", "", "..", "/etc/localtime", "../zoneinfo/Europe/Berlin"] {
            assert_eq!(offset(nobody), 0, "{nobody}");
        }
    }

    #[test]
    fn zones_by_name() {
        if !Path::new(ZONES).join("Europe/Berlin").exists() {
            eprintln!("SKIPPED: no zones here");
            return;
        }
        let summer = jiff::Timestamp::from_second(1_751_000_000).expect("June 2025");
        assert_eq!(named("Europe/Berlin").to_offset(summer).seconds(), 2 * 3600);
    }
}
