//! What a load met: latencies of the answers, and how many requests failed.

use std::fmt;
use std::time::Duration;

use crate::stats::percentile;

/// The outcome of some requests.
#[derive(Default)]
pub(crate) struct Tally {
    latencies_us: Vec<u32>,
    errors: u64,
    first_error: Option<String>,
}

impl Tally {
    /// Count a request that was answered after `latency`: any status but 200 is an error.
    pub(crate) fn count(&mut self, status: u16, latency: Duration) {
        match status {
            200 => self.latencies_us.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX)),
            status => self.fail(format!("status {status}")),
        }
    }

    /// Count a request that got no answer.
    pub(crate) fn fail(&mut self, reason: String) {
        self.errors += 1;
        self.first_error.get_or_insert(reason);
    }

    /// The figures of requests that were spread over `seconds`.
    pub(crate) fn report(mut self, seconds: f64) -> Report {
        self.latencies_us.sort_unstable();
        Report { tally: self, seconds }
    }
}

/// Figures as `name=value`, one a line.
pub(crate) struct Report {
    tally: Tally,
    seconds: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let latencies_us = &self.tally.latencies_us;
        writeln!(f, "requests={}", latencies_us.len())?;
        writeln!(f, "rps={:.1}", latencies_us.len() as f64 / self.seconds)?;
        for percent in [50.0, 90.0, 99.0] {
            writeln!(f, "p{percent}_us={}", percentile(latencies_us, percent))?;
        }
        writeln!(f, "max_us={}", latencies_us.last().unwrap_or(&0))?;
        writeln!(f, "errors={}", self.tally.errors)?;
        writeln!(f, "first_error={}", self.tally.first_error.as_deref().unwrap_or_default())
    }
}
