-- resource_now --
SELECT r.resource_key, r.version, r.updated_at, r.deleted, r.digest, r.source, r.patient_key, r.party_set FROM resources r
WHERE r.resource_type = :resource_type AND r.id = :id

-- resource_content --
SELECT r.resource_key, r.resource_type, r.id, r.version, r.updated_at AS at, r.deleted, r.patient_key, r.source, r.party_set, v.content
FROM resources r JOIN resource_versions v ON v.resource_key = r.resource_key AND v.version = r.version
WHERE r.resource_type = :resource_type AND r.id = :id

-- resource_version --
SELECT r.resource_key, r.resource_type, r.id, v.version, v.at, v.deleted, r.patient_key, r.source, r.party_set, v.content
FROM resources r JOIN resource_versions v ON v.resource_key = r.resource_key
WHERE r.resource_type = :resource_type AND r.id = :id AND v.version = :version

-- resource_history --
-- Newest first, below a version.
SELECT r.resource_key, r.resource_type, r.id, v.version, v.at, v.deleted, r.patient_key, r.source, r.party_set, v.content
FROM resources r JOIN resource_versions v ON v.resource_key = r.resource_key
WHERE r.resource_type = :resource_type AND r.id = :id AND v.version < :before
ORDER BY v.version DESC LIMIT :most

-- count_versions --
SELECT COUNT(*) AS number FROM resource_versions v JOIN resources r ON r.resource_key = v.resource_key
WHERE r.resource_type = :resource_type AND r.id = :id

-- keep_resource --
INSERT INTO resources (resource_type, id, version, updated_at, patient_key, deleted, digest, source, root, party_set)
VALUES (:resource_type, :id, :version, :updated_at, :patient_key, :deleted, :digest, :source, :root, :party_set) RETURNING resource_key

-- keep_resources --
-- Rows of type, id, digest, root: first versions. Returns those whose ids nobody had.
INSERT INTO resources (resource_type, id, version, updated_at, patient_key, deleted, digest, source, root, party_set)
SELECT j.value ->> 0, j.value ->> 1, 1, :updated_at, :patient_key, 0, j.value ->> 2, :source, j.value ->> 3,
       CAST(:party_set AS bigint)
FROM {each_of_rows} WHERE true ON CONFLICT (resource_type, id) DO NOTHING RETURNING resource_key, resource_type, id

-- change_resource --
UPDATE resources SET version = :version, updated_at = :updated_at, patient_key = COALESCE(:patient_key, patient_key),
                     deleted = :deleted, digest = :digest, source = :source, party_set = :party_set
WHERE resource_key = :resource_key

-- resource_seen_by --
UPDATE resources SET party_set = :party_set WHERE resource_key = :resource_key

-- keep_resource_version --
INSERT INTO resource_versions (resource_key, version, at, message, input_id, deleted, content)
VALUES (:resource_key, :version, :at, :message, :input_id, :deleted, :content)

-- remove_resource_index --
DELETE FROM resource_index WHERE resource_key = :resource_key

-- keep_resource_index --
-- Rows of a key and its entries.
INSERT INTO resource_index (resource_key, name, value, code, low, high)
SELECT CAST(j.value ->> 0 AS bigint), e.value ->> 0, e.value ->> 1, e.value ->> 2, CAST(e.value ->> 3 AS bigint),
       CAST(e.value ->> 4 AS bigint)
FROM {each_of_rows}, {each_of_entries}

-- party_set --
SELECT party_set FROM party_sets WHERE named = :named

-- keep_party_set --
INSERT INTO party_sets (named) VALUES (:named) RETURNING party_set

-- keep_party --
INSERT INTO parties (party_set, her_id) VALUES (:party_set, :her_id)

-- parties_of_set --
SELECT her_id FROM parties WHERE party_set = :party_set

-- newest_of_root --
-- When the newest of what is kept was said; when a receipt rejected it says nothing of that.
SELECT MAX(m.generated_at) AS newest FROM resource_versions v JOIN resources r ON r.resource_key = v.resource_key
JOIN messages m ON m.sequence = v.message WHERE r.root = :root AND m.is_receipt = 0

-- resources_of_root --
SELECT r.resource_type, r.id, r.source, r.deleted FROM resources r WHERE r.root = :root

-- resources_of_message --
SELECT DISTINCT r.resource_type, r.id FROM resources r JOIN resource_versions v ON v.resource_key = r.resource_key
WHERE v.message = :message

-- resources_rejected --
-- Those that are told as in error because their message was rejected.
SELECT resource_type, id FROM resources WHERE patient_key = :patient_key AND source = 'rejected'

-- versions_said --
-- Newest first, each with the message or input that made it.
SELECT v.version, v.at, v.message, v.input_id, v.deleted, v.content, r.source, r.root, r.patient_key
FROM resources r JOIN resource_versions v ON v.resource_key = r.resource_key
WHERE r.resource_type = :resource_type AND r.id = :id ORDER BY v.version DESC

-- original_of_root --
-- Whether the first message itself was kept, or a correction alone.
SELECT v.message FROM resource_versions v JOIN resources r ON r.resource_key = v.resource_key
JOIN messages m ON m.sequence = v.message
WHERE r.root = :root AND m.status NOT IN ('M', 'C') AND m.is_receipt = 0 LIMIT 1

-- search_resources --
SELECT r.resource_key, r.resource_type, r.id, r.version, r.updated_at AS at, r.deleted, r.patient_key, r.source, r.party_set, v.content
FROM resources r JOIN resource_versions v ON v.resource_key = r.resource_key AND v.version = r.version
WHERE r.resource_type = :resource_type AND r.deleted = 0 AND r.resource_key < :before {conditions}
ORDER BY r.resource_key DESC LIMIT :most

-- count_resources --
SELECT COUNT(*) AS number FROM resources r WHERE r.resource_type = :resource_type AND r.deleted = 0 {conditions}

-- parent_of_message --
-- The message that a correction names, of the same sender.
SELECT m.sequence, m.message_id, m.status, m.parent_id, m.conversation_id FROM messages m
WHERE m.message_id = :message_id AND (m.sender_organisation_her = :organisation OR m.sender_her = :organisation)
ORDER BY m.sequence LIMIT 1

-- resources_to_forget --
-- Those of a message's resources whose present version it made.
SELECT r.resource_key FROM resource_versions v
JOIN resources r ON r.resource_key = v.resource_key AND r.version = v.version
WHERE v.message = :sequence AND r.source IN ('message', 'cancelled', 'rejected')

-- prefilled_to_forget --
-- The answers that messages about the same patient filled in: they may repeat its words. What holds still is filled in anew.
SELECT r.resource_key FROM resources r
WHERE r.resource_type = 'QuestionnaireResponse' AND r.source = 'pathway'
      AND r.patient_key IN (SELECT x.patient_key FROM resource_versions v JOIN resources x ON x.resource_key = v.resource_key
                            WHERE v.message = :sequence)

-- forget_versions_of_message --
-- Earlier versions that it made, of resources that say something else now.
DELETE FROM resource_versions
WHERE message = :sequence
      AND resource_key IN (SELECT resource_key FROM resources WHERE source IN ('message', 'cancelled', 'rejected', 'api'))

-- versions_of_input --
-- The versions that say what an input said, and which is the present one.
SELECT v.resource_key, v.version, r.version AS present FROM resources r
JOIN resource_versions v ON v.resource_key = r.resource_key
WHERE r.resource_type = :resource_type AND r.id = :id AND v.input_id = :input_id

-- remove_resource_version --
DELETE FROM resource_versions WHERE resource_key = :resource_key AND version = :version

-- remove_resource_versions --
DELETE FROM resource_versions WHERE resource_key = :resource_key

-- remove_resource --
DELETE FROM resources WHERE resource_key = :resource_key

-- where_seen --
r.party_set IN (SELECT p.party_set FROM parties p WHERE p.her_id IN {among_her_ids})

-- where_id --
r.id = :v0

-- where_patient --
r.patient_key = :v0

-- where_nothing --
1 = 0

-- where_updated --
r.updated_at >= :v0 AND r.updated_at < :v1

-- where_token --
EXISTS (SELECT 1 FROM resource_index x WHERE x.resource_key = r.resource_key AND x.name = :v0 AND x.value = :v1)

-- where_code --
EXISTS (SELECT 1 FROM resource_index x WHERE x.resource_key = r.resource_key AND x.name = :v0 AND x.code = :v1)

-- where_system --
EXISTS (SELECT 1 FROM resource_index x WHERE x.resource_key = r.resource_key AND x.name = :v0 AND x.value >= :v1 AND x.value < :v2)

-- where_date_eq --
EXISTS (SELECT 1 FROM resource_index x WHERE x.resource_key = r.resource_key AND x.name = :v0 AND x.low >= :v1 AND x.high <= :v2)

-- where_date_lt --
EXISTS (SELECT 1 FROM resource_index x WHERE x.resource_key = r.resource_key AND x.name = :v0 AND x.low < :v1)

-- where_date_le --
EXISTS (SELECT 1 FROM resource_index x WHERE x.resource_key = r.resource_key AND x.name = :v0 AND x.low <= :v2)

-- where_date_gt --
EXISTS (SELECT 1 FROM resource_index x WHERE x.resource_key = r.resource_key AND x.name = :v0 AND x.high > :v2)

-- where_date_ge --
EXISTS (SELECT 1 FROM resource_index x WHERE x.resource_key = r.resource_key AND x.name = :v0 AND x.high >= :v1)
