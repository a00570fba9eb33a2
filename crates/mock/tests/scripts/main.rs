//! Scripts as files: what is loaded, what is said of those that cannot be, and loading again.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod cases;
mod docs;
mod places;
mod robust;
mod watch;
