//! The store seen from outside: what every backend must do, and what SQLite's own troubles must not do.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod conformance;
mod ledger;
mod postgres;
mod shared;
mod sqlite;

mod on_sqlite {
    crate::conformance::conformance_tests!(Some(crate::sqlite::TestDatabase::new()));
    crate::conformance::single_process_tests!(Some(crate::sqlite::TestDatabase::new()));
}

mod on_postgres {
    crate::conformance::conformance_tests!(crate::postgres::TestDatabase::new());
}
