-- What is held, what happened to it, and what waits to be sent.
--
-- Times are integers: microseconds since 1970-01-01 UTC. They compare and sort as numbers in every database, have one
-- form only, and cost eight bytes. Booleans are 0 and 1. No table but `bodies` holds number, name or clinical text;
-- patient_key is an HMAC of the identity number.

CREATE TABLE facts_of_ledger (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE bodies (
    body_id    INTEGER PRIMARY KEY,
    media_type TEXT NOT NULL,
    content    BLOB NOT NULL
) STRICT;

CREATE TABLE messages (
    sequence                  INTEGER PRIMARY KEY AUTOINCREMENT,
    id                        TEXT NOT NULL UNIQUE,
    message_id                TEXT NOT NULL,
    sender_her                TEXT NOT NULL,
    sender_organisation_her   TEXT,
    receiver_her              TEXT NOT NULL,
    receiver_organisation_her TEXT,
    format                    TEXT NOT NULL,
    message_type              TEXT NOT NULL,
    status                    TEXT NOT NULL,
    parent_id                 TEXT,
    conversation_id           TEXT,
    patient_key               TEXT,
    content_digest            TEXT NOT NULL,
    acknowledgement           TEXT NOT NULL CHECK (acknowledgement IN ('J', 'N', 'F')),
    processing                TEXT NOT NULL,
    signed                    INTEGER NOT NULL,
    body_known                INTEGER NOT NULL,
    is_receipt                INTEGER NOT NULL,
    partner                   TEXT,
    generated_at              INTEGER,
    received_at               INTEGER NOT NULL,
    body_id                   INTEGER NOT NULL REFERENCES bodies,
    size                      INTEGER NOT NULL,
    dated_events              TEXT NOT NULL,
    UNIQUE (message_id, sender_her)
) STRICT;

CREATE INDEX messages_patient ON messages (patient_key, sequence) WHERE patient_key IS NOT NULL;
CREATE INDEX messages_parent ON messages (parent_id, sender_her) WHERE parent_id IS NOT NULL;
CREATE INDEX messages_conversation ON messages (conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX messages_received ON messages (received_at, is_receipt);

CREATE TABLE lanes (
    lane_id      INTEGER PRIMARY KEY,
    lane_key     TEXT NOT NULL UNIQUE,
    receiver_her TEXT NOT NULL,
    due_at       INTEGER,   -- when its first open delivery may be tried; NULL: nothing is open
    lease_owner  TEXT,
    lease_until  INTEGER    -- NULL: nobody works on it
) STRICT;

CREATE INDEX lanes_due ON lanes (receiver_her, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX lanes_leased ON lanes (lease_until) WHERE lease_until IS NOT NULL;

CREATE TABLE deliveries (
    delivery_id    INTEGER PRIMARY KEY,
    message        INTEGER NOT NULL REFERENCES messages,
    is_receipt     INTEGER NOT NULL,
    receiver_her   TEXT NOT NULL,
    lane_id        INTEGER NOT NULL REFERENCES lanes,
    position       INTEGER,   -- order in the lane; NULL: not in line (parked, or never was)
    state          TEXT NOT NULL CHECK (state IN ('queued', 'parked', 'sending', 'sent', 'acknowledged', 'rejected',
                                                  'cancelled', 'delivered', 'handed')),
    format         TEXT NOT NULL,
    unchanged      INTEGER NOT NULL,
    body_id        INTEGER REFERENCES bodies,
    attempts       INTEGER NOT NULL DEFAULT 0,
    reason         TEXT,
    receipt_status TEXT,
    overdue        INTEGER NOT NULL DEFAULT 0,
    created_at     INTEGER NOT NULL,
    deadline_at    INTEGER,   -- when the present state must have ended
    sent_at        INTEGER,
    final_at       INTEGER,
    UNIQUE (message, receiver_her)
) STRICT;

CREATE INDEX deliveries_in_line ON deliveries (lane_id, position) WHERE state IN ('queued', 'sending');
CREATE INDEX deliveries_lane ON deliveries (lane_id, position);
CREATE INDEX deliveries_deadline ON deliveries (deadline_at) WHERE deadline_at IS NOT NULL AND state <> 'sending';
CREATE INDEX deliveries_state ON deliveries (state, is_receipt, message);
CREATE INDEX deliveries_overdue ON deliveries (message) WHERE overdue = 1;

CREATE TABLE receipts (
    receipt_id  INTEGER PRIMARY KEY,
    message     INTEGER NOT NULL UNIQUE REFERENCES messages,
    original    INTEGER NOT NULL REFERENCES messages,
    delivery_id INTEGER NOT NULL REFERENCES deliveries,
    status      TEXT NOT NULL CHECK (status IN ('1', '2', '3')),
    errors      TEXT NOT NULL,
    effect      TEXT NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;

CREATE INDEX receipts_original ON receipts (original);

CREATE TABLE events (
    event_id    INTEGER PRIMARY KEY,
    message     INTEGER NOT NULL REFERENCES messages,
    delivery_id INTEGER,
    at          INTEGER NOT NULL,
    code        TEXT NOT NULL,
    detail      TEXT
) STRICT;

CREATE INDEX events_message ON events (message);

CREATE TABLE losses (
    delivery_id     INTEGER PRIMARY KEY REFERENCES deliveries,
    mapping_version TEXT NOT NULL,
    total           INTEGER NOT NULL,
    native          INTEGER NOT NULL,
    extension       INTEGER NOT NULL,
    lost            INTEGER NOT NULL,
    report          TEXT NOT NULL
) STRICT;

CREATE TABLE refusals (
    refusal_id   INTEGER PRIMARY KEY,
    at           INTEGER NOT NULL,
    partner      TEXT,
    code         TEXT NOT NULL,
    size         INTEGER NOT NULL,
    format       TEXT,
    message_id   TEXT,
    message_type TEXT,
    sender_her   TEXT,
    receiver_her TEXT
) STRICT;

CREATE INDEX refusals_at ON refusals (at);
