//! The codecs, judged by recorded traffic, by data and by laws.
//!
//! `recorded` walks a folder of real vendor traffic (`PLAYHOUSE_RECORDED`, or `shared/recorded`
//! beside the checkout); without one it says so and passes, unless `CI` or
//! `PLAYHOUSE_REQUIRE_RECORDED` is set; `damage` breaks what it finds there. `cases` walks `tests/cases`: adding a case is adding a file.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "what tests share may stop and print as tests do"
)]

mod cases;
mod damage;
mod documented;
mod embeddings;
mod errors;
mod facts;
mod laws;
mod messages;
mod recorded;
mod replies;
mod requests;
mod responses;
mod responses_told;
mod samples;
mod shown;
mod streams;
mod support;
