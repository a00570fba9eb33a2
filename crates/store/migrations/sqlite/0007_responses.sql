-- Responses that are kept, each with what was asked in it and the one it goes on from.

CREATE TABLE responses (
    key           INTEGER PRIMARY KEY,
    id            BLOB    NOT NULL,                  -- the UUIDv7's 16 bytes
    owner         TEXT    NOT NULL,                  -- the API key whose it is; empty for the operators'
    previous      BLOB,                              -- id of the response it goes on from; may be gone
    status        TEXT    NOT NULL,                  -- in_progress, completed, failed, incomplete, cancelled
    background    INTEGER NOT NULL,                  -- whether it goes on without its caller
    streamed      INTEGER NOT NULL,                  -- whether it is told in pieces
    created_at_us INTEGER NOT NULL,
    ended_at_us   INTEGER,                           -- unknown for one that died with its process
    replica       BLOB    NOT NULL,                  -- who runs it, or ran it
    model         TEXT    NOT NULL,
    input         TEXT    NOT NULL,                  -- JSON
    body          TEXT    NOT NULL                   -- JSON; where it says another status, the column holds
) STRICT;

CREATE UNIQUE INDEX responses_by_id ON responses (id);
CREATE INDEX responses_by_previous ON responses (previous) WHERE previous IS NOT NULL;
CREATE INDEX responses_running ON responses (status, replica) WHERE status = 'in_progress';

-- What responses made, by the ids that others name it with.
CREATE TABLE response_items (
    item     TEXT    NOT NULL,
    response INTEGER NOT NULL,                       -- key of its response
    PRIMARY KEY (item, response)
) STRICT, WITHOUT ROWID;

CREATE INDEX response_items_by_response ON response_items (response);
