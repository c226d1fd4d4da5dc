-- projection --
SELECT position, candidate, candidate_next, inputs, removals FROM projections WHERE name = :name

-- begin_projection --
INSERT INTO projections (name, position, candidate, candidate_next, inputs) VALUES (:name, 0, 0, 0, 0)
ON CONFLICT (name) DO NOTHING

-- move_projection --
UPDATE projections SET position = :position, candidate = :candidate, candidate_next = :candidate_next WHERE name = :name

-- projection_inputs --
UPDATE projections SET inputs = :inputs WHERE name = :name

-- projection_said --
-- What was said just now is in it, unless something that was said before, or a message about the same patient, is not: then it
-- has its turn after that. Of whom nobody says, any message may be about.
UPDATE projections SET inputs = :inputs WHERE name = :name
  AND NOT EXISTS (SELECT 1 FROM inputs i LEFT JOIN bodies b ON b.body_id = i.body_id
                  WHERE {has_a_turn} AND i.input_id > projections.inputs AND i.input_id < :inputs)
  AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.sequence > projections.position
                  AND (m.patient_key = :patient_key OR CAST(:patient_key AS TEXT) IS NULL)
                  AND NOT EXISTS (SELECT 1 FROM pathway_events e WHERE e.message = m.sequence AND e.again = 0))

-- reset_projection --
UPDATE projections SET position = 0, candidate = 0, candidate_next = 0, inputs = 0, removals = removals + 1,
                       said_before = (SELECT COALESCE(MAX(i.input_id), 0) FROM inputs i)
WHERE name = :name

-- messages_to_project --
-- Messages above the position that nobody has looked at, oldest first. A receipt belongs to the patient of its original
-- (`original_id`: its MsgId).
-- What has left us already (when everything is made anew, nearly all) is known with the message.
SELECT m.sequence, m.id, m.message_id, m.sender_her, m.sender_organisation_her, m.receiver_her,
       m.receiver_organisation_her, m.format, m.message_type, m.status, m.parent_id, m.conversation_id, m.received_at,
       m.is_receipt, m.body_known, m.generated_at, COALESCE(m.patient_key, o.patient_key) AS patient_key, b.content, b.media_type,
       b.removed_at, o.message_id AS original_id,
       COALESCE((SELECT e.delivered_at FROM pathway_events e WHERE e.message = m.sequence),
                (SELECT MIN(d.sent_at) FROM deliveries d WHERE d.message = m.sequence)) AS sent_at
FROM messages m
JOIN bodies b ON b.body_id = m.body_id
LEFT JOIN receipts r ON r.message = m.sequence AND m.is_receipt = 1
LEFT JOIN messages o ON o.sequence = r.original
WHERE m.sequence > :position AND NOT EXISTS (SELECT 1 FROM pathway_events e WHERE e.message = m.sequence AND e.again = 0)
ORDER BY m.sequence LIMIT :most

-- keep_pathway_event --
-- Of a message that nobody has looked at, or that waits to be looked at again.
INSERT INTO pathway_events (message, patient_key, event, delivered_at, undelivered, failed)
VALUES (:message, :patient_key, :event, :delivered_at, :undelivered, :failed)
ON CONFLICT (message) DO UPDATE SET
    event = CASE WHEN pathway_events.forgotten = 1 THEN NULL ELSE excluded.event END,
    delivered_at = COALESCE(pathway_events.delivered_at, excluded.delivered_at),
    undelivered = CASE WHEN pathway_events.forgotten = 1 THEN 0 ELSE excluded.undelivered END, failed = excluded.failed,
    again = 0
WHERE pathway_events.again = 1

-- keep_event_again --
-- What was read of a message stays as it is: its body is not here any more.
UPDATE pathway_events SET again = 0 WHERE message = :message AND again = 1

-- body_is_here --
SELECT m.sequence FROM messages m JOIN bodies b ON b.body_id = m.body_id WHERE m.sequence = :message AND b.removed_at IS NULL

-- newly_delivered --
-- When everything is made anew, it left us when it was known to, though it may have been sent again since.
SELECT e.message, e.patient_key, COALESCE(e.delivered_at, MIN(d.sent_at)) AS sent_at
FROM pathway_events e JOIN deliveries d ON d.message = e.message
WHERE e.undelivered = 1 AND e.again = 0 AND (COALESCE(e.delivered_at, d.sent_at) < :before OR d.state = 'cancelled')
GROUP BY e.message, e.patient_key, e.delivered_at
ORDER BY e.message LIMIT :most

-- mark_delivered --
UPDATE pathway_events SET delivered_at = :delivered_at, undelivered = 0 WHERE message = :message

-- pathway_events_of --
SELECT message, event, CASE WHEN undelivered = 0 THEN delivered_at END AS delivered_at FROM pathway_events WHERE patient_key = :patient_key AND event IS NOT NULL AND again = 0
ORDER BY message

-- keep_input --
INSERT INTO inputs (id, at, by_whom, kind, patient_key, detail, body_id)
VALUES (:id, :at, :by_whom, :kind, :patient_key, :detail, :body_id) RETURNING input_id

-- inputs_of --
-- What has had its turn.
SELECT input_id, id, at, by_whom, kind, detail FROM inputs
WHERE patient_key = :patient_key AND kind <> 'resource' AND input_id <= (SELECT MAX(p.inputs) FROM projections p)
ORDER BY input_id

-- projection_state --
-- What the operators are told: how much is not in it yet, and what could not be read.
SELECT (SELECT COUNT(*) FROM messages m WHERE m.sequence > (SELECT MAX(position) FROM projections)
        AND NOT EXISTS (SELECT 1 FROM pathway_events e WHERE e.message = m.sequence AND e.again = 0))
       + (SELECT COUNT(*) FROM inputs i LEFT JOIN bodies b ON b.body_id = i.body_id
          WHERE {has_a_turn} AND i.input_id > (SELECT MAX(p.inputs) FROM projections p))
       + (SELECT COUNT(DISTINCT e.message) FROM pathway_events e JOIN deliveries d ON d.message = e.message
          WHERE e.undelivered = 1 AND e.again = 0 AND (d.sent_at IS NOT NULL OR d.state = 'cancelled')) AS waiting,
       (SELECT COUNT(*) FROM pathway_events WHERE failed IS NOT NULL) AS failed,
       (SELECT COUNT(*) FROM stays) AS stays,
       (SELECT COUNT(*) FROM unplaced) AS uncertain

-- failed_messages --
SELECT e.message, e.failed, m.id, m.message_type FROM pathway_events e JOIN messages m ON m.sequence = e.message
WHERE e.failed IS NOT NULL ORDER BY e.message LIMIT :most

-- remove_pathway_event --
DELETE FROM pathway_events WHERE message = :sequence

-- last_body --
-- The body that was kept just before.
SELECT {kept_body} AS body_id

-- message_of_task --
-- The message of a Communication, by the Communication's id.
SELECT m.sender_her, m.message_id FROM resource_versions v JOIN resources r ON r.resource_key = v.resource_key
JOIN messages m ON m.sequence = v.message
WHERE r.resource_type = 'Communication' AND r.id = :task_id
ORDER BY v.version LIMIT 1

-- has_a_turn --
-- What was said has its effects among those of messages, in the order of all of them.
b.removed_at IS NULL

-- newest_said --
SELECT COALESCE(MAX(input_id), 0) AS newest FROM inputs

-- said_waits --
-- Records are made anew, and something that was said before has not had its turn again: it does not stand yet.
SELECT i.input_id FROM inputs i LEFT JOIN bodies b ON b.body_id = i.body_id
WHERE {has_a_turn} AND i.input_id > (SELECT MAX(p.inputs) FROM projections p)
      AND i.input_id <= (SELECT MAX(p.said_before) FROM projections p) LIMIT 1

-- inputs_to_replay --
SELECT i.input_id, i.id, i.at, i.by_whom, i.kind, i.patient_key, i.detail, b.content
FROM inputs i LEFT JOIN bodies b ON b.body_id = i.body_id
WHERE {has_a_turn} AND i.input_id > :after ORDER BY i.input_id LIMIT :most
