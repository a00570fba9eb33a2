//! Servers of tools as they are: a real one, and one that behaves as badly as it can.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may stop at the first surprise and say so, its helpers too"
)]

mod everything;
mod fake;
mod hostile;
mod http;
mod process;
mod restarting;
mod tools;
mod web;
