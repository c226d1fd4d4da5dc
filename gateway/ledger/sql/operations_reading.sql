-- holds --
SELECT receiver_her, mode, since, by_whom, why FROM holds ORDER BY receiver_her

-- troubles --
SELECT kind, endpoint, node, since, seen_at FROM troubles

-- outages --
SELECT endpoint, since FROM troubles WHERE kind = 'endpoint-down'

-- waiting_by_receiver --
SELECT receiver_her, COUNT(*) AS number, MIN(created_at) AS oldest FROM deliveries
WHERE state IN ('queued', 'sending') GROUP BY receiver_her

-- open_by_receiver --
SELECT receiver_her, state, COUNT(*) AS number FROM deliveries
WHERE state IN ('queued', 'sending', 'sent', 'parked') GROUP BY receiver_her, state

-- overdue_by_receiver --
SELECT receiver_her, COUNT(*) AS number FROM deliveries WHERE overdue = 1 GROUP BY receiver_her

-- dead_by_receiver --
SELECT receiver_her, COUNT(*) AS number FROM deliveries
WHERE state = 'handed' AND settled_at IS NULL GROUP BY receiver_her

-- open_before --
-- What still has to be sent before an endpoint is drained.
SELECT COUNT(*) AS number FROM deliveries
WHERE receiver_her = :receiver_her AND state IN ('queued', 'sending') AND created_at <= :since

-- alarms_open_by_kind --
SELECT kind, COUNT(*) AS number FROM alarms WHERE closed_at IS NULL GROUP BY kind

-- highest_numbers --
SELECT (SELECT MAX(sequence) FROM messages) AS messages, (SELECT MAX(refusal_id) FROM refusals) AS refusals,
       (SELECT MAX(receipt_id) FROM receipts) AS receipts

-- item_columns --
d.delivery_id, d.state, d.receiver_her, d.format, d.unchanged, d.attempts, d.reason, d.receipt_status, d.overdue,
d.settled_at, d.created_at, d.deadline_at, d.sent_at, d.final_at, d.is_receipt, m.sequence, m.id, m.sender_her,
m.message_id, m.message_type, m.status, m.parent_id, m.conversation_id, m.received_at, m.format AS source_format, m.signed,
m.body_known, b.removed_at

-- item --
SELECT {item_columns}
FROM deliveries d JOIN messages m ON m.sequence = d.message JOIN bodies b ON b.body_id = m.body_id
WHERE d.delivery_id = :delivery_id

-- items --
SELECT {item_columns}
FROM deliveries d JOIN messages m ON m.sequence = d.message JOIN bodies b ON b.body_id = m.body_id
WHERE d.delivery_id < :before {conditions}
ORDER BY d.delivery_id DESC LIMIT :most

-- selected --
-- In the order in which they came.
SELECT {item_columns}
FROM deliveries d JOIN messages m ON m.sequence = d.message JOIN bodies b ON b.body_id = m.body_id
WHERE d.is_receipt = 0 {conditions}
ORDER BY m.sequence, d.delivery_id LIMIT :most

-- and_dead --
d.state = 'handed' AND d.settled_at IS NULL

-- and_open --
d.state IN ('queued', 'parked', 'sending', 'sent')

-- and_overdue --
d.overdue = 1

-- and_receiver --
d.receiver_her = :receiver

-- and_sender --
m.sender_her = :sender

-- and_type --
m.message_type = :type

-- and_reason --
d.reason = :reason

-- and_state --
d.state = :state

-- and_since --
m.received_at >= :since

-- and_until --
m.received_at < :until

-- alarm_columns --
a.alarm_id, a.kind, a.subject, a.delivery_id, a.receiver_her, a.code, a.opened_at, a.closed_at, a.told, m.id AS message

-- alarms --
SELECT {alarm_columns}
FROM alarms a LEFT JOIN deliveries d ON d.delivery_id = a.delivery_id LEFT JOIN messages m ON m.sequence = d.message
WHERE a.alarm_id < :before {conditions} ORDER BY a.alarm_id DESC LIMIT :most

-- alarms_open --
SELECT {alarm_columns}
FROM alarms a LEFT JOIN deliveries d ON d.delivery_id = a.delivery_id LEFT JOIN messages m ON m.sequence = d.message
WHERE a.alarm_id < :before AND a.closed_at IS NULL {conditions} ORDER BY a.alarm_id DESC LIMIT :most

-- alarm --
SELECT {alarm_columns}
FROM alarms a LEFT JOIN deliveries d ON d.delivery_id = a.delivery_id LEFT JOIN messages m ON m.sequence = d.message
WHERE a.alarm_id = :alarm_id
