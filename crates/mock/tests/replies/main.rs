//! Replies: what a script says against what is answered.
//!
//! `cases` walks a folder of scripts with a request each, `schemas` one of JSON Schemas; adding a
//! case is adding a file. `recorded` compares token counts with real vendor traffic
//! (`PLAYHOUSE_RECORDED`, or `shared/recorded` beside the checkout); without it, it says so and
//! passes, unless `CI` or `PLAYHOUSE_REQUIRE_RECORDED` is set.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "what tests share may stop and print as tests do"
)]

mod callbacks;
mod cases;
mod closures;
mod recorded;
mod schemas;
mod sharing;
mod support;
