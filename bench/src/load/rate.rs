//! Open-loop load: requests fall due on a fixed schedule, whatever the server does.
//!
//! Latency counts from the moment a request was due, not from when it was written. A server that
//! stalls is charged for all requests that were due meanwhile (no coordinated omission).

use std::time::{Duration, Instant};

use clap::Args;

use super::drive::{Lane, Pace, Window, drive};
use super::tally::Report;
use super::target::Target;
use crate::error::Error;

/// How much to ask, how long.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    target: Target,
    /// Requests a second, over all connections.
    #[arg(long)]
    rate: f64,
    /// Connections, each with its equal share of the schedule.
    #[arg(long, default_value_t = 64)]
    connections: u32,
    /// Seconds that are measured.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Seconds before them that are not.
    #[arg(long, default_value_t = 0.5)]
    warm_up_s: f64,
}

/// Run the schedule to its end.
pub(crate) fn run(options: &Options) -> Result<Report, Error> {
    let start = Instant::now() + Duration::from_millis(50);
    let measured = start + Duration::from_secs_f64(options.warm_up_s);
    let window = Window { measured, end: measured + Duration::from_secs_f64(options.seconds) };
    let lanes = (0..options.connections).map(|index| options.lane(start, index)).collect::<Result<_, _>>()?;
    Ok(drive(lanes, window).report(options.seconds))
}

impl Options {
    /// The schedule goes round the connections: the first request to the first, and so on.
    fn lane(&self, start: Instant, index: u32) -> Result<Lane, Error> {
        let step = Duration::from_secs_f64(1.0 / self.rate);
        let pace = Pace::Every(step * self.connections);
        self.target.lane(self.target.request()?, pace, start + step * index)
    }
}
