-- What operators do and are told: who took care of what, holds, alarms, replays, duties, and when bodies were removed.
-- Times and booleans are written as in 0001.

-- A delivery handed to a person is a dead letter until the person has settled it.
ALTER TABLE deliveries ADD COLUMN settled_at INTEGER;

-- The content of a removed body is empty; this says since when.
ALTER TABLE bodies ADD COLUMN removed_at INTEGER;

CREATE INDEX deliveries_dead ON deliveries (receiver_her, delivery_id) WHERE state = 'handed' AND settled_at IS NULL;
CREATE INDEX deliveries_tried ON deliveries (receiver_her, deadline_at) WHERE state = 'queued' AND attempts > 0;

-- Receivers to whom nothing is sent (paused), or only what was queued before `since` (draining).
CREATE TABLE holds (
    receiver_her TEXT PRIMARY KEY,
    mode         TEXT NOT NULL CHECK (mode IN ('paused', 'draining')),
    since        INTEGER NOT NULL,
    by_whom      TEXT NOT NULL,
    why          TEXT NOT NULL
) STRICT;

-- Endpoints that a node cannot reach, as that node last said.
CREATE TABLE outages (
    endpoint TEXT NOT NULL,   -- first HER-id of the endpoint
    node     TEXT NOT NULL,
    since    INTEGER NOT NULL,
    seen_at  INTEGER NOT NULL,
    PRIMARY KEY (endpoint, node)
) STRICT;

CREATE TABLE alarms (
    alarm_id     INTEGER PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind IN ('receipt-overdue', 'lane-stuck', 'endpoint-down', 'parked-too-long',
                                               'dead-letter')),
    subject      TEXT NOT NULL,   -- what it is about, unique among the open alarms of its kind
    delivery_id  INTEGER,
    receiver_her TEXT NOT NULL,
    code         TEXT NOT NULL,   -- error catalogue
    opened_at    INTEGER NOT NULL,
    closed_at    INTEGER,
    told         INTEGER NOT NULL DEFAULT 0   -- 0 nothing, 1 that it opened, 2 that it closed (or nobody is told any more)
) STRICT;

CREATE UNIQUE INDEX alarms_open ON alarms (kind, subject) WHERE closed_at IS NULL;
CREATE INDEX alarms_untold ON alarms (alarm_id) WHERE told < 2;

CREATE TABLE replays (
    replay_id  INTEGER PRIMARY KEY,
    begun_at   INTEGER NOT NULL,
    by_whom    TEXT NOT NULL,
    why        TEXT NOT NULL,
    selection  TEXT NOT NULL,
    per_second REAL NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('running', 'done', 'stopped')),
    reason     TEXT,   -- error catalogue, when stopped
    ended_at   INTEGER
) STRICT;

CREATE INDEX replays_running ON replays (replay_id) WHERE state = 'running';

CREATE TABLE replay_items (
    replay_id   INTEGER NOT NULL REFERENCES replays,
    place       INTEGER NOT NULL,
    delivery_id INTEGER NOT NULL,
    done_at     INTEGER,
    outcome     TEXT,   -- resent, or the code that says why not
    PRIMARY KEY (replay_id, place)
) STRICT;

CREATE INDEX replay_items_waiting ON replay_items (replay_id, place) WHERE done_at IS NULL;
CREATE INDEX replay_items_delivery ON replay_items (delivery_id);

-- What was answered to a request, so that the same request again is answered alike and done once.
CREATE TABLE actions (
    action_key TEXT PRIMARY KEY,
    at         INTEGER NOT NULL,
    request    TEXT NOT NULL,   -- SHA-256 of what was asked
    answer     TEXT NOT NULL
) STRICT;

CREATE INDEX actions_at ON actions (at);

-- Work that one node at a time does for all.
CREATE TABLE duties (
    name  TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT;
