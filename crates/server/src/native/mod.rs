//! The native API: chat with sessions, agents, and what is kept of them.

pub(crate) mod agents;
pub(crate) mod calls;
pub(crate) mod chat;
mod events;
pub(crate) mod extract;
pub(crate) mod idempotency;
pub(crate) mod keys;
mod open_turn;
mod run_answer;
mod run_events;
pub(crate) mod runs;
pub(crate) mod sessions;
pub(crate) mod sse;
mod stored_run;
mod stored_turn;
mod streamed_turn;
mod turn;
mod turn_task;
pub(crate) mod turns;

use axum::routing::{get, post};
use playhouse_llm::{Error, Malformed};

use crate::routes::Route;

/// The routes of the native API.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        ("/v1/chat", post(chat::chat)),
        ("/v1/sessions", get(sessions::list)),
        ("/v1/sessions/{id}", get(sessions::read).delete(sessions::delete)),
        ("/v1/turns/{id}", get(turns::read).delete(turns::cancel)),
        ("/v1/turns/{id}/stream", get(turns::stream)),
        ("/v1/turns/{id}/retry", post(turns::retry)),
        ("/v1/agents", get(agents::list)),
        ("/v1/agents/{name}/runs", post(agents::run)),
        ("/v1/runs", get(runs::list)),
        ("/v1/runs/{id}", get(runs::read).delete(runs::cancel)),
        ("/v1/runs/{id}/stream", get(runs::stream)),
        ("/v1/runs/{id}/resume", post(runs::resume)),
        ("/v1/admin/keys", get(keys::list).post(keys::create)),
        ("/v1/admin/keys/{id}", get(keys::read).patch(keys::update).delete(keys::revoke)),
        ("/v1/calls", get(calls::list)),
        ("/v1/calls/stats", get(calls::stats)),
    ]
}

/// A page's size within its bounds.
fn limit(asked: Option<u32>, default: u32, max: u32) -> Result<u32, Error> {
    match asked.unwrap_or(default) {
        limit if (1..=max).contains(&limit) => Ok(limit),
        _ => Err(Error::invalid_request(Malformed::at("limit", format!("limit takes 1 to {max}")))),
    }
}

/// A field of a request that cannot be used.
fn unfit(param: &str, message: &str) -> Error {
    Error::invalid_request(Malformed::at(param, message))
}

/// A moment as the API writes it: RFC 3339, UTC.
fn timestamp(at_us: i64) -> String {
    jiff::Timestamp::from_microsecond(at_us).map(|moment| moment.to_string()).unwrap_or_default()
}

/// A moment that a caller names (RFC 3339), in Unix microseconds.
fn moment(param: &str, text: Option<&str>) -> Result<Option<i64>, Error> {
    let Some(text) = text else { return Ok(None) };
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    parsed.map(|moment| Some(moment.as_microsecond())).map_err(|_| {
        let message = format!("{param} is no moment; write it as 2026-01-31T12:00:00Z");
        Error::invalid_request(Malformed::at(param, message))
    })
}
