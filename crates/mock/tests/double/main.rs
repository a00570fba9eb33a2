//! The whole double as a test has it: `MockServer` behind a socket, `MockProvider` without one.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise, its helpers too")]

mod anthropic;
mod ask;
mod documented;
mod faults;
mod in_process;
mod leaving;
mod quotas;
mod responses;
mod scripts;
mod verifying;
