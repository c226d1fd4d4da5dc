-- What teams changed, and when: it stands in the run charts of the measures. About the work, never about a person. Times are
-- written as in 0001, a day as in 0005. A note that is taken back is kept, marked.
CREATE TABLE measure_annotations (
    annotation_id    INTEGER PRIMARY KEY,
    day              TEXT NOT NULL,
    stage            TEXT NOT NULL,   -- forberede, planlegge, utføre, evaluere, følge opp
    text             TEXT NOT NULL,
    effect           TEXT NOT NULL,   -- note, freeze (the median up to here holds on), new-phase (a new median begins)
    measure          TEXT,            -- NULL: in the charts of all measures
    municipality_her TEXT,            -- NULL: in the charts of all municipalities
    by_whom          TEXT NOT NULL,
    at               INTEGER NOT NULL,
    removed_at       INTEGER,
    removed_by       TEXT
) STRICT;
