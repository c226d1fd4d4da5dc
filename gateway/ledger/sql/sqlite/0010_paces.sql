-- Endpoints whose backlog is being sent at its rate, by all nodes together. Times as in 0001.
CREATE TABLE paces (
    endpoint TEXT PRIMARY KEY,   -- its first HER-id
    begun_at INTEGER NOT NULL,
    next_at  INTEGER NOT NULL    -- when the next delivery may be begun
) STRICT;
