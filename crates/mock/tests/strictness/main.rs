//! Strictness: bad requests are refused as the vendor refuses them, good ones never.
//!
//! `rules` walks every rule with its own examples; `recorded` walks real traffic
//! (`PLAYHOUSE_RECORDED`, or `shared/recorded` beside the workspace); `cases` are data: a line in
//! `refused.jsonl` or `taken.jsonl` is a case, in `embeddings.jsonl` one of embeddings, in `http.jsonl`
//! and `anthropic_http.jsonl` one of keys, methods and paths; `suites` are the requests of OpenAI's own
//! client tests. `anthropic` has its own lines of messages, and walks its own traffic.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise, and say it"
)]

mod anthropic;
mod cases;
mod http;
mod recorded;
mod rules;
mod subject;
mod suites;
