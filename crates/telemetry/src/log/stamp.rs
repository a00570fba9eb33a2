//! The time on a line.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// How long `2026-11-22T17:09:01` is.
const SECONDS_LEN: usize = 19;

/// A clock's face: RFC 3339 with microseconds in UTC, the part down to the second kept from line
/// to line.
#[derive(Debug, Default)]
pub(super) struct Stamp {
    unix_second: i64,
    text: String,
}

impl Stamp {
    /// The time now.
    pub(super) fn now(&mut self) -> &str {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let second = i64::try_from(since_epoch.as_secs()).unwrap_or_default();
        self.at(second, since_epoch.subsec_micros())
    }

    fn at(&mut self, unix_second: i64, micros: u32) -> &str {
        if self.unix_second != unix_second || self.text.is_empty() {
            let second = Timestamp::from_second(unix_second).unwrap_or_default();
            self.text = second.to_string();
            self.unix_second = unix_second;
        }
        self.text.truncate(SECONDS_LEN);
        self.text.push('.');
        for unit in [100_000, 10_000, 1_000, 100, 10, 1] {
            self.text.push(char::from_digit(micros / unit % 10, 10).unwrap_or('0'));
        }
        self.text.push_str("+00:00");
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_kept_and_changed() {
        let mut stamp = Stamp::default();
        assert_eq!(stamp.at(0, 0), "1970-01-01T00:00:00.000000+00:00");
        assert_eq!(stamp.at(1_795_367_341, 42), "2026-11-22T17:09:01.000042+00:00");
        assert_eq!(stamp.at(1_795_367_341, 999_999), "2026-11-22T17:09:01.999999+00:00");
        assert_eq!(stamp.at(1_795_367_342, 1), "2026-11-22T17:09:02.000001+00:00");
    }

    #[test]
    fn now_is_a_timestamp() {
        let mut stamp = Stamp::default();
        let before = Timestamp::now();
        let now: Timestamp = stamp.now().parse().unwrap();
        assert!(now.duration_since(before).abs().as_secs() < 60);
    }
}
