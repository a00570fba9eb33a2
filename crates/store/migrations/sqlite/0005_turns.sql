-- Which server process runs what, what a turn was asked with, and requests that may be sent twice.

CREATE TABLE replicas (
    id    BLOB    NOT NULL PRIMARY KEY,              -- the UUID's 16 bytes
    beats INTEGER NOT NULL                           -- counts up for as long as the process lives
) STRICT, WITHOUT ROWID;

ALTER TABLE turns ADD COLUMN replica BLOB;           -- who runs it, or ran it
ALTER TABLE turns ADD COLUMN asked_model TEXT;       -- as it was asked for; `model` is the one that answered
ALTER TABLE turns ADD COLUMN agent TEXT;             -- the agent that was asked, if one was
ALTER TABLE runs ADD COLUMN replica BLOB;

DROP INDEX turns_running;
CREATE INDEX turns_running ON turns (state, replica) WHERE state = 'running';
CREATE INDEX runs_running ON runs (status, replica) WHERE status = 'running';

-- A key is kept as a hash, together with who sent it and where.
CREATE TABLE idempotency_keys (
    id    BLOB    NOT NULL PRIMARY KEY,              -- SHA-256 of the caller, the route and the key
    body  BLOB    NOT NULL,                          -- SHA-256 of the request's body
    began BLOB    NOT NULL,                          -- id of the turn or run that began with it
    at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (at_us);
