//! The zone in which a site writes its dates.

use super::Config;
use crate::schema::TimeZone as Wanted;
use crate::sys::zone;
use jiff::tz::TimeZone;

impl Config {
    /// The zone of TimeZoneSpec: a name (`Europe/Berlin`), a rule (`EST5EDT`), the caller's TZ, or the
    /// system's. A zone nobody knows counts as UTC, as in the C library. Looked up once.
    pub fn zone(&self) -> &TimeZone {
        self.zone.get_or_init(|| match &self.options.time_zone_spec {
            Wanted::Inherited => zone::local().clone(),
            Wanted::Cleared => zone::of_system(),
            Wanted::Set(text) => zone::named(&String::from_utf8_lossy(text)),
        })
    }
}
