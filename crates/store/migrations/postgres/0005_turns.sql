-- Which server process runs what, what a turn was asked with, and requests that may be sent twice.

CREATE TABLE replicas (
    id    UUID   PRIMARY KEY,
    beats BIGINT NOT NULL                            -- counts up for as long as the process lives
) WITH (fillfactor = 50);

ALTER TABLE turns ADD COLUMN replica UUID;           -- who runs it, or ran it
ALTER TABLE turns ADD COLUMN asked_model TEXT;       -- as it was asked for; `model` is the one that answered
ALTER TABLE turns ADD COLUMN agent TEXT;             -- the agent that was asked, if one was
ALTER TABLE runs ADD COLUMN replica UUID;

CREATE INDEX turns_running ON turns (replica) WHERE state = 'running';
CREATE INDEX runs_running ON runs (replica) WHERE status = 'running';

-- A key is kept as a hash, together with who sent it and where.
CREATE TABLE idempotency_keys (
    id    BYTEA  PRIMARY KEY,                        -- SHA-256 of the caller, the route and the key
    body  BYTEA  NOT NULL,                           -- SHA-256 of the request's body
    began UUID   NOT NULL,                           -- id of the turn or run that began with it
    at_us BIGINT NOT NULL
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (at_us);
