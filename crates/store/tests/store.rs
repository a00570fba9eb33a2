//! The store seen from outside: what every backend must do, and what SQLite's own troubles must not do.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod conformance;
mod ledger;
mod shared;
mod sqlite;

conformance::conformance_tests!(crate::sqlite::TestDatabase::new());
