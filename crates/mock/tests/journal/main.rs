//! The journal, what is verified against it, and the control API over both.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise, its helpers too")]

mod controlling;
mod engine;
mod keeping;
mod reading;
mod support;
mod verifying;
