//! Throw-away PostgreSQL and Redis servers for tests, started from the binaries that are installed.
//!
//! Behind the feature `testing`; nothing that ships uses it. Each server has a folder of its own, a free
//! port on the loopback, and ends with the last handle to it, or with the process whatever happens to that.
//!
//! ```no_run
//! # async fn test() -> Result<(), playhouse_store::StoreError> {
//! use playhouse_store::testing::{postgres, redis};
//!
//! // One server for all tests of a process, and a database for each of them.
//! let Some(database) = postgres::database() else { return Ok(()) };
//! println!("{}", database.url());
//! // One server for this test alone, which may stop, kill, pause and start it again.
//! let Some(redis) = redis::start() else { return Ok(()) };
//! redis.pause();
//! redis.resume();
//! # Ok(())
//! # }
//! ```
//!
//! Where the binaries are missing the functions say so and return `None`, and the test is skipped. With
//! `PLAYHOUSE_REQUIRE_SERVICES=1` they panic instead, so that nothing is skipped where all are expected.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may stop at the first surprise")]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

mod binaries;
mod certificate;
pub mod postgres;
pub mod redis;
mod service;
