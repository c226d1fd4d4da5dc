-- find_lane --
SELECT lane_id FROM lanes WHERE lane_key = :lane_key

-- keep_lane --
INSERT INTO lanes (lane_id, lane_key, receiver_her) VALUES ({lane_number}, :lane_key, :receiver_her) RETURNING lane_id

-- lane_of_conversation --
-- The lane the conversation's first delivery to this receiver went into, when the same sender began it.
SELECT d.lane_id, 0 AS later
FROM messages m JOIN deliveries d ON d.message = m.sequence
WHERE m.message_id = :conversation_id AND m.sender_her = :sender_her AND d.receiver_her = :receiver_her AND d.is_receipt = 0
UNION ALL
SELECT d.lane_id, 1 AS later
FROM messages m JOIN deliveries d ON d.message = m.sequence
WHERE m.conversation_id = :conversation_id AND m.sender_her = :sender_her AND d.receiver_her = :receiver_her
      AND d.is_receipt = 0
ORDER BY later LIMIT 1

-- last_position --
SELECT COALESCE(MAX(position), 0) AS position FROM deliveries WHERE lane_id = :lane_id

-- keep_delivery --
INSERT INTO deliveries (
    delivery_id, message, is_receipt, receiver_her, lane_id, position, state, format, unchanged, body_id, reason, created_at,
    deadline_at, final_at
) VALUES (
    {delivery_key}, :message, :is_receipt, :receiver_her, :lane_id,
    CASE WHEN :in_line = 1 THEN (SELECT COALESCE(MAX(position), 0) + 1 FROM deliveries WHERE lane_id = :lane_id) END, :state, :format, :unchanged, :body_id, :reason, :created_at,
    :deadline_at, :final_at
) RETURNING delivery_id

-- lane_has_work --
-- A lane that nobody works on and that waits for nothing may be tried at once; one that waits for its next attempt waits on.
UPDATE lanes SET due_at = :now WHERE lane_id = :lane_id AND due_at IS NULL

-- due_lanes --
-- Lanes of one receiver that may be tried now and that nobody works on (or whose worker let the lease run out).
SELECT lane_id FROM lanes
WHERE receiver_her = :receiver_her AND due_at <= :now AND (lease_until IS NULL OR lease_until < :now)
      AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.receiver_her = :receiver_her AND h.mode = 'paused')
ORDER BY due_at LIMIT :most {skip_locked}

-- next_due --
SELECT due_at FROM lanes
WHERE receiver_her = :receiver_her AND due_at IS NOT NULL AND lease_until IS NULL
      AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.receiver_her = :receiver_her AND h.mode = 'paused')
ORDER BY due_at LIMIT 1

-- still_queued --
SELECT 1 AS queued
FROM lanes
WHERE receiver_her = :receiver_her AND due_at IS NOT NULL AND EXISTS {queued_in_lane} LIMIT 1

-- next_lease_end --
-- When the first of the leased lanes of a receiver would be free again, should its worker be gone.
SELECT lease_until FROM lanes
WHERE lease_until IS NOT NULL AND receiver_her = :receiver_her
      AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.receiver_her = :receiver_her AND h.mode = 'paused')
ORDER BY lease_until LIMIT 1

-- head_of_lane --
-- The first in line, other than the delivery :but.
SELECT d.delivery_id, d.state, d.attempts, d.format, d.unchanged, d.body_id, d.created_at, d.deadline_at,
       d.is_receipt, d.receiver_her, d.lane_id, m.sequence, m.id, m.message_id, m.sender_her, m.message_type,
       m.status, m.parent_id, m.conversation_id, m.acknowledgement, m.format AS source_format, b.content,
       b.media_type, h.mode AS hold, h.since AS held_since
FROM deliveries d {by_line}
JOIN messages m ON m.sequence = d.message
JOIN bodies b ON b.body_id = COALESCE(d.body_id, m.body_id)
LEFT JOIN holds h ON h.receiver_her = d.receiver_her
WHERE d.lane_id = :lane_id AND d.state IN ('queued', 'sending') AND d.delivery_id <> :but
ORDER BY d.position LIMIT 1

-- start_attempt --
UPDATE deliveries SET state = 'sending', attempts = attempts + 1 WHERE delivery_id = :delivery_id

-- lease_lane --
UPDATE lanes SET lease_owner = :lease, lease_until = :lease_until, due_at = :now WHERE lane_id = :lane_id

-- queued_in_lane --
(SELECT 1 FROM deliveries d {by_line}
WHERE d.lane_id = lanes.lane_id AND d.state IN ('queued', 'sending') AND d.state = 'queued')

-- release_lane --
-- Nobody works on the lane any more; it is due when its first open delivery may be tried, or never if there is none.
UPDATE lanes SET lease_owner = NULL, lease_until = NULL,
    due_at = CASE WHEN EXISTS {queued_in_lane}
             THEN CAST(:due_at AS BIGINT) END
WHERE lane_id = :lane_id

-- attempt_stands --
SELECT d.state FROM lanes l JOIN deliveries d ON d.lane_id = l.lane_id
WHERE l.lane_id = :lane_id AND l.lease_owner = :lease AND d.delivery_id = :delivery_id

-- refresh_lane --
-- After its first delivery was taken out of the line: the next may be tried at once.
UPDATE lanes SET due_at =
    CASE WHEN EXISTS {queued_in_lane}
    THEN CAST(:now AS BIGINT) END
WHERE lane_id = :lane_id AND lease_until IS NULL

-- keep_outbound --
-- The body that was kept just before.
UPDATE deliveries SET body_id = {kept_body} WHERE delivery_id = :delivery_id

-- mark_accepted --
-- The receiver's transport has it, but its receipt was here first.
UPDATE deliveries SET sent_at = COALESCE(sent_at, :now) WHERE delivery_id = :delivery_id

-- mark_sent --
UPDATE deliveries SET state = 'sent', sent_at = :now, deadline_at = :deadline_at, reason = NULL
WHERE delivery_id = :delivery_id

-- mark_queued --
UPDATE deliveries SET state = 'queued', reason = :reason WHERE delivery_id = :delivery_id

-- mark_final --
UPDATE deliveries SET state = :state, reason = :reason, receipt_status = :receipt_status, overdue = 0,
    sent_at = CASE WHEN :was_sent = 1 THEN COALESCE(sent_at, :now) ELSE sent_at END, final_at = :now, deadline_at = NULL
WHERE delivery_id = :delivery_id

-- mark_parked --
-- Out of the line, until a person has decided about what it corrects.
UPDATE deliveries SET state = 'parked', position = NULL, reason = :reason WHERE delivery_id = :delivery_id

-- mark_released --
UPDATE deliveries SET state = 'queued', position = :position, lane_id = :lane_id, reason = NULL,
    deadline_at = :deadline_at, final_at = NULL
WHERE delivery_id = :delivery_id

-- mark_overdue --
UPDATE deliveries SET overdue = 1, deadline_at = NULL WHERE delivery_id = :delivery_id

-- passed_deadlines --
SELECT d.delivery_id, d.state, d.message, d.lane_id, d.receiver_her, m.acknowledgement, h.mode AS hold
FROM deliveries d JOIN messages m ON m.sequence = d.message LEFT JOIN holds h ON h.receiver_her = d.receiver_her
WHERE d.deadline_at <= :now AND d.deadline_at IS NOT NULL AND d.state <> 'sending'
ORDER BY d.deadline_at LIMIT :most

-- next_deadline --
SELECT MIN(deadline_at) AS deadline_at FROM deliveries WHERE deadline_at IS NOT NULL AND state <> 'sending'

-- recover_events --
INSERT INTO events (message, delivery_id, at, code, detail)
SELECT d.message, d.delivery_id, :now, 'delivery.recovered', NULL FROM deliveries d
WHERE d.state = 'sending' AND NOT EXISTS (
    SELECT 1 FROM lanes l WHERE l.lane_id = d.lane_id AND l.lease_until >= :leased_until)

-- recover_deliveries --
UPDATE deliveries SET state = 'queued' WHERE state = 'sending' AND NOT EXISTS (
    SELECT 1 FROM lanes l WHERE l.lane_id = deliveries.lane_id AND l.lease_until >= :leased_until)

-- recover_lanes --
UPDATE lanes SET lease_owner = NULL, lease_until = NULL, due_at = :now
WHERE lease_until IS NOT NULL AND lease_until < :leased_until

-- leased_by_owner --
-- A lease begins with the name of the node that has it.
lease_until IS NOT NULL AND substr(lease_owner, 1, length(:owner)) = :owner

-- receivers_of_owner --
SELECT DISTINCT receiver_her FROM lanes WHERE {leased_by_owner}

-- give_events_back --
INSERT INTO events (message, delivery_id, at, code, detail)
SELECT d.message, d.delivery_id, :now, 'delivery.recovered', NULL FROM deliveries d
WHERE d.state = 'sending' AND d.lane_id IN (SELECT lane_id FROM lanes WHERE {leased_by_owner})

-- give_deliveries_back --
UPDATE deliveries SET state = 'queued'
WHERE state = 'sending' AND lane_id IN (SELECT lane_id FROM lanes WHERE {leased_by_owner})

-- give_lanes_back --
UPDATE lanes SET lease_owner = NULL, lease_until = NULL, due_at = :now WHERE {leased_by_owner}

-- open_receivers --
SELECT DISTINCT receiver_her FROM deliveries WHERE state IN ('queued', 'parked')

-- open_for_receiver --
SELECT delivery_id, message, lane_id FROM deliveries
WHERE receiver_her = :receiver_her AND state IN ('queued', 'parked')

-- begin_pace --
INSERT INTO paces (endpoint, begun_at, next_at) VALUES (:endpoint, :now, :now)
ON CONFLICT (endpoint) DO UPDATE SET begun_at = excluded.begun_at

-- pace --
SELECT begun_at, next_at FROM paces WHERE endpoint = :endpoint

-- keep_pace --
UPDATE paces SET next_at = :next_at WHERE endpoint = :endpoint

-- end_pace --
DELETE FROM paces WHERE endpoint = :endpoint
