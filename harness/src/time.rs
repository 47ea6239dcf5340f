//! Dates in results and names. All are in UTC, so that runs of different machines sort.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

/// Now, to the second, as ISO 8601.
#[must_use]
pub fn now() -> String {
    let now = Timestamp::now();
    now.round(Unit::Second).unwrap_or(now).to_string()
}

/// Now, for the name of a folder: `2026-01-31-235959`.
#[must_use]
pub fn now_for_names() -> String {
    Timestamp::now().to_zoned(TimeZone::UTC).strftime("%Y-%m-%d-%H%M%S").to_string()
}

/// Nanoseconds since 1970.
#[must_use]
pub fn now_ns() -> i128 {
    Timestamp::now().as_nanosecond()
}
