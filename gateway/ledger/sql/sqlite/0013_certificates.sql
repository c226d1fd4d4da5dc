-- Certificates that connections and partners depend on: from the files of the settings, and as servers have shown them.
-- Names of organisations and hosts only. Times as in 0001.
CREATE TABLE certificates (
    endpoint    TEXT NOT NULL,      -- its first HER-id
    kind        TEXT NOT NULL,      -- server, client, trusted, signing, encryption
    fingerprint TEXT NOT NULL,      -- SHA-256
    subject     TEXT NOT NULL,
    issuer      TEXT NOT NULL,
    valid_from  INTEGER NOT NULL,
    valid_to    INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL,   -- when it was first read or shown
    PRIMARY KEY (endpoint, kind)
) STRICT, WITHOUT ROWID;
