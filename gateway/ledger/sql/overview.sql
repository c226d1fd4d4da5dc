-- overview_missing --
-- Receipts that have not come within their limit, the oldest first.
SELECT {item_columns}
FROM deliveries d JOIN messages m ON m.sequence = d.message JOIN bodies b ON b.body_id = m.body_id
WHERE d.delivery_id IN (SELECT o.delivery_id FROM deliveries o WHERE o.overdue = 1) {conditions}
ORDER BY d.deadline_at, d.delivery_id LIMIT :most

-- overview_missing_count --
SELECT COUNT(*) AS number FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE d.overdue = 1 {conditions}

-- overview_dead --
-- What waits for a person, the oldest first.
SELECT {item_columns}
FROM deliveries d JOIN messages m ON m.sequence = d.message JOIN bodies b ON b.body_id = m.body_id
WHERE d.delivery_id IN (SELECT o.delivery_id FROM deliveries o WHERE o.state = 'handed' AND o.settled_at IS NULL)
      {conditions}
ORDER BY d.delivery_id LIMIT :most

-- overview_dead_count --
SELECT COUNT(*) AS number FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE d.state = 'handed' AND d.settled_at IS NULL {conditions}

-- overview_held --
-- In quarantine: its translation lost something.
d.reason = 'routing.quarantined'

-- overview_not_held --
COALESCE(d.reason, '') <> 'routing.quarantined'

-- overview_in_scope --
(m.sender_her IN {among_scope} OR m.receiver_her IN {among_scope} OR m.sender_organisation_her IN {among_scope}
 OR m.receiver_organisation_her IN {among_scope} OR d.receiver_her IN {among_scope})

-- overview_open_states --
-- What is not over, by state: these are few, however many messages there are.
SELECT d.state, COUNT(*) AS number FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE d.state IN ('queued', 'parked', 'sending', 'sent') AND d.is_receipt = 0 {conditions} GROUP BY d.state

-- overview_alarms --
-- Open alarms of the kinds asked for, the oldest first.
SELECT {alarm_columns}
FROM alarms a LEFT JOIN deliveries d ON d.delivery_id = a.delivery_id LEFT JOIN messages m ON m.sequence = d.message
WHERE a.closed_at IS NULL AND a.kind IN {among_kinds} {conditions} ORDER BY a.opened_at LIMIT :most

-- overview_alarms_count --
SELECT COUNT(*) AS number
FROM alarms a LEFT JOIN deliveries d ON d.delivery_id = a.delivery_id LEFT JOIN messages m ON m.sequence = d.message
WHERE a.closed_at IS NULL AND a.kind IN {among_kinds} {conditions}

-- overview_alarm_in_scope --
(a.receiver_her IN {among_scope} OR m.sender_her IN {among_scope})

-- overview_traffic --
-- What came within a span of time, by sender, receiver and type: how many, how soon taken, how soon and how answered.
SELECT m.sender_her, m.receiver_her, m.message_type, COUNT(DISTINCT m.sequence) AS messages,
       SUM(CASE WHEN d.receipt_status = '2' THEN 1 ELSE 0 END) AS negative,
       SUM(d.overdue) AS overdue,
       SUM(CASE WHEN d.state = 'handed' THEN 1 ELSE 0 END) AS handed,
       SUM(CASE WHEN d.sent_at IS NULL THEN 0 ELSE 1 END) AS sent,
       SUM(CASE WHEN d.sent_at IS NULL THEN 0 ELSE d.sent_at - m.received_at END) AS sent_after,
       SUM(CASE WHEN d.receipt_status IS NULL OR d.sent_at IS NULL THEN 0 ELSE 1 END) AS answered,
       SUM(CASE WHEN d.receipt_status IS NULL OR d.sent_at IS NULL THEN 0 ELSE d.final_at - d.sent_at END) AS answered_after
FROM messages m JOIN deliveries d ON d.message = m.sequence
WHERE m.received_at >= :since AND m.received_at < :until AND m.is_receipt = 0
GROUP BY m.sender_her, m.receiver_her, m.message_type
