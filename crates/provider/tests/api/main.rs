//! The HTTP provider and its layers against upstreams that behave, and upstreams that do not.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise, its helpers too"
)]

mod anthropic;
mod bad_upstreams;
mod balance;
mod breaker;
mod cache;
mod cancelling;
mod embeddings;
mod hedge;
mod layers;
mod relaying;
mod responses;
mod support;
mod timeouts;
mod upstream;
