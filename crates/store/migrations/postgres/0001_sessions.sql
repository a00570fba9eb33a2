-- Conversations and their turns.

CREATE TABLE sessions (
    key           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id            TEXT   COLLATE "C" NOT NULL UNIQUE,  -- chosen by the caller
    created_at_us BIGINT NOT NULL,
    active_at_us  BIGINT NOT NULL                      -- when its last turn began
);

CREATE INDEX sessions_by_activity ON sessions (active_at_us, key);

CREATE TABLE turns (
    session            BIGINT  NOT NULL,                -- key of its session; see deleted_sessions
    number             INTEGER NOT NULL,                -- its place in the session, from 1: two beginnings never share one
    id                 UUID    NOT NULL,
    state              TEXT    NOT NULL,                -- running, completed, failed, interrupted
    in_context         BOOLEAN NOT NULL DEFAULT FALSE,  -- whether later turns see it
    context_before     INTEGER NOT NULL,                -- number of the newest earlier turn in context, 0 for none
    messages           BIGINT  NOT NULL,                -- how many it holds
    tokens             BIGINT  NOT NULL,                -- what they cost in a prompt, estimated
    started_at_us      BIGINT  NOT NULL,
    ended_at_us        BIGINT,                          -- unknown for a turn that died with its process
    model              TEXT,
    finish_reason      TEXT,
    error              TEXT,
    prompt_tokens      BIGINT,
    completion_tokens  BIGINT,
    total_tokens       BIGINT,
    cached_tokens      BIGINT,
    cache_write_tokens BIGINT,
    reasoning_tokens   BIGINT,
    question_json      BOOLEAN NOT NULL,                -- false: a plain text from the user, true: a message as JSON
    answer_json        BOOLEAN NOT NULL DEFAULT FALSE,  -- false: a plain text from the model, true: a list of messages as JSON
    question           TEXT    NOT NULL,
    answer             TEXT,
    PRIMARY KEY (session, number)
);

CREATE UNIQUE INDEX turns_by_id ON turns (id);

-- Sessions that are gone while turns and runs of theirs still wait to be removed.
CREATE TABLE deleted_sessions (
    key BIGINT PRIMARY KEY
);
