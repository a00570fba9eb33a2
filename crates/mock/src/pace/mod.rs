//! When each piece of an answer comes.

use std::time::Duration;

use crate::script::Wait;

/// The waits of one answer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// From the request to the first output.
    pub first_token: Wait,
    /// Between two outputs.
    pub token: Wait,
    /// What varying waits are drawn from.
    pub seed: u64,
}

impl Pace {
    /// The same wait before every piece.
    pub fn constant(wait: Duration) -> Self {
        let wait = Wait { mean: wait.as_secs_f64() * 1000.0, stddev: 0.0 };
        Self { first_token: wait, token: wait, seed: 0 }
    }

    /// Whether nothing is waited for.
    pub fn is_instant(&self) -> bool {
        let is_zero = |wait: &Wait| wait.mean == 0.0 && wait.stddev == 0.0;
        is_zero(&self.first_token) && is_zero(&self.token)
    }
}
