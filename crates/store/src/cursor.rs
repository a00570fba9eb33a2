//! Where a page of a list begins.

use crate::{Page, RunPage, RunSummary, SessionPage, SessionSummary, StoreError};

const LARGEST_PAGE: u32 = 100;

/// How many rows a page takes.
pub(crate) fn page_limit(page: &Page) -> usize {
    page.limit.clamp(1, LARGEST_PAGE) as usize
}

/// Where a page of sessions begins: before every session there can be, or where the last one ended.
pub(crate) fn session_cursor(after: Option<&str>) -> Result<(i64, i64), StoreError> {
    let Some(after) = after else { return Ok((i64::MAX, i64::MAX)) };
    let parsed = after.rsplit_once('-').and_then(|(us, key)| Some((us.parse().ok()?, key.parse().ok()?)));
    parsed.ok_or_else(|| made_up(after))
}

/// Where a page of runs begins: before every run there can be, or where the last one ended.
pub(crate) fn run_cursor(after: Option<&str>) -> Result<i64, StoreError> {
    let Some(after) = after else { return Ok(i64::MAX) };
    after.parse().map_err(|_| made_up(after))
}

/// A page of the sessions found, each with its key; one more than the limit tells that there is a next page.
pub(crate) fn session_page(mut found: Vec<(i64, SessionSummary)>, limit: usize) -> SessionPage {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(key, last)| format!("{}-{key}", last.active_at_us));
    SessionPage { sessions: found.into_iter().map(|(_, summary)| summary).collect(), next }
}

/// A page of the runs found, each with its key; one more than the limit tells that there is a next page.
pub(crate) fn run_page(mut found: Vec<(i64, RunSummary)>, limit: usize) -> RunPage {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(key, _)| key.to_string());
    RunPage { runs: found.into_iter().map(|(_, run)| run).collect(), next }
}

fn made_up(after: &str) -> StoreError {
    StoreError::invalid(format!("'{after}' is no cursor: pass on the 'next' of the page before as it is"))
}
