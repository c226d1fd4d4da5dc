-- Who may use the console, who does at the moment, and who looked at what. Times and booleans are written as in 0001.

CREATE TABLE accounts (
    name          TEXT PRIMARY KEY,
    role          TEXT NOT NULL,
    organisation  TEXT,              -- name of a partner; NULL: sees all
    password_hash TEXT NOT NULL,     -- argon2id, with its parameters and salt
    must_change   INTEGER NOT NULL,  -- the password was chosen by somebody else
    failures      INTEGER NOT NULL DEFAULT 0,
    locked_until  INTEGER,
    disabled_at   INTEGER,
    created_at    INTEGER NOT NULL,
    signed_in_at  INTEGER
) STRICT;

-- A session holds its person as that person was when it began: another way of signing in needs no account here.
CREATE TABLE sessions (
    session_hash TEXT PRIMARY KEY,   -- SHA-256 of what the browser holds
    name         TEXT NOT NULL,
    role         TEXT NOT NULL,
    organisation TEXT,
    must_change  INTEGER NOT NULL,
    form_token   TEXT NOT NULL,      -- what the forms of this session carry
    begun_at     INTEGER NOT NULL,
    seen_at      INTEGER NOT NULL,
    until        INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_name ON sessions (name);

-- What a session may read for a while, after a purpose was stated.
CREATE TABLE openings (
    session_hash TEXT NOT NULL,
    subject      TEXT NOT NULL,
    until        INTEGER NOT NULL,
    PRIMARY KEY (session_hash, subject)
) STRICT;

-- Only ever added to. No number, name or text of a patient: patient_key is an HMAC.
CREATE TABLE audit (
    audit_id     INTEGER PRIMARY KEY,
    at           INTEGER NOT NULL,
    act          TEXT NOT NULL,
    name         TEXT,               -- who; NULL: nobody who is known here
    role         TEXT,
    organisation TEXT,
    message      TEXT,               -- our id
    patient_key  TEXT,
    purpose      TEXT,
    detail       TEXT
) STRICT;

CREATE INDEX audit_name ON audit (name, audit_id);
CREATE INDEX audit_message ON audit (message, audit_id) WHERE message IS NOT NULL;
CREATE INDEX audit_organisation ON audit (organisation, audit_id) WHERE organisation IS NOT NULL;
