-- bodies_to_remove --
-- Messages, from :after on, whose bodies are here and for which nothing is open, or was a short while ago.
SELECT m.sequence, m.received_at
FROM messages m JOIN bodies b ON b.body_id = m.body_id
WHERE m.sequence > :after AND m.received_at < :before AND b.removed_at IS NULL AND NOT {waits_for_its_turn}
      AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message = m.sequence AND {still_kept})
      AND NOT EXISTS (SELECT 1 FROM deliveries d JOIN replay_items i ON i.delivery_id = d.delivery_id
                      WHERE d.message = m.sequence AND i.done_at IS NULL)
ORDER BY m.sequence LIMIT :most

-- said_to_remove --
-- What was said at the API (from :after on), whose content is here.
SELECT i.input_id AS sequence, i.body_id, i.detail FROM inputs i JOIN bodies b ON b.body_id = i.body_id
WHERE i.input_id > :after AND i.at < :before AND i.kind = 'resource' AND b.removed_at IS NULL AND {has_had_its_turn}
ORDER BY i.input_id LIMIT :most

-- said --
SELECT i.body_id, i.detail FROM inputs i JOIN bodies b ON b.body_id = i.body_id
WHERE i.input_id = :sequence AND b.removed_at IS NULL AND {has_had_its_turn}

-- remove_said --
UPDATE bodies SET content = :nothing, removed_at = :now WHERE body_id = :body_id

-- waits_for_its_turn --
-- Records are made anew, and it, or another message about its patient, has not been looked at again: what stands of them does
-- not tell yet what they said.
(EXISTS (SELECT 1 FROM pathway_events e WHERE e.message = m.sequence AND e.again = 1)
 OR EXISTS (SELECT 1 FROM pathway_events e WHERE e.patient_key = m.patient_key AND e.event IS NOT NULL AND e.again = 1))

-- has_had_its_turn --
NOT EXISTS (SELECT 1 FROM projections p WHERE p.name = 'records' AND p.inputs < i.input_id)

-- still_kept --
-- It is not over, waits for a person, or has not been over for long enough.
(d.final_at IS NULL OR (d.state = 'handed' AND d.settled_at IS NULL) OR COALESCE(d.settled_at, d.final_at) >= :before)

-- may_be_removed --
SELECT m.sequence FROM messages m
WHERE m.sequence = :sequence AND NOT {waits_for_its_turn}
      AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message = m.sequence AND {still_kept})

-- body_to_remove --
SELECT m.format, b.content FROM messages m JOIN bodies b ON b.body_id = m.body_id
WHERE m.sequence = :sequence AND b.removed_at IS NULL

-- remove_bodies --
UPDATE bodies SET content = :nothing, canonical_digest = :canonical_digest, removed_at = :now
WHERE removed_at IS NULL AND (
    body_id IN (SELECT body_id FROM messages WHERE sequence = :sequence)
    OR body_id IN (SELECT body_id FROM deliveries WHERE message = :sequence AND body_id IS NOT NULL))

-- families_to_remove --
-- Messages whose own deliveries and those of all their receipts have been over for long enough.
SELECT m.sequence FROM messages m
WHERE m.sequence > :after AND m.received_at < :before AND m.is_receipt = 0 AND NOT {waits_for_its_turn}
      AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message = m.sequence AND {still_kept})
      AND NOT EXISTS (SELECT 1 FROM receipts r JOIN deliveries d ON d.message = r.message
                      WHERE r.original = m.sequence AND {still_kept})
      AND NOT EXISTS (SELECT 1 FROM deliveries d JOIN replay_items i ON i.delivery_id = d.delivery_id
                      WHERE d.message = m.sequence AND i.done_at IS NULL)
ORDER BY m.sequence LIMIT :most

-- family_may_be_removed --
SELECT m.sequence FROM messages m
WHERE m.sequence = :sequence AND NOT {waits_for_its_turn}
      AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message = m.sequence AND {still_kept})
      AND NOT EXISTS (SELECT 1 FROM receipts r JOIN deliveries d ON d.message = r.message
                      WHERE r.original = m.sequence AND {still_kept})

-- receipts_of_family --
SELECT message FROM receipts WHERE original = :sequence

-- bodies_of --
SELECT body_id FROM messages WHERE sequence = :sequence
UNION
SELECT body_id FROM deliveries WHERE message = :sequence AND body_id IS NOT NULL

-- lanes_of --
SELECT DISTINCT lane_id FROM deliveries WHERE message = :sequence

-- remove_receipts --
DELETE FROM receipts WHERE original = :sequence

-- remove_losses --
DELETE FROM losses WHERE delivery_id IN (SELECT delivery_id FROM deliveries WHERE message = :sequence)

-- remove_alarms --
DELETE FROM alarms WHERE delivery_id IN (SELECT delivery_id FROM deliveries WHERE message = :sequence)

-- remove_replay_items --
DELETE FROM replay_items WHERE delivery_id IN (SELECT delivery_id FROM deliveries WHERE message = :sequence)

-- remove_events --
DELETE FROM events WHERE message = :sequence

-- remove_deliveries --
DELETE FROM deliveries WHERE message = :sequence

-- remove_message --
DELETE FROM messages WHERE sequence = :sequence

-- remove_body --
DELETE FROM bodies WHERE body_id = :body_id

-- remove_empty_lane --
DELETE FROM lanes WHERE lane_id = :lane_id AND lease_until IS NULL
      AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.lane_id = lanes.lane_id)

-- remove_refusals --
DELETE FROM refusals WHERE at < :before

-- remove_closed_alarms --
DELETE FROM alarms WHERE closed_at < :before

-- remove_actions --
DELETE FROM actions WHERE at < :before

-- remove_empty_replays --
DELETE FROM replays WHERE ended_at < :before
      AND NOT EXISTS (SELECT 1 FROM replay_items i WHERE i.replay_id = replays.replay_id)
