//! What is left of a minute's requests and tokens.
//!
//! In reading order: `bucket` (one limit) → `meter` (both limits of a namespace).

mod bucket;
mod meter;

use std::time::Duration;

pub use meter::{Exceeded, Limited, QuotaMeter};

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
