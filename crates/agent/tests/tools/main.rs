//! The built-in tools, as a model calls them.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod calculator;
mod current_time;
