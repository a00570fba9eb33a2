//! How late the pieces of paced streams come.
//!
//! Piece n of a stream is due n waits after its request was written, whatever came before: a server
//! that falls behind is charged for every piece, and so is one that is slow to begin.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::stats::percentile;

/// A piece that comes so much before it is due is early: the double does not keep its pace.
const EARLY: Duration = Duration::from_millis(2);

/// The lateness of the pieces of many streams.
pub(crate) struct Lateness {
    pace: Duration,
    late_us: Vec<u32>,
    early: usize,
}

impl Lateness {
    /// Of streams with this wait before every piece.
    pub(crate) fn new(pace: Duration) -> Self {
        Self { pace, late_us: Vec::new(), early: 0 }
    }

    /// Counts pieces of a stream that were seen `now`; they are numbered from 1.
    pub(crate) fn count(&mut self, asked: Instant, pieces: std::ops::RangeInclusive<usize>, now: Instant) {
        for piece in pieces {
            let due = asked + self.pace * u32::try_from(piece).unwrap_or(u32::MAX);
            let late = now.saturating_duration_since(due);
            self.late_us.push(u32::try_from(late.as_micros()).unwrap_or(u32::MAX));
            self.early += usize::from(due.saturating_duration_since(now) > EARLY);
        }
    }

    /// The figures.
    pub(crate) fn report(mut self) -> Report {
        self.late_us.sort_unstable();
        Report(self)
    }
}

/// Figures as `name=value`, one a line.
pub(crate) struct Report(Lateness);

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Lateness { late_us, early, .. } = &self.0;
        for percent in [50.0, 99.0, 100.0] {
            writeln!(f, "late_p{percent}_us={}", percentile(late_us, percent))?;
        }
        writeln!(f, "early={early}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lateness_counts_from_the_request() {
        let asked = Instant::now();
        let at = |ms| asked + Duration::from_millis(ms);
        let mut lateness = Lateness::new(Duration::from_millis(100));
        lateness.count(asked, 1..=1, at(101));
        lateness.count(asked, 2..=3, at(307));
        lateness.count(asked, 4..=4, at(390));
        let text = lateness.report().to_string();
        assert_eq!(text, "late_p50_us=1000\nlate_p99_us=107000\nlate_p100_us=107000\nearly=1\n");
    }
}
