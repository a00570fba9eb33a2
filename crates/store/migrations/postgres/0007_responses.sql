-- Responses that are kept, each with what was asked in it and the one it goes on from.

CREATE TABLE responses (
    id            UUID    PRIMARY KEY,
    owner         TEXT    COLLATE "C" NOT NULL,      -- the API key whose it is; empty for the operators'
    previous      UUID,                              -- id of the response it goes on from; may be gone
    status        TEXT    NOT NULL,                  -- in_progress, completed, failed, incomplete, cancelled
    background    BOOLEAN NOT NULL,                  -- whether it goes on without its caller
    streamed      BOOLEAN NOT NULL,                  -- whether it is told in pieces
    created_at_us BIGINT  NOT NULL,
    ended_at_us   BIGINT,                            -- unknown for one that died with its process
    replica       UUID    NOT NULL,                  -- who runs it, or ran it
    model         TEXT    NOT NULL,
    input         TEXT    NOT NULL,                  -- JSON
    body          TEXT    NOT NULL                   -- JSON; where it says another status, the column holds
);

CREATE INDEX responses_by_previous ON responses (previous) WHERE previous IS NOT NULL;
CREATE INDEX responses_running ON responses (replica) WHERE status = 'in_progress';

-- What responses made, by the ids that others name it with.
CREATE TABLE response_items (
    item     TEXT COLLATE "C" NOT NULL,
    response UUID NOT NULL,                          -- id of its response
    PRIMARY KEY (item, response)
);

CREATE INDEX response_items_by_response ON response_items (response);
