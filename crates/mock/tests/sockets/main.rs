//! What a raw client sees of the sockets below the engine.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise, its helpers too"
)]

mod connections;
mod faults;
mod support;
