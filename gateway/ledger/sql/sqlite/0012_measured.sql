-- What each patient counts for in the measures, worked out from the other rows: it can be made anew at any time. Times as in 0001.
CREATE TABLE measured (
    patient_key TEXT PRIMARY KEY,
    marked      INTEGER NOT NULL,   -- when a row that measures read was last written; higher each time
    rules       TEXT,               -- by which rules it was counted; NULL: something was written since
    counted     TEXT                -- JSON: days and verdicts, no number, name or text
) STRICT;
CREATE INDEX measured_rules ON measured (rules);
INSERT INTO measured (patient_key, marked) SELECT patient_key, 0 FROM stays UNION SELECT patient_key, 0 FROM plans;
