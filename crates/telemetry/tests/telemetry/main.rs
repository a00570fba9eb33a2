//! Logs, scopes and metrics as others see them.

#![expect(clippy::unwrap_used, reason = "a helper of a test may stop it at the first surprise")]

mod agent;
mod config;
mod decoded;
mod exporting;
mod instruments;
mod log_lines;
mod metrics;
mod promised_lines;
mod scope;
mod spans;
