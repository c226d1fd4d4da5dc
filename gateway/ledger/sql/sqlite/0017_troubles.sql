-- What a node cannot do with an endpoint just now, as that node last said: reach it, or take over what lies in its folder.
CREATE TABLE troubles (
    kind     TEXT NOT NULL,   -- that of the alarm: endpoint-down, inbox-stuck
    endpoint TEXT NOT NULL,   -- its first HER-id
    node     TEXT NOT NULL,
    since    INTEGER NOT NULL,
    seen_at  INTEGER NOT NULL,
    PRIMARY KEY (kind, endpoint, node)
) STRICT;
INSERT INTO troubles (kind, endpoint, node, since, seen_at)
SELECT 'endpoint-down', endpoint, node, since, seen_at FROM outages;
DROP TABLE outages;
