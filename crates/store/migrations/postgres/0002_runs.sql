-- Runs of agents: what each began with, its steps, and what came of the tools they called.

CREATE TABLE runs (
    key                BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- in order of arrival
    id                 UUID    NOT NULL,             -- a UUIDv7
    session            BIGINT,                       -- key of its session, if it belongs to one; see deleted_sessions
    turn_id            UUID,
    status             TEXT    NOT NULL,             -- running, interrupted, or how else it ended
    resumable          BOOLEAN NOT NULL,
    started_at_us      BIGINT  NOT NULL,
    resumed_at_us      BIGINT,                       -- when it went on last, if it was cut off
    ended_at_us        BIGINT,                       -- unknown for a run that died with its process
    duration_us        BIGINT,
    prompt_tokens      BIGINT,
    completion_tokens  BIGINT,
    total_tokens       BIGINT,
    cached_tokens      BIGINT,
    cache_write_tokens BIGINT,
    reasoning_tokens   BIGINT,
    cost_usd           DOUBLE PRECISION,
    agent              TEXT COLLATE "C" NOT NULL,
    model              TEXT    NOT NULL,
    request_id         TEXT    NOT NULL,
    error              TEXT,
    reason             TEXT,
    input_json         BOOLEAN NOT NULL,             -- false: a plain text from the user, true: a list of messages as JSON
    input              TEXT    NOT NULL,
    answer             TEXT
);

CREATE UNIQUE INDEX runs_by_id ON runs (id);
CREATE INDEX runs_by_agent ON runs (agent, key);
CREATE INDEX runs_by_status ON runs (status, key);
CREATE INDEX runs_by_session ON runs (session, key) WHERE session IS NOT NULL;

CREATE TABLE run_steps (
    run                BIGINT  NOT NULL,             -- key of its run
    number             INTEGER NOT NULL,             -- its place in the run, from 1, without gaps
    at_us              BIGINT  NOT NULL,
    duration_us        BIGINT  NOT NULL,
    prompt_tokens      BIGINT,
    completion_tokens  BIGINT,
    total_tokens       BIGINT,
    cached_tokens      BIGINT,
    cache_write_tokens BIGINT,
    reasoning_tokens   BIGINT,
    cost_usd           DOUBLE PRECISION,
    model              TEXT    NOT NULL,             -- the one that answered, as it names itself
    finish_reason      TEXT,
    said_json          BOOLEAN NOT NULL,             -- false: a plain text from the model, true: a message as JSON
    said               TEXT    NOT NULL,
    thought            TEXT,
    calls              TEXT,                         -- a list of tool calls as JSON, if there are any
    PRIMARY KEY (run, number)
);

CREATE TABLE run_tools (
    run                BIGINT  NOT NULL,             -- key of its run
    step               INTEGER NOT NULL,             -- number of the step that called it
    call_id            TEXT    COLLATE "C" NOT NULL,
    ended_at_us        BIGINT  NOT NULL,
    duration_us        BIGINT  NOT NULL,
    success            BOOLEAN NOT NULL,
    tool               TEXT    NOT NULL,
    output             TEXT    NOT NULL,
    error              TEXT,
    PRIMARY KEY (run, step, call_id)
);
