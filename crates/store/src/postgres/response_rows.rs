//! Responses: keeping, ending, reading and removing them.

use std::error::Error as StdError;
use std::sync::Arc;

use tokio_postgres::Row;
use uuid::Uuid;

use super::PostgresStore;
use super::failure::unreadable;
use super::idempotency_rows::KeyColumns;
use super::text::{kept, owner};
use crate::draft::{ResponseDraft, ResponseEnd};
use crate::scope::key_of;
use crate::{ChainBounds, ResponseStatus, Scope, StoreError, StoredResponse};

/// Adds nothing where the idempotency key has come before, or the id has.
const ADD: &str = "\
WITH free AS MATERIALIZED (
    SELECT WHERE NOT EXISTS (SELECT FROM responses WHERE id = $1::uuid) AND NOT EXISTS (
        SELECT FROM idempotency_keys WHERE id = $13::bytea AND at_us >= $15::bigint AND began <> $1::uuid)
), claimed AS (
    INSERT INTO idempotency_keys (id, body, began, at_us)
    SELECT $13::bytea, $14::bytea, $1::uuid, $7::bigint FROM free WHERE $13::bytea IS NOT NULL
    ON CONFLICT (id) DO UPDATE SET body = excluded.body, began = excluded.began, at_us = excluded.at_us
    WHERE idempotency_keys.at_us < $15::bigint OR idempotency_keys.began = excluded.began
    RETURNING 1
), added AS (
    INSERT INTO responses (id, owner, previous, status, background, streamed, created_at_us, ended_at_us, replica,
        model, input, body)
    SELECT $1::uuid, $2::text, $3::uuid, $4::text, $5::boolean, $6::boolean, $7::bigint, $8::bigint, $9::uuid,
        $10::text, $11::text, $12::text
    FROM free WHERE $13::bytea IS NULL OR EXISTS (SELECT FROM claimed)
    ON CONFLICT DO NOTHING RETURNING id
), made AS (
    INSERT INTO response_items (item, response) SELECT unnest($16::text[]), id FROM added ON CONFLICT DO NOTHING
)
SELECT TRUE FROM added";
const FINISH: &str = "\
WITH ended AS (
    UPDATE responses SET status = $2::text, ended_at_us = $3::bigint, body = $4::text
    WHERE id = $1::uuid AND status = 'in_progress' AND replica = $5::uuid RETURNING id
), made AS (
    INSERT INTO response_items (item, response) SELECT unnest($6::text[]), id FROM ended ON CONFLICT DO NOTHING
)
SELECT TRUE FROM ended";
/// Of several responses with an item the newest.
const FIND_WITH_ITEMS: &str = "\
SELECT id, owner, previous, status, background, streamed, model, created_at_us, ended_at_us, input, body
FROM responses WHERE id IN (
    SELECT DISTINCT ON (item) response FROM response_items JOIN responses AS maker ON maker.id = response
    WHERE item = ANY ($1::text[]) AND ($2::text IS NULL OR maker.owner = $2) ORDER BY item, response DESC)
ORDER BY id";
const FIND: &str = "\
SELECT id, owner, previous, status, background, streamed, model, created_at_us, ended_at_us, input, body
FROM responses WHERE id = $1 AND ($2::text IS NULL OR owner = $2)";
/// Newest first; the last one may be the one beyond the bound of bytes.
const CHAIN: &str = "\
WITH RECURSIVE chain AS (
    SELECT id, previous, 1 AS depth, octet_length(input)::bigint + octet_length(body) AS bytes
    FROM responses WHERE id = $1::uuid AND ($2::text IS NULL OR owner = $2)
    UNION ALL
    SELECT behind.id, behind.previous, depth + 1,
        bytes + octet_length(behind.input) + octet_length(behind.body)
    FROM chain JOIN responses AS behind ON behind.id = chain.previous
    WHERE depth < $3::integer AND bytes <= $4::bigint AND ($2::text IS NULL OR behind.owner = $2)
)
SELECT id, owner, responses.previous, status, background, streamed, model, created_at_us, ended_at_us, input, body
FROM chain JOIN responses USING (id) ORDER BY depth";
const FIND_STATUS: &str = "SELECT status FROM responses WHERE id = $1 AND ($2::text IS NULL OR owner = $2)";
const REMOVE: &str = "\
WITH gone AS (
    DELETE FROM responses WHERE id = $1::uuid AND ($2::text IS NULL OR owner = $2) AND status <> 'in_progress'
    RETURNING id
), items AS (
    DELETE FROM response_items WHERE response IN (SELECT id FROM gone)
)
SELECT TRUE FROM gone";
const PRUNE: &str = "\
WITH old AS MATERIALIZED (
    SELECT id FROM responses WHERE id < $1::uuid AND status <> 'in_progress'
        AND NOT EXISTS (SELECT FROM responses AS next WHERE next.previous = responses.id)
    ORDER BY id LIMIT $2::bigint FOR UPDATE SKIP LOCKED
), items AS (
    DELETE FROM response_items WHERE response IN (SELECT id FROM old)
)
DELETE FROM responses WHERE id IN (SELECT id FROM old)";

/// What reading a row may come to.
type Read<T> = Result<T, Box<dyn StdError + Send + Sync>>;

impl PostgresStore {
    /// Keeps a response.
    pub(super) async fn add_response(&self, new: &ResponseDraft) -> Result<(), StoreError> {
        let (id, response) = (Uuid::from_bytes(new.id), &new.response);
        let key = KeyColumns::of(new.idempotency.as_ref());
        let added = self
            .short()
            .query_opt(
                ADD,
                &[
                    &id,
                    &&*new.owner,
                    &new.previous.map(Uuid::from_bytes),
                    &response.status.as_str(),
                    &response.background,
                    &response.streamed,
                    &response.created_at_us,
                    &response.ended_at_us,
                    &Uuid::from_bytes(new.replica.bytes()),
                    &kept(&response.model),
                    &kept(&response.input),
                    &kept(&response.body),
                    &key.id,
                    &key.body,
                    &key.since_us,
                    &texts(&new.items),
                ],
            )
            .await?;
        match added {
            None => Err(self.why_not_added(new, id).await?),
            Some(_) => Ok(()),
        }
    }

    async fn why_not_added(&self, new: &ResponseDraft, id: Uuid) -> Result<StoreError, StoreError> {
        if let Err(refusal) = self.check_key(new.idempotency.as_ref(), Some(id)).await {
            return Ok(refusal);
        }
        Ok(StoreError::invalid(format!("response id '{}' has been used before", new.response.id)))
    }

    /// Ends a response.
    pub(super) async fn end_response(&self, end: &ResponseEnd) -> Result<(), StoreError> {
        let (id, finish) = (Uuid::from_bytes(end.id), &end.finish);
        let (status, body) = (finish.status.as_str(), kept(&finish.body));
        let items = texts(&end.items);
        let ended = self
            .short()
            .query_opt(FINISH, &[&id, &status, &finish.now_us, &body, &self.replica(), &items])
            .await?;
        if ended.is_some() {
            return Ok(());
        }
        let id = Arc::clone(&finish.id);
        Err(match self.response_status(&Scope::Everything, Uuid::from_bytes(end.id)).await? {
            Some(status) => StoreError::ResponseEnded { id, status },
            None => StoreError::ResponseNotFound { id },
        })
    }

    /// A response.
    pub(super) async fn find_response(
        &self,
        scope: &Scope,
        id: Uuid,
    ) -> Result<Option<StoredResponse>, StoreError> {
        let row = self.short().query_opt(FIND, &[&id, &owner(scope)]).await?;
        let found = row.map(|row| response_at(&row)).transpose();
        found.map_err(|error| unreadable(self.place(), &error))
    }

    /// A response with those it goes on from, newest first.
    pub(super) async fn find_chain(
        &self,
        scope: &Scope,
        id: Uuid,
        bounds: ChainBounds,
    ) -> Result<Vec<StoredResponse>, StoreError> {
        let most = i32::try_from(bounds.max_responses).unwrap_or(i32::MAX);
        let bytes = i64::try_from(bounds.max_bytes).unwrap_or(i64::MAX);
        let rows = self.long().query(CHAIN, &[&id, &owner(scope), &most, &bytes]).await?;
        let chain: Read<_> = rows.iter().map(response_at).collect();
        chain.map_err(|error| unreadable(self.place(), &error))
    }

    /// The newest responses that made these items.
    pub(super) async fn find_with_items(
        &self,
        scope: &Scope,
        items: &[Arc<str>],
    ) -> Result<Vec<StoredResponse>, StoreError> {
        let rows = self.long().query(FIND_WITH_ITEMS, &[&texts(items), &owner(scope)]).await?;
        let found: Read<_> = rows.iter().map(response_at).collect();
        found.map_err(|error| unreadable(self.place(), &error))
    }

    /// Removes a response that has ended; `false` when there is none.
    pub(super) async fn remove_response(&self, scope: &Scope, id: Uuid) -> Result<bool, StoreError> {
        if self.short().query_opt(REMOVE, &[&id, &owner(scope)]).await?.is_some() {
            return Ok(true);
        }
        match self.response_status(scope, id).await? {
            Some(status) if status.is_running() => {
                Err(StoreError::ResponseRunning { id: id.to_string().into() })
            }
            _ => Ok(false),
        }
    }

    /// Removes some of the oldest responses that nothing goes on from, and says how many.
    pub(super) async fn prune_response_rows(&self, before: Uuid, limit: u32) -> Result<u64, StoreError> {
        self.long().execute(PRUNE, &[&before, &i64::from(limit)]).await
    }

    async fn response_status(&self, scope: &Scope, id: Uuid) -> Result<Option<ResponseStatus>, StoreError> {
        let row = self.short().query_opt(FIND_STATUS, &[&id, &owner(scope)]).await?;
        let status = row.map(|row| status_at(&row, 0)).transpose();
        status.map_err(|error| unreadable(self.place(), &error))
    }
}

fn texts(items: &[Arc<str>]) -> Vec<&str> {
    items.iter().map(|item| &**item).collect()
}

fn response_at(row: &Row) -> Read<StoredResponse> {
    Ok(StoredResponse {
        id: row.try_get::<_, Uuid>(0)?.to_string().into(),
        key_id: key_of(row.try_get::<_, &str>(1)?.into()),
        previous: row.try_get::<_, Option<Uuid>>(2)?.map(|id| id.to_string().into()),
        status: status_at(row, 3)?,
        background: row.try_get(4)?,
        streamed: row.try_get(5)?,
        model: row.try_get::<_, &str>(6)?.into(),
        created_at_us: row.try_get(7)?,
        ended_at_us: row.try_get(8)?,
        input: row.try_get(9)?,
        body: row.try_get(10)?,
    })
}

fn status_at(row: &Row, column: usize) -> Read<ResponseStatus> {
    let name: &str = row.try_get(column)?;
    ResponseStatus::named(name).ok_or_else(|| format!("'{name}' is no status of a response").into())
}
