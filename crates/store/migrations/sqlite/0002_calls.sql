-- The call log. Ids are UUIDv7, so the table is in order of time and a span of time is a range of ids.

CREATE TABLE calls (
    id                  BLOB    NOT NULL PRIMARY KEY,  -- the UUID's 16 bytes
    started_at_us       INTEGER NOT NULL,
    duration_us         INTEGER NOT NULL,
    ttft_us             INTEGER,
    stream              INTEGER NOT NULL,
    attempts            INTEGER NOT NULL,
    status              INTEGER,
    prompt_tokens       INTEGER,
    completion_tokens   INTEGER,
    total_tokens        INTEGER,
    cached_tokens       INTEGER,
    cache_write_tokens  INTEGER,
    reasoning_tokens    INTEGER,
    cost_usd            REAL,
    outcome             TEXT    NOT NULL,              -- ok, error, cancelled
    model               TEXT    NOT NULL,
    model_served        TEXT,
    provider            TEXT,
    error               TEXT,
    finish_reason       TEXT,
    request_id          TEXT    NOT NULL,
    session_id          TEXT,
    turn_id             TEXT,
    upstream_request_id TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX calls_by_model ON calls (model);
CREATE INDEX calls_by_request ON calls (request_id);
CREATE INDEX calls_by_session ON calls (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX calls_not_ok ON calls (outcome) WHERE outcome <> 'ok';
