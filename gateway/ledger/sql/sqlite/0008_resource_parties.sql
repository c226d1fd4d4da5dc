-- Who may see a resource is a set that many resources share: a message's resources all have the same.

DROP TABLE resource_parties;

CREATE TABLE party_sets (
    party_set INTEGER PRIMARY KEY,
    named     TEXT NOT NULL UNIQUE   -- the HER-ids in their order
) STRICT;

CREATE TABLE parties (
    party_set INTEGER NOT NULL REFERENCES party_sets,
    her_id    TEXT NOT NULL,
    PRIMARY KEY (party_set, her_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX parties_her ON parties (her_id, party_set);

ALTER TABLE resources ADD COLUMN party_set INTEGER;
CREATE INDEX resources_parties ON resources (resource_type, party_set, resource_key) WHERE deleted = 0;
