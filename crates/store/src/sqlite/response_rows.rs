//! Responses: keeping, ending, reading and removing them.

use std::sync::Arc;

use rusqlite::types::Type;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};
use uuid::Uuid;

use super::failure::Stop;
use super::idempotency_rows as keys;
use crate::draft::{ResponseDraft, ResponseEnd};
use crate::ids::{ResponseId, response_id};
use crate::response::ChainWalk;
use crate::scope::key_of;
use crate::{ReplicaId, ResponseStatus, StoreError, StoredResponse};

const ADD: &str = "INSERT INTO responses (id, owner, previous, status, background, streamed, created_at_us, \
     ended_at_us, replica, model, input, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
pub(super) const FINISH: &str = "UPDATE responses SET status = ?2, ended_at_us = ?3, body = ?4 \
     WHERE id = ?1 AND +status = 'in_progress' AND +replica = ?5 RETURNING key";
pub(super) const FIND: &str = "SELECT id, owner, previous, status, background, streamed, model, created_at_us, \
     ended_at_us, input, body FROM responses WHERE id = ?1 AND (?2 IS NULL OR owner = ?2)";
const READ: &str = "SELECT id, owner, previous, status, background, streamed, model, created_at_us, \
     ended_at_us, input, body FROM responses WHERE key = ?1";
const FIND_KEY: &str = "SELECT key, status FROM responses WHERE id = ?1 AND (?2 IS NULL OR owner = ?2)";
const REMOVE: &str = "DELETE FROM responses WHERE key = ?1";
pub(super) const ADD_ITEM: &str = "INSERT OR IGNORE INTO response_items (item, response) VALUES (?1, ?2)";
pub(super) const FIND_WITH_ITEM: &str = "SELECT max(response) FROM response_items \
     JOIN responses ON responses.key = response_items.response WHERE item = ?1 AND (?2 IS NULL OR owner = ?2)";
pub(super) const REMOVE_ITEMS: &str = "DELETE FROM response_items WHERE response = ?1";
pub(super) const FIND_OLD: &str = "SELECT key FROM responses \
     WHERE id < ?1 AND +status <> 'in_progress' \
     AND NOT EXISTS (SELECT 1 FROM responses AS next WHERE next.previous = responses.id) \
     ORDER BY id LIMIT ?2";

/// Keeps a response. Reads first, so that a refusal leaves nothing to undo.
pub(super) fn add(db: &Connection, new: &ResponseDraft) -> Result<(), Stop> {
    new.idempotency.map_or(Ok(()), |key| keys::check(db, &key))?;
    let response = &new.response;
    let added = db.prepare_cached(ADD)?.insert(params![
        new.id,
        new.owner,
        new.previous,
        response.status.as_str(),
        response.background,
        response.streamed,
        response.created_at_us,
        response.ended_at_us,
        new.replica.bytes(),
        response.model,
        response.input,
        response.body,
    ]);
    match added {
        Ok(key) => add_items(db, key, &new.items)?,
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            let reason = format!("response id '{}' has been used before", response.id);
            return Err(Stop::RefusedLate(StoreError::invalid(reason)));
        }
        Err(error) => return Err(Stop::Failed(error)),
    }
    Ok(new.idempotency.map_or(Ok(()), |key| keys::note(db, &key, new.id, response.created_at_us))?)
}

/// Ends a response.
pub(super) fn finish(db: &Connection, replica: ReplicaId, end: &ResponseEnd) -> Result<(), Stop> {
    let finish = &end.finish;
    let ended = params![end.id, finish.status.as_str(), finish.now_us, finish.body, replica.bytes()];
    let found = db.prepare_cached(FINISH)?.query_row(ended, |row| row.get(0)).optional()?;
    if let Some(key) = found {
        return Ok(add_items(db, key, &end.items)?);
    }
    let id = Arc::clone(&finish.id);
    Err(Stop::Refused(match standing(db, end.id, None)? {
        Some((_, status)) => StoreError::ResponseEnded { id, status },
        None => StoreError::ResponseNotFound { id },
    }))
}

/// A response, of one owner where one is named.
pub(super) fn find(
    db: &Connection,
    id: ResponseId,
    owner: Option<&str>,
) -> rusqlite::Result<Option<StoredResponse>> {
    db.prepare_cached(FIND)?.query_row((id, owner), response_at).optional()
}

/// Walks a chain back.
pub(super) fn walk(db: &Connection, mut walk: ChainWalk, owner: Option<&str>) -> rusqlite::Result<ChainWalk> {
    while let Some(id) = walk.next().and_then(|id| response_id(id).ok()) {
        let Some(response) = find(db, id, owner)? else { break };
        walk.take(response);
    }
    Ok(walk)
}

/// Removes a response that has ended; `false` when there is none.
pub(super) fn remove(db: &Connection, id: ResponseId, owner: Option<&str>) -> Result<bool, Stop> {
    match standing(db, id, owner)? {
        None => Ok(false),
        Some((_, status)) if status.is_running() => {
            let id = Uuid::from_bytes(id).to_string().into();
            Err(StoreError::ResponseRunning { id }.into())
        }
        Some((key, _)) => {
            remove_row(db, key)?;
            Ok(true)
        }
    }
}

/// Removes some of the oldest responses that nothing goes on from, and says how many.
pub(super) fn prune(db: &Connection, before: ResponseId, limit: u32) -> Result<u64, Stop> {
    let mut statement = db.prepare_cached(FIND_OLD)?;
    let old: Vec<i64> = statement.query_map((before, limit), |row| row.get(0))?.collect::<Result<_, _>>()?;
    old.iter().try_for_each(|key| remove_row(db, *key))?;
    Ok(old.len() as u64)
}

/// The newest responses that made these items.
pub(super) fn with_items(
    db: &Connection,
    items: &[Arc<str>],
    owner: Option<&str>,
) -> rusqlite::Result<Vec<StoredResponse>> {
    let mut find = db.prepare_cached(FIND_WITH_ITEM)?;
    let mut keys = Vec::new();
    for item in items {
        keys.extend(find.query_row((item, owner), |row| row.get::<_, Option<i64>>(0))?);
    }
    keys.sort_unstable();
    keys.dedup();
    let mut read = db.prepare_cached(READ)?;
    keys.into_iter().map(|key| read.query_row([key], response_at)).collect()
}

fn add_items(db: &Connection, response: i64, items: &[Arc<str>]) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(ADD_ITEM)?;
    items.iter().try_for_each(|item| statement.execute((item, response)).map(drop))
}

fn remove_row(db: &Connection, key: i64) -> rusqlite::Result<()> {
    db.prepare_cached(REMOVE_ITEMS)?.execute([key])?;
    db.prepare_cached(REMOVE)?.execute([key]).map(drop)
}

/// The key of a response, and where it stands.
fn standing(
    db: &Connection,
    id: ResponseId,
    owner: Option<&str>,
) -> rusqlite::Result<Option<(i64, ResponseStatus)>> {
    let mut statement = db.prepare_cached(FIND_KEY)?;
    statement.query_row((id, owner), |row| Ok((row.get(0)?, status_at(row, 1)?))).optional()
}

fn response_at(row: &Row<'_>) -> rusqlite::Result<StoredResponse> {
    let previous: Option<ResponseId> = row.get(2)?;
    Ok(StoredResponse {
        id: Uuid::from_bytes(row.get(0)?).to_string().into(),
        key_id: key_of(row.get(1)?),
        previous: previous.map(|id| Uuid::from_bytes(id).to_string().into()),
        status: status_at(row, 3)?,
        background: row.get(4)?,
        streamed: row.get(5)?,
        model: row.get(6)?,
        created_at_us: row.get(7)?,
        ended_at_us: row.get(8)?,
        input: row.get(9)?,
        body: row.get(10)?,
    })
}

fn status_at(row: &Row<'_>, column: usize) -> rusqlite::Result<ResponseStatus> {
    let name = row.get_ref(column)?.as_str()?;
    ResponseStatus::named(name).ok_or_else(|| {
        let cause = StoreError::invalid(format!("'{name}' is no status of a response"));
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(cause))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::migrate;
    use crate::sqlite::plan::assert_plan;

    #[test]
    fn every_statement_finds_its_rows_by_an_index() {
        let db = Connection::open_in_memory().unwrap();
        migrate::migrate(&db, "test.db".as_ref()).unwrap();
        for sql in [FINISH, FIND, FIND_KEY, FIND_OLD] {
            assert_plan(&db, sql, "USING INDEX responses_by_id (id");
        }
        assert_plan(&db, FIND_OLD, "USING COVERING INDEX responses_by_previous (previous=?)");
        assert_plan(&db, FIND_WITH_ITEM, "response_items USING PRIMARY KEY (item=?)");
        assert_plan(
            &db,
            REMOVE_ITEMS,
            "response_items USING COVERING INDEX response_items_by_response (response=?)",
        );
    }
}
