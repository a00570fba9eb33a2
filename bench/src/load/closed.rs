//! Closed-loop load: each connection sends the next request when the last is answered.
//!
//! Every connection talks in a session of its own, so that no two turns meet in one session.

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
    /// Connections, each with one session.
    #[arg(long, default_value_t = 64)]
    connections: u32,
    /// Seconds to go on.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// What session ids begin with; the number of the connection follows.
    #[arg(long)]
    session_prefix: String,
}

/// Ask until the time is over; the requests then under way are waited for and counted.
pub(crate) fn run(options: &Options) -> Result<Report, Error> {
    let start = Instant::now();
    let window = Window { measured: start, end: start + Duration::from_secs_f64(options.seconds) };
    let lanes = (0..options.connections).map(|index| options.lane(start, index)).collect::<Result<_, _>>()?;
    let tally = drive(lanes, window);
    Ok(tally.report(start.elapsed().as_secs_f64()))
}

impl Options {
    fn lane(&self, start: Instant, index: u32) -> Result<Lane, Error> {
        let session_id = format!("{}-{index}", self.session_prefix);
        self.target.lane(self.target.request_in_session(&session_id)?, Pace::Closed, start)
    }
}
