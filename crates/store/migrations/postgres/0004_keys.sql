-- API keys, and whose each session, run and call is.

CREATE TABLE api_keys (
    id                  TEXT   COLLATE "C" PRIMARY KEY,  -- a UUIDv7: in the order in which they were made
    hash                BYTEA  NOT NULL UNIQUE,          -- SHA-256 of the key, which is nowhere
    prefix              TEXT   NOT NULL,                 -- how the key begins, so that people recognize it
    name                TEXT   NOT NULL,
    models              TEXT   NOT NULL,                 -- a list of patterns as JSON; an empty one allows all
    requests_per_minute BIGINT,
    tokens_per_minute   BIGINT,
    budget_usd          DOUBLE PRECISION,
    budget_period       TEXT,                            -- day, month
    created_at_us       BIGINT NOT NULL,
    expires_at_us       BIGINT,
    revoked_at_us       BIGINT
);

-- Each key names its sessions as it likes, so an id is unique only among those of one owner: the id of the API
-- key whose it is; empty for the operators'.
ALTER TABLE sessions ADD COLUMN owner TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE UNIQUE INDEX sessions_by_id ON sessions (id, owner);
ALTER TABLE sessions DROP CONSTRAINT sessions_id_key;
CREATE INDEX sessions_by_owner ON sessions (owner, active_at_us, key);

ALTER TABLE runs ADD COLUMN owner TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX runs_by_owner ON runs (owner, key);

-- The index holds all that is needed to sum up what a key has used.
ALTER TABLE calls ADD COLUMN key_id TEXT COLLATE "C";
CREATE INDEX calls_by_key ON calls (key_id, id) INCLUDE (total_tokens, cost_usd) WHERE key_id IS NOT NULL;
