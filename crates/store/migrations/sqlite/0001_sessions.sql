-- Conversations and their turns.

CREATE TABLE sessions (
    key           INTEGER PRIMARY KEY AUTOINCREMENT,  -- never reused: a deleted session's turns may outlive its row for a moment
    id            TEXT    NOT NULL UNIQUE,            -- chosen by the caller
    created_at_us INTEGER NOT NULL,
    active_at_us  INTEGER NOT NULL                    -- when its last turn began
) STRICT;

CREATE INDEX sessions_by_activity ON sessions (active_at_us);

-- One row a turn, in order of arrival: what is written at a time lies side by side, whatever its session.
-- Small columns stand first, so that deciding whether a turn fits never reads its text.
CREATE TABLE turns (
    key                INTEGER PRIMARY KEY,
    session            INTEGER NOT NULL,             -- key of its session; see deleted_sessions
    number             INTEGER NOT NULL,             -- its place in the session, from 1
    id                 BLOB    NOT NULL,             -- the UUID's 16 bytes
    state              TEXT    NOT NULL,             -- running, completed, failed, interrupted
    in_context         INTEGER NOT NULL DEFAULT 0,   -- whether later turns see it
    context_before     INTEGER NOT NULL,             -- number of the newest earlier turn in context, 0 for none
    messages           INTEGER NOT NULL,             -- how many it holds
    tokens             INTEGER NOT NULL,             -- what they cost in a prompt, estimated
    started_at_us      INTEGER NOT NULL,
    ended_at_us        INTEGER,                      -- unknown for a turn that died with its process
    model              TEXT,
    finish_reason      TEXT,
    error              TEXT,
    prompt_tokens      INTEGER,
    completion_tokens  INTEGER,
    total_tokens       INTEGER,
    cached_tokens      INTEGER,
    cache_write_tokens INTEGER,
    reasoning_tokens   INTEGER,
    question_json      INTEGER NOT NULL,             -- 0: a plain text from the user, 1: a message as JSON
    answer_json        INTEGER NOT NULL DEFAULT 0,   -- 0: a plain text from the model, 1: a list of messages as JSON
    question           TEXT    NOT NULL,
    answer             TEXT
) STRICT;

CREATE UNIQUE INDEX turns_by_id ON turns (id);
CREATE UNIQUE INDEX turns_by_session ON turns (session, number);
CREATE INDEX turns_running ON turns (state) WHERE state = 'running';

-- Sessions that are gone while turns of theirs still wait to be removed.
CREATE TABLE deleted_sessions (
    key INTEGER PRIMARY KEY
) STRICT;
