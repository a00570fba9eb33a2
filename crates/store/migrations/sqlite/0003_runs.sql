-- Runs of agents: what each began with, its steps, and what came of the tools they called.

-- In order of arrival, so that the newest have the highest keys and every index leads to them in that order.
-- Small columns stand first, so that listing runs never reads what was said in them.
CREATE TABLE runs (
    key                INTEGER PRIMARY KEY,
    id                 BLOB    NOT NULL,             -- the UUIDv7's 16 bytes
    session            INTEGER,                      -- key of its session, if it belongs to one; see deleted_sessions
    turn_id            BLOB,                         -- the UUID's 16 bytes
    status             TEXT    NOT NULL,             -- running, interrupted, or how else it ended
    resumable          INTEGER NOT NULL,
    started_at_us      INTEGER NOT NULL,
    resumed_at_us      INTEGER,                      -- when it went on last, if it was cut off
    ended_at_us        INTEGER,                      -- unknown for a run that died with its process
    duration_us        INTEGER,
    prompt_tokens      INTEGER,
    completion_tokens  INTEGER,
    total_tokens       INTEGER,
    cached_tokens      INTEGER,
    cache_write_tokens INTEGER,
    reasoning_tokens   INTEGER,
    cost_usd           REAL,
    agent              TEXT    NOT NULL,
    model              TEXT    NOT NULL,
    request_id         TEXT    NOT NULL,
    error              TEXT,
    reason             TEXT,
    input_json         INTEGER NOT NULL,             -- 0: a plain text from the user, 1: a list of messages as JSON
    input              TEXT    NOT NULL,
    answer             TEXT
) STRICT;

CREATE UNIQUE INDEX runs_by_id ON runs (id);
CREATE INDEX runs_by_agent ON runs (agent);
CREATE INDEX runs_by_status ON runs (status);
CREATE INDEX runs_by_agent_and_status ON runs (agent, status);
CREATE INDEX runs_by_session ON runs (session) WHERE session IS NOT NULL;

CREATE TABLE run_steps (
    key                INTEGER PRIMARY KEY,
    run                INTEGER NOT NULL,             -- key of its run
    number             INTEGER NOT NULL,             -- its place in the run, from 1, without gaps
    at_us              INTEGER NOT NULL,
    duration_us        INTEGER NOT NULL,
    prompt_tokens      INTEGER,
    completion_tokens  INTEGER,
    total_tokens       INTEGER,
    cached_tokens      INTEGER,
    cache_write_tokens INTEGER,
    reasoning_tokens   INTEGER,
    cost_usd           REAL,
    model              TEXT    NOT NULL,             -- the one that answered, as it names itself
    finish_reason      TEXT,
    said_json          INTEGER NOT NULL,             -- 0: a plain text from the model, 1: a message as JSON
    said               TEXT    NOT NULL,
    thought            TEXT,
    calls              TEXT                          -- a list of tool calls as JSON, if there are any
) STRICT;

CREATE UNIQUE INDEX run_steps_by_run ON run_steps (run, number);

CREATE TABLE run_tools (
    key                INTEGER PRIMARY KEY,
    run                INTEGER NOT NULL,             -- key of its run
    step               INTEGER NOT NULL,             -- number of the step that called it
    call_id            TEXT    NOT NULL,
    ended_at_us        INTEGER NOT NULL,
    duration_us        INTEGER NOT NULL,
    success            INTEGER NOT NULL,
    tool               TEXT    NOT NULL,
    output             TEXT    NOT NULL,
    error              TEXT
) STRICT;

CREATE UNIQUE INDEX run_tools_by_call ON run_tools (run, step, call_id);

-- A call may be a step of a run.
ALTER TABLE calls ADD COLUMN run_id TEXT;
CREATE INDEX calls_by_run ON calls (run_id) WHERE run_id IS NOT NULL;
