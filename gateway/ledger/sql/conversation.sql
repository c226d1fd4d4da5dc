-- delivery_to --
-- What became of the message with this id, from this sender, on its way to this receiver.
SELECT d.delivery_id, d.message, d.state, d.attempts, d.lane_id, d.reason, m.id, m.message_id, m.status, m.parent_id,
       m.conversation_id
FROM messages m JOIN deliveries d ON d.message = m.sequence
WHERE m.message_id = :message_id AND m.sender_her = :sender_her AND d.receiver_her = :receiver_her AND m.is_receipt = 0

-- changes_of --
-- The changes and additions that name this message as the one they change.
SELECT d.delivery_id, d.message, d.state, d.attempts, d.lane_id, d.reason, m.id, m.message_id, m.status, m.parent_id,
       m.conversation_id
FROM messages m JOIN deliveries d ON d.message = m.sequence
WHERE m.parent_id = :message_id AND m.sender_her = :sender_her AND d.receiver_her = :receiver_her
      AND m.status IN ('M', 'A') AND m.is_receipt = 0

-- waiting_for --
-- Corrections and cancellations that wait for this message, or waited so long that a person got them.
SELECT d.delivery_id, d.message, d.lane_id, m.message_id
FROM messages m JOIN deliveries d ON d.message = m.sequence
WHERE m.parent_id = :message_id AND m.sender_her = :sender_her AND d.receiver_her = :receiver_her
      AND (d.state = 'parked' OR (d.state = 'handed' AND d.reason = 'routing.parent-missing-deadline'
                                  AND d.settled_at IS NULL))
UNION
SELECT d.delivery_id, d.message, d.lane_id, m.message_id
FROM messages m JOIN deliveries d ON d.message = m.sequence
WHERE m.conversation_id = :message_id AND m.parent_id IS NULL AND m.sender_her = :sender_her
      AND d.receiver_her = :receiver_her
      AND (d.state = 'parked' OR (d.state = 'handed' AND d.reason = 'routing.parent-missing-deadline'
                                  AND d.settled_at IS NULL))
ORDER BY 2

-- originals --
-- Every delivery of a message with this id, whoever sent it: a receipt names only the id.
SELECT d.delivery_id, d.message, d.state, d.lane_id, d.receiver_her, d.receipt_status, d.sent_at, m.id, m.sender_her,
       m.sender_organisation_her, m.receiver_organisation_her, m.patient_key, m.conversation_id, m.message_id,
       m.is_receipt
FROM messages m JOIN deliveries d ON d.message = m.sequence
WHERE m.message_id = :message_id
