//! When a key stops to be of use, as it is typed.

use crate::failure::Failure;

const DAY_US: i64 = 86_400_000_000;

/// A moment, or so many days from now.
pub(super) fn expiry(when: &str, now_us: i64) -> Result<i64, Failure> {
    let days = when.strip_suffix('d').and_then(|days| days.parse::<u32>().ok());
    let in_days = days.map(|days| now_us.saturating_add(i64::from(days) * DAY_US));
    let at = || Some(when.parse::<jiff::Timestamp>().ok()?.as_microsecond());
    in_days.or_else(at).filter(|at_us| *at_us > now_us).ok_or_else(|| {
        Failure::Usage(format!(
            "--expires '{when}' is no moment to come: write 2026-12-31T00:00:00Z, or 30d for 30 days from now"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_expires_at_a_moment_or_after_days() {
        assert_eq!(expiry("30d", 5).ok(), Some(30 * DAY_US + 5));
        assert_eq!(expiry("1970-01-02T00:00:00Z", 5).ok(), Some(DAY_US));
        for when in ["", "0d", "-1d", "30", "tomorrow", "1969-01-01T00:00:00Z"] {
            assert!(expiry(when, 5).is_err(), "{when}");
        }
    }
}
