-- message_columns --
m.sequence, m.id, m.message_id, m.sender_her, m.sender_organisation_her, m.receiver_her, m.receiver_organisation_her,
m.format, m.message_type, m.status, m.parent_id, m.conversation_id, m.patient_key, m.acknowledgement, m.processing,
m.signed, m.body_known, m.is_receipt, m.partner, m.generated_at, m.received_at, m.body_id, m.size, m.dated_events

-- delivery_columns --
d.delivery_id, m.id AS message, d.receiver_her AS d_receiver_her, d.state, d.format AS d_format, d.unchanged,
COALESCE(d.body_id, CASE WHEN d.unchanged = 1 THEN m.body_id END) AS d_body_id, d.attempts, d.reason,
d.receipt_status, d.overdue, d.settled_at, d.created_at, d.deadline_at, d.sent_at, d.final_at,
CASE WHEN d.state = 'queued' THEN l.due_at END AS due_at

-- list_messages --
-- CROSS JOIN: SQLite keeps this order of looking, newest messages first, and sorts nothing.
SELECT {message_columns}, {delivery_columns}
FROM messages m CROSS JOIN deliveries d JOIN lanes l ON l.lane_id = d.lane_id
WHERE m.sequence < :before AND d.message = m.sequence {conditions}
ORDER BY m.sequence DESC LIMIT :most

-- list_of_sender --
SELECT {message_columns}, {delivery_columns}
FROM messages m JOIN deliveries d ON d.message = m.sequence JOIN lanes l ON l.lane_id = d.lane_id
WHERE m.sender_her = :party AND m.sequence > 0 AND m.sequence < :before {conditions}
ORDER BY m.sequence DESC LIMIT :most

-- list_of_receiver --
SELECT {message_columns}, {delivery_columns}
FROM messages m JOIN deliveries d ON d.message = m.sequence JOIN lanes l ON l.lane_id = d.lane_id
WHERE m.receiver_her = :party AND m.sequence > 0 AND m.sequence < :before {conditions}
ORDER BY m.sequence DESC LIMIT :most

-- list_of_sender_organisation --
SELECT {message_columns}, {delivery_columns}
FROM messages m JOIN deliveries d ON d.message = m.sequence JOIN lanes l ON l.lane_id = d.lane_id
WHERE m.sender_organisation_her = :party AND m.sequence > 0 AND m.sequence < :before {conditions}
ORDER BY m.sequence DESC LIMIT :most

-- list_of_receiver_organisation --
SELECT {message_columns}, {delivery_columns}
FROM messages m JOIN deliveries d ON d.message = m.sequence JOIN lanes l ON l.lane_id = d.lane_id
WHERE m.receiver_organisation_her = :party AND m.sequence > 0 AND m.sequence < :before {conditions}
ORDER BY m.sequence DESC LIMIT :most

-- list_of_delivered --
SELECT {message_columns}, {delivery_columns}
FROM deliveries d JOIN messages m ON m.sequence = d.message JOIN lanes l ON l.lane_id = d.lane_id
WHERE d.receiver_her = :party AND d.message > 0 AND d.message < :before {conditions}
ORDER BY d.message DESC LIMIT :most

-- list_of_state --
SELECT {message_columns}, {delivery_columns}
FROM deliveries d JOIN messages m ON m.sequence = d.message JOIN lanes l ON l.lane_id = d.lane_id
WHERE d.state = :state AND d.is_receipt = :is_receipt AND d.message < :before {conditions}
ORDER BY d.message DESC LIMIT :most

-- list_overdue --
SELECT {message_columns}, {delivery_columns}
FROM messages m JOIN deliveries d ON d.message = m.sequence JOIN lanes l ON l.lane_id = d.lane_id
WHERE d.delivery_id IN (SELECT o.delivery_id FROM deliveries o WHERE o.overdue = 1)
      AND m.sequence < :before {conditions}
ORDER BY m.sequence DESC LIMIT :most

-- list_by_id --
SELECT {message_columns}, {delivery_columns}
FROM messages m JOIN deliveries d ON d.message = m.sequence JOIN lanes l ON l.lane_id = d.lane_id
WHERE m.sequence < :before {conditions}
ORDER BY m.sequence DESC LIMIT :most

-- list_by_patient --
SELECT {message_columns}, {delivery_columns}
FROM messages m JOIN deliveries d ON d.message = m.sequence JOIN lanes l ON l.lane_id = d.lane_id
WHERE m.patient_key = :patient_key AND m.sequence < :before {conditions}
ORDER BY m.sequence DESC LIMIT :most

-- list_of_type --
SELECT {message_columns}, {delivery_columns}
FROM messages m JOIN deliveries d ON d.message = m.sequence JOIN lanes l ON l.lane_id = d.lane_id
WHERE m.message_type = :message_type AND m.sequence > 0 AND m.sequence < :before {conditions}
ORDER BY m.sequence DESC LIMIT :most

-- count_of_type --
SELECT COUNT(*) AS number FROM (SELECT 1 AS one FROM messages WHERE message_type = :message_type AND sequence > 0 LIMIT :most) found

-- where_any_id --
m.sequence IN (SELECT i.sequence FROM messages i WHERE i.id = :any_id
               UNION SELECT i.sequence FROM messages i WHERE i.message_id = :any_id
               UNION SELECT i.sequence FROM messages i WHERE i.conversation_id = :any_id)

-- where_since --
-- Messages come in the order of their numbers, but for those under way at the same time: the bound skips what is far off.
m.received_at >= :since
AND m.sequence > (SELECT COALESCE(MAX(sequence), 0) - 10000 FROM (
    SELECT b.sequence FROM messages b WHERE b.received_at < :since ORDER BY b.received_at DESC LIMIT 1) bound)

-- where_until --
m.received_at < :until
AND m.sequence < (SELECT COALESCE(MAX(sequence), 0) + 10000 FROM (
    SELECT b.sequence FROM messages b WHERE b.received_at < :until ORDER BY b.received_at DESC LIMIT 1) bound)

-- where_no_receipts --
m.is_receipt = 0

-- where_her_ids --
(m.sender_her IN {among_her_ids} OR m.receiver_her IN {among_her_ids} OR m.sender_organisation_her IN {among_her_ids}
 OR m.receiver_organisation_her IN {among_her_ids} OR d.receiver_her IN {among_her_ids})

-- where_scope --
(m.sender_her IN {among_scope} OR m.receiver_her IN {among_scope} OR m.sender_organisation_her IN {among_scope}
 OR m.receiver_organisation_her IN {among_scope} OR d.receiver_her IN {among_scope})

-- where_message_type --
-- Written so that no index answers it: a list is read from its own, in its order, and the list of a type names the type itself.
m.message_type || '' = :message_type

-- where_state --
d.state = :state

-- where_settled --
d.settled_at IS NOT NULL

-- where_unsettled --
d.settled_at IS NULL

-- where_overdue --
d.overdue = 1

-- where_patient_key --
m.patient_key = :patient_key

-- message --
SELECT {message_columns} FROM messages m WHERE m.id = :id

-- message_of --
SELECT {message_columns} FROM messages m WHERE m.message_id = :message_id AND m.sender_her = :sender_her

-- trail --
SELECT e.event_id, m.id AS message, e.delivery_id, e.at, e.code, e.detail
FROM messages m JOIN events e ON e.message = m.sequence
WHERE m.id = :id ORDER BY e.event_id

-- deliveries --
SELECT {delivery_columns}
FROM messages m JOIN deliveries d ON d.message = m.sequence JOIN lanes l ON l.lane_id = d.lane_id
WHERE m.id = :id ORDER BY d.delivery_id

-- receipts --
SELECT r.receipt_id, m.id AS message, o.id AS original, r.delivery_id, r.status, r.errors, r.effect, m.format,
       r.received_at, m.body_id
FROM messages o JOIN receipts r ON r.original = o.sequence JOIN messages m ON m.sequence = r.message
WHERE o.id = :id ORDER BY r.receipt_id

-- receipt_is --
SELECT r.receipt_id, m.id AS message, o.id AS original, r.delivery_id, r.status, r.errors, r.effect, m.format,
       r.received_at, m.body_id
FROM messages m JOIN receipts r ON r.message = m.sequence JOIN messages o ON o.sequence = r.original
WHERE m.id = :id

-- conversation --
SELECT {message_columns} FROM messages m
WHERE m.is_receipt = 0 AND (m.message_id = :conversation_id OR m.conversation_id = :conversation_id)
      AND ((m.sender_her = :one AND m.receiver_her = :other) OR (m.sender_her = :other AND m.receiver_her = :one))
ORDER BY m.sequence

-- loss --
SELECT delivery_id, mapping_version, total, native, extension, lost, report FROM losses WHERE delivery_id = :delivery_id

-- body --
SELECT body_id, media_type, content FROM bodies WHERE body_id = :body_id AND removed_at IS NULL

-- removed_body --
SELECT canonical_digest FROM bodies WHERE body_id = :body_id AND removed_at IS NOT NULL

-- refusals --
SELECT refusal_id, at, partner, code, size, format, message_id, message_type, sender_her, receiver_her
FROM refusals WHERE refusal_id < :before ORDER BY refusal_id DESC LIMIT :most

-- refusals_in_scope --
SELECT refusal_id, at, partner, code, size, format, message_id, message_type, sender_her, receiver_her
FROM refusals WHERE refusal_id < :before AND (sender_her IN {among_scope} OR receiver_her IN {among_scope})
ORDER BY refusal_id DESC LIMIT :most

-- count_messages --
SELECT COUNT(*) AS number FROM messages WHERE is_receipt = 0 AND received_at >= :since

-- count_states --
SELECT state, COUNT(*) AS number FROM deliveries WHERE is_receipt = 0 GROUP BY state

-- count_overdue --
SELECT COUNT(*) AS number FROM deliveries WHERE overdue = 1

-- count_refusals --
SELECT COUNT(*) AS number FROM refusals WHERE at >= :since
