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

-- changes_named --
-- What says that it changes or cancels this message, on its way to the same receiver.
SELECT d.delivery_id, d.message, d.lane_id, d.state, d.reason, d.settled_at, m.message_id
FROM messages m JOIN deliveries d ON d.message = m.sequence
WHERE m.parent_id = :message_id AND m.sender_her = :sender_her AND d.receiver_her = :receiver_her
      AND m.status IN ('M', 'A', 'C') AND m.is_receipt = 0
UNION
SELECT d.delivery_id, d.message, d.lane_id, d.state, d.reason, d.settled_at, m.message_id
FROM messages m JOIN deliveries d ON d.message = m.sequence
WHERE m.conversation_id = :message_id AND m.parent_id IS NULL AND m.sender_her = :sender_her
      AND d.receiver_her = :receiver_her AND m.status IN ('M', 'A', 'C') AND m.is_receipt = 0
ORDER BY 2

-- originals --
-- Every delivery of a message with this id, whoever sent it: a receipt names only the id.
SELECT {original_columns}
FROM messages m JOIN deliveries d ON d.message = m.sequence
WHERE m.message_id = :message_id

-- originals_by_header --
-- The same by the id of the MessageHeader, where that is not the message's id. FHIR's senders choose it themselves and
-- may use it again and again: the one who looks needs to know whether there are several, not how many.
SELECT {original_columns}
FROM messages m JOIN deliveries d ON d.message = m.sequence
WHERE m.header_id = :header_id AND m.is_receipt = 0
      AND (d.receiver_her = :receiver_her OR m.receiver_organisation_her = :receiver_organisation_her)
ORDER BY m.sequence DESC LIMIT 100

-- original_columns --
d.delivery_id, d.message, d.state, d.lane_id, d.receiver_her, d.receipt_status, d.sent_at, m.id, m.sender_her,
       m.sender_organisation_her, m.receiver_organisation_her, m.patient_key, m.conversation_id, m.message_id,
       m.is_receipt

-- original_of_receipt --
SELECT o.message_id, o.message_type, o.generated_at
FROM receipts r JOIN messages o ON o.sequence = r.original
WHERE r.message = :sequence
