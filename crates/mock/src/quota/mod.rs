//! What is left of a minute's requests and tokens.

mod bucket;
mod meter;

use std::time::Duration;

pub use meter::QuotaMeter;

/// The limits of a namespace as a vendor's headers tell them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaState {
    /// Requests a minute, what is left of them, and when all are back.
    pub requests: Option<Budget>,
    /// Tokens a minute, what is left of them, and when all are back.
    pub tokens: Option<Budget>,
}

/// One limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// How much in a minute.
    pub limit: u64,
    /// What is left.
    pub remaining: u64,
    /// Until all of it is back.
    pub reset: Duration,
}

/// A request that would have gone over a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// Which limit.
    pub which: Which,
    /// How much of it this request wanted.
    pub requested: u64,
    /// When there is enough again.
    pub retry_after: Duration,
    /// All limits as they stand.
    pub state: QuotaState,
}

/// A kind of limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Requests in a minute.
    Requests,
    /// Tokens in a minute.
    Tokens,
}
