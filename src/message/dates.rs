//! Dates as mail writes them, and as rules see them.

use crate::config::Config;
use crate::engine::Scope;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

/// `rfc5322` in the site's zone.
pub fn arpa_date(config: &Config, now: i64) -> Vec<u8> {
    rfc5322(now, config.zone()).into_bytes()
}

/// `ctime` in the site's zone.
pub fn ctime_date(config: &Config, now: i64) -> Vec<u8> {
    ctime(now, config.zone()).into_bytes()
}

/// The macros of a time, by their names.
type Dates = [(&'static [u8], Arc<[u8]>); 5];

thread_local! {
    /// Those of the last second that somebody asked for, in whichever zone has this offset: many messages come in one.
    static LAST: RefCell<Option<(i64, Offset, Dates)>> = const { RefCell::new(None) };
}

fn dates(config: &Config, now: i64) -> Dates {
    let date: Arc<[u8]> = arpa_date(config, now).into();
    [
        (b"a", date.clone()),
        (b"b", date),
        (b"d", ctime_date(config, now).into()),
        (b"t", compact_utc(now).into_bytes().into()),
        (b"time", now.to_string().into_bytes().into()),
    ]
}

/// Sets `$a`, `$b` (RFC 5322), `$d` (ctime) and `$t` (minutes, UTC) to this time.
pub fn set_dates(config: &Config, scope: &mut Scope, now: i64) {
    LAST.with_borrow_mut(|last| {
        let offset = config.zone().to_offset(timestamp(now));
        let known = last.take().filter(|known| (known.0, known.1) == (now, offset));
        let (_, _, rows) = last.insert(known.unwrap_or_else(|| (now, offset, dates(config, now))));
        for (name, value) in rows {
            scope.share_named(config, name, value);
        }
    });
}

/// `Sun, 22 Nov 2026 12:13:46 -0500` (RFC 5322). A zone without offset is written `GMT`, as
/// sendmail does on Linux.
pub fn rfc5322(epoch: i64, zone: &TimeZone) -> String {
    let at = at(epoch, zone);
    let date = at.strftime("%a, %-d %b %Y %H:%M:%S");
    match at.offset().seconds() {
        0 => format!("{date} GMT"),
        seconds => {
            let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
            format!("{date} {sign}{:02}{:02}", minutes / 60, minutes % 60)
        }
    }
}

/// `Sun Nov 22 12:13:46 2026`, as ctime(3) without its line end: the date of a `From ` line.
pub fn ctime(epoch: i64, zone: &TimeZone) -> String {
    at(epoch, zone).strftime("%a %b %e %H:%M:%S %Y").to_string()
}

/// `202611221713`: the UTC time in a Message-Id.
pub fn compact_utc(epoch: i64) -> String {
    at(epoch, &TimeZone::UTC).strftime("%Y%m%d%H%M").to_string()
}

/// A length of time as reports tell it: `4 hours`, `5 days`, `1 day, 2 hours`.
pub fn interval(span: Duration) -> String {
    const UNITS: [(&str, u64); 5] =
        [("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];
    let mut rest = span.as_secs();
    let mut parts = Vec::new();
    // five days are five days, but seven are a week
    for (name, length) in UNITS {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            parts.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        }
    }
    match parts.is_empty() {
        true => "zero seconds".to_owned(),
        false => parts.join(", "),
    }
}

fn at(epoch: i64, zone: &TimeZone) -> Zoned {
    timestamp(epoch).to_zoned(zone.clone())
}

fn timestamp(epoch: i64) -> Timestamp {
    Timestamp::from_second(epoch).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms() {
        let east = TimeZone::fixed(jiff::tz::offset(-5));
        assert_eq!(rfc5322(1_795_369_840, &east), "Sun, 22 Nov 2026 12:50:40 -0500");
        assert_eq!(rfc5322(0, &TimeZone::UTC), "Thu, 1 Jan 1970 00:00:00 GMT");
        assert_eq!(ctime(0, &TimeZone::UTC), "Thu Jan  1 00:00:00 1970");
        assert_eq!(compact_utc(1_795_369_840), "202611221750");
    }

    #[test]
    fn intervals() {
        let cases = [(3600, "1 hour"), (14_400, "4 hours"), (432_000, "5 days"), (0, "zero seconds")];
        for (seconds, text) in cases {
            assert_eq!(interval(Duration::from_secs(seconds)), text);
        }
        assert_eq!(interval(Duration::from_secs(90_000)), "1 day, 1 hour");
    }
}
