//! Dates as messages and rules see them.

use crate::config::Config;
use crate::engine::Scope;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The zone of TimeZoneSpec, else the system's.
pub fn zone(config: &Config) -> TimeZone {
    let _ = config;
    TimeZone::system()
}

/// `Sun, 22 Nov 2026 12:30:03 -0500` (RFC 5322).
pub fn arpa_date(config: &Config, now: i64) -> Vec<u8> {
    formatted(config, now, "%a, %-d %b %Y %H:%M:%S %z")
}

/// `Sun Nov 22 12:30:03 2026`, as ctime(3) writes it.
pub fn ctime_date(config: &Config, now: i64) -> Vec<u8> {
    formatted(config, now, "%a %b %e %H:%M:%S %Y")
}

fn formatted(config: &Config, now: i64, form: &str) -> Vec<u8> {
    let at = Timestamp::from_second(now).unwrap_or_default().to_zoned(zone(config));
    at.strftime(form).to_string().into_bytes()
}

/// Sets `$a`, `$b` (RFC 5322), `$d` (ctime) and `$t` (minutes, UTC) to this time.
pub fn set_dates(config: &Config, scope: &mut Scope, now: i64) {
    let date = arpa_date(config, now);
    let minute = Timestamp::from_second(now).unwrap_or_default().strftime("%Y%m%d%H%M").to_string();
    let (local, epoch) = (ctime_date(config, now), now.to_string());
    let rows: [(&[u8], &[u8]); 5] = [
        (b"a", &date),
        (b"b", &date),
        (b"d", &local),
        (b"t", minute.as_bytes()),
        (b"time", epoch.as_bytes()),
    ];
    for (name, value) in rows {
        scope.set_named(config, name, value);
    }
}
