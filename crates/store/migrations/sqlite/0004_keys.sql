-- API keys, and whose each session, run and call is.

CREATE TABLE api_keys (
    key                 INTEGER PRIMARY KEY,
    id                  TEXT    NOT NULL UNIQUE,     -- a UUIDv7: in the order in which they were made
    hash                BLOB    NOT NULL UNIQUE,     -- SHA-256 of the key, which is nowhere
    prefix              TEXT    NOT NULL,            -- how the key begins, so that people recognize it
    name                TEXT    NOT NULL,
    models              TEXT    NOT NULL,            -- a list of patterns as JSON; an empty one allows all
    requests_per_minute INTEGER,
    tokens_per_minute   INTEGER,
    budget_usd          REAL,
    budget_period       TEXT,                        -- day, month
    created_at_us       INTEGER NOT NULL,
    expires_at_us       INTEGER,
    revoked_at_us       INTEGER
) STRICT;

-- Each key names its sessions as it likes, so an id is unique only among those of one owner. A constraint
-- cannot be changed, so the table is made anew.
CREATE TABLE owned_sessions (
    key           INTEGER PRIMARY KEY AUTOINCREMENT,  -- never reused: a deleted session's turns may outlive its row for a moment
    id            TEXT    NOT NULL,                   -- chosen by the caller
    created_at_us INTEGER NOT NULL,
    active_at_us  INTEGER NOT NULL,                   -- when its last turn began
    owner         TEXT    NOT NULL DEFAULT ''         -- id of the API key whose it is; empty for the operators'
) STRICT;

INSERT INTO owned_sessions (key, id, created_at_us, active_at_us)
    SELECT key, id, created_at_us, active_at_us FROM sessions;
-- The highest key ever given may be that of a session that is gone.
DELETE FROM sqlite_sequence WHERE name = 'owned_sessions';
INSERT INTO sqlite_sequence (name, seq) SELECT 'owned_sessions', seq FROM sqlite_sequence WHERE name = 'sessions';
DROP TABLE sessions;
ALTER TABLE owned_sessions RENAME TO sessions;

CREATE UNIQUE INDEX sessions_by_id ON sessions (id, owner);
CREATE INDEX sessions_by_activity ON sessions (active_at_us);
CREATE INDEX sessions_by_owner ON sessions (owner, active_at_us);

ALTER TABLE runs ADD COLUMN owner TEXT NOT NULL DEFAULT '';
CREATE INDEX runs_by_owner ON runs (owner);

-- The index holds all that is needed to sum up what a key has used.
ALTER TABLE calls ADD COLUMN key_id TEXT;
CREATE INDEX calls_by_key ON calls (key_id, id, total_tokens, cost_usd) WHERE key_id IS NOT NULL;
