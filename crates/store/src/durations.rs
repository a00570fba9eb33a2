//! Durations as they are kept: whole microseconds, shorter on disk and finer than any clock here.

/// A duration for the database.
pub(crate) fn microseconds(milliseconds: f64) -> i64 {
    (milliseconds * 1_000.0).round() as i64
}

/// A duration from the database.
pub(crate) fn milliseconds(microseconds: i64) -> f64 {
    microseconds as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_as_microseconds() {
        for time_ms in [0.0, 0.001, 12.345, 86_400_000.0] {
            assert_eq!(milliseconds(microseconds(time_ms)), time_ms);
        }
    }
}
