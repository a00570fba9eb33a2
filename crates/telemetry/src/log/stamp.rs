//! The time on a line.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// A clock's face: RFC 3339 with microseconds in UTC, the part down to the second kept from line
/// to line.
#[derive(Debug)]
pub(super) struct Stamp {
    unix_second: i64,
    text: [u8; EPOCH.len()],
}

const EPOCH: &[u8; 32] = b"1970-01-01T00:00:00.000000+00:00";

/// How long `2026-11-22T17:09:01` is.
const SECONDS_LEN: usize = 19;

impl Default for Stamp {
    fn default() -> Self {
        Self { unix_second: 0, text: *EPOCH }
    }
}

impl Stamp {
    /// The time now: ASCII.
    pub(super) fn now(&mut self) -> &[u8] {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let second = i64::try_from(since_epoch.as_secs()).unwrap_or_default();
        self.at(second, since_epoch.subsec_micros())
    }

    fn at(&mut self, unix_second: i64, mut micros: u32) -> &[u8] {
        if self.unix_second != unix_second {
            self.set_second(unix_second);
        }
        for digit in self.text[SECONDS_LEN + 1..][..6].iter_mut().rev() {
            // No more than nine.
            *digit = b'0' + (micros % 10) as u8;
            micros /= 10;
        }
        &self.text
    }

    /// Years of more than four digits are beyond anybody's clock.
    fn set_second(&mut self, unix_second: i64) {
        let second = Timestamp::from_second(unix_second).unwrap_or_default().to_string();
        if let Some(second) = second.as_bytes().first_chunk::<SECONDS_LEN>() {
            self.text[..SECONDS_LEN].copy_from_slice(second);
            self.unix_second = unix_second;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_kept_and_changed() {
        let mut stamp = Stamp::default();
        assert_eq!(stamp.at(0, 0), b"1970-01-01T00:00:00.000000+00:00");
        assert_eq!(stamp.at(1_795_367_341, 42), b"2026-11-22T17:09:01.000042+00:00");
        assert_eq!(stamp.at(1_795_367_341, 999_999), b"2026-11-22T17:09:01.999999+00:00");
        assert_eq!(stamp.at(1_795_367_342, 1), b"2026-11-22T17:09:02.000001+00:00");
    }

    #[test]
    fn now_is_a_timestamp() {
        let mut stamp = Stamp::default();
        let before = Timestamp::now();
        let now: Timestamp = str::from_utf8(stamp.now()).unwrap().parse().unwrap();
        assert!(now.duration_since(before).abs().as_secs() < 60);
    }
}
