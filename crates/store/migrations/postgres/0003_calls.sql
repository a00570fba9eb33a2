-- The call log. Ids are UUIDv7: rows arrive in the order of their ids, and a span of time is a range of them.

CREATE TABLE calls (
    id                  UUID     PRIMARY KEY,
    started_at_us       BIGINT   NOT NULL,
    duration_us         BIGINT   NOT NULL,
    ttft_us             BIGINT,
    prompt_tokens       BIGINT,
    completion_tokens   BIGINT,
    total_tokens        BIGINT,
    cached_tokens       BIGINT,
    cache_write_tokens  BIGINT,
    reasoning_tokens    BIGINT,
    cost_usd            DOUBLE PRECISION,
    attempts            INTEGER  NOT NULL,
    status              INTEGER,
    day                 INTEGER  NOT NULL,            -- on which it began (UTC), counted from 1970
    duration_bucket     SMALLINT NOT NULL,            -- where duration_us lies in a histogram
    ttft_bucket         SMALLINT,
    stream              BOOLEAN  NOT NULL,
    outcome             TEXT     COLLATE "C" NOT NULL,  -- ok, error, cancelled
    model               TEXT     COLLATE "C" NOT NULL,
    model_served        TEXT,
    provider            TEXT,
    error               TEXT,
    finish_reason       TEXT,
    request_id          TEXT     COLLATE "C" NOT NULL,
    session_id          TEXT     COLLATE "C",
    turn_id             TEXT,
    upstream_request_id TEXT,
    run_id              TEXT     COLLATE "C"
);

CREATE INDEX calls_by_model ON calls (model, id);
CREATE INDEX calls_by_request ON calls (request_id);
CREATE INDEX calls_by_session ON calls (session_id, id) WHERE session_id IS NOT NULL;
CREATE INDEX calls_by_run ON calls (run_id, id) WHERE run_id IS NOT NULL;
CREATE INDEX calls_not_ok ON calls (outcome, id) WHERE outcome <> 'ok';

-- What the calls of a day and a model add up to, kept by the very statements that add and remove them.
CREATE TABLE call_days (
    day               INTEGER NOT NULL,
    model             TEXT    COLLATE "C" NOT NULL,
    calls             BIGINT  NOT NULL,
    errors            BIGINT  NOT NULL,
    cancelled         BIGINT  NOT NULL,
    prompt_tokens     BIGINT  NOT NULL,
    cached_tokens     BIGINT  NOT NULL,
    completion_tokens BIGINT  NOT NULL,
    reasoning_tokens  BIGINT  NOT NULL,
    cost_usd          NUMERIC NOT NULL,
    ttft_us           NUMERIC NOT NULL,               -- of all calls that had a first output
    duration_us       NUMERIC NOT NULL,
    PRIMARY KEY (day, model)
) WITH (fillfactor = 50);

-- How their times lie: one row for each bucket of a histogram that holds any.
CREATE TABLE call_times (
    day    INTEGER  NOT NULL,
    model  TEXT     COLLATE "C" NOT NULL,
    kind   TEXT     COLLATE "C" NOT NULL,             -- ttft, duration
    bucket SMALLINT NOT NULL,
    calls  BIGINT   NOT NULL,
    PRIMARY KEY (day, model, kind, bucket)
) WITH (fillfactor = 50);
