//! Replicas and idempotency keys in PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::PostgresStore;
use super::failure::unreadable;
use super::text::kept;
use crate::ids::turn_id;
use crate::{IdempotencyKeys, Lost, ReplicaId, Replicas, Said, Standing, StoreError};

/// The first column is whether it was there.
const BEAT: &str = "\
INSERT INTO replicas (id, beats) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET beats = replicas.beats + 1
RETURNING beats > 1";
/// One that has something under way and never beat is watched like the others.
const ENTER_SILENT: &str = "\
INSERT INTO replicas (id, beats)
SELECT replica, 0 FROM turns WHERE state = 'running' AND replica IS NOT NULL
UNION SELECT replica, 0 FROM runs WHERE status = 'running' AND replica IS NOT NULL
UNION SELECT replica, 0 FROM responses WHERE status = 'in_progress'
ON CONFLICT (id) DO NOTHING";
const LIST: &str = "SELECT id, beats FROM replicas WHERE id <> $1";
/// The replica is held while it is buried: it can neither beat nor be buried twice at a time. A turn is
/// interrupted with the text that was kept of it, which costs what `estimate_tokens` says.
const BURY: &str = "\
WITH dead AS MATERIALIZED (
    SELECT id FROM replicas WHERE id = $1::uuid AND beats = $2::bigint FOR UPDATE
), turn AS (
    UPDATE turns SET state = 'interrupted', in_context = answer IS NOT NULL,
        messages = messages + CASE WHEN answer IS NULL THEN 0 ELSE 1 END,
        tokens = tokens + CASE WHEN answer IS NULL THEN 0 ELSE 4 + (octet_length(answer) + 3) / 4 END
    WHERE state = 'running' AND replica = (SELECT id FROM dead) AND id IN (
        SELECT id FROM turns WHERE state = 'running' AND replica = $1::uuid LIMIT $3::bigint)
    RETURNING id
), run AS (
    UPDATE runs SET status = 'interrupted'
    WHERE status = 'running' AND replica = (SELECT id FROM dead) AND id IN (
        SELECT id FROM runs WHERE status = 'running' AND replica = $1::uuid LIMIT $3::bigint)
    RETURNING id
), response AS (
    UPDATE responses SET status = 'failed'
    WHERE status = 'in_progress' AND replica = (SELECT id FROM dead) AND id IN (
        SELECT id FROM responses WHERE status = 'in_progress' AND replica = $1::uuid LIMIT $3::bigint)
    RETURNING id
), gone AS (
    DELETE FROM replicas WHERE id = (SELECT id FROM dead)
        AND (SELECT count(*) FROM turn) < $3::bigint AND (SELECT count(*) FROM run) < $3::bigint
        AND (SELECT count(*) FROM response) < $3::bigint
)
SELECT 'turn', id FROM turn UNION ALL SELECT 'run', id FROM run UNION ALL SELECT 'response', id FROM response";
const STANDING: &str = "\
INSERT INTO replicas (id, beats) VALUES ($1, 0) ON CONFLICT (id) DO UPDATE SET beats = replicas.beats
RETURNING beats";
const SAVE: &str = "\
UPDATE turns SET answer = said.text FROM unnest($1::uuid[], $2::text[]) AS said (id, text)
WHERE turns.id = said.id AND turns.state = 'running' AND turns.replica = $3";

#[async_trait]
impl Replicas for PostgresStore {
    async fn beat(&self) -> Result<bool, StoreError> {
        let row = self.short().query_opt(BEAT, &[&self.replica()]).await?;
        self.read(row.map_or(Ok(false), |row| row.try_get(0)))
    }

    async fn other_replicas(&self) -> Result<Vec<Standing>, StoreError> {
        self.long().execute(ENTER_SILENT, &[]).await?;
        let rows = self.long().query(LIST, &[&self.replica()]).await?;
        let standing = |row: &Row| {
            let replica = ReplicaId::from_bytes(row.try_get::<_, Uuid>(0)?.into_bytes());
            Ok(Standing { replica, beats: row.try_get(1)? })
        };
        self.read(rows.iter().map(standing).collect())
    }

    async fn bury(&self, dead: Standing, limit: u32) -> Result<Lost, StoreError> {
        let id = Uuid::from_bytes(dead.replica.bytes());
        let rows = self.long().query(BURY, &[&id, &dead.beats, &i64::from(limit)]).await?;
        self.read(lost(&rows))
    }

    async fn leave(&self) -> Result<Lost, StoreError> {
        let row = self.long().query_opt(STANDING, &[&self.replica()]).await?;
        let beats = self.read(row.map_or(Ok(0), |row| row.try_get(0)))?;
        self.bury(Standing { replica: self.replica, beats }, u32::MAX).await
    }

    async fn save_progress(&self, said: Arc<[Said]>) -> Result<(), StoreError> {
        let ids: Result<Vec<Uuid>, StoreError> =
            said.iter().map(|said| turn_id(&said.turn_id).map(Uuid::from_bytes)).collect();
        let texts: Vec<_> = said.iter().map(|said| kept(&said.text)).collect();
        self.long().execute(SAVE, &[&ids?, &texts, &self.replica()]).await.map(drop)
    }
}

#[async_trait]
impl IdempotencyKeys for PostgresStore {
    async fn prune_idempotency_keys(&self, before_us: i64, limit: u32) -> Result<u64, StoreError> {
        self.prune_keys(before_us, limit).await
    }
}

impl PostgresStore {
    fn read<T>(&self, read: Result<T, Error>) -> Result<T, StoreError> {
        read.map_err(|error| unreadable(self.place(), &error))
    }
}

fn lost(rows: &[Row]) -> Result<Lost, Error> {
    let mut lost = Lost::default();
    for row in rows {
        let id: Arc<str> = row.try_get::<_, Uuid>(1)?.to_string().into();
        match row.try_get(0)? {
            "turn" => lost.turns.push(id),
            "run" => lost.runs.push(id),
            _ => lost.responses.push(id),
        }
    }
    Ok(lost)
}
