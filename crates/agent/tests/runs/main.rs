//! Runs over a provider in process: what is told, in which order, and how they end.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise, its helpers too"
)]

mod bounds;
mod endings;
mod resuming;
mod speaking;
mod stage;
mod tools;
