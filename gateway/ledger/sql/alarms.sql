-- alarms_to_open --
-- What should have an open alarm and has none; a code where the delivery has one.
SELECT 'receipt-overdue' AS kind, CAST(d.delivery_id AS TEXT) AS subject, d.delivery_id, d.receiver_her,
       'receipt.overdue' AS code
FROM deliveries d
WHERE d.overdue = 1
      AND NOT EXISTS (SELECT 1 FROM alarms a WHERE a.kind = 'receipt-overdue' AND a.closed_at IS NULL
                      AND a.subject = CAST(d.delivery_id AS TEXT))
UNION ALL
SELECT CASE WHEN d.reason = 'routing.parent-missing-deadline' THEN 'parked-too-long' ELSE 'dead-letter' END,
       CAST(d.delivery_id AS TEXT), d.delivery_id, d.receiver_her, COALESCE(d.reason, 'routing.not-deliverable')
FROM deliveries d
WHERE d.state = 'handed' AND d.settled_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM alarms a WHERE a.kind IN ('parked-too-long', 'dead-letter') AND a.closed_at IS NULL
                      AND a.subject = CAST(d.delivery_id AS TEXT))
UNION ALL
SELECT 'endpoint-down', o.endpoint, NULL, o.endpoint, NULL
FROM outages o
WHERE NOT EXISTS (SELECT 1 FROM alarms a WHERE a.kind = 'endpoint-down' AND a.closed_at IS NULL
                  AND a.subject = o.endpoint)
LIMIT :most

-- lanes_stuck --
-- Lanes whose first delivery has been tried in vain for long: its limit is nearer than it was when it began.
SELECT 'lane-stuck' AS kind, CAST(d.lane_id AS TEXT) AS subject, d.delivery_id, d.receiver_her,
       NULL AS code
FROM deliveries d
WHERE d.receiver_her = :receiver_her AND d.state = 'queued' AND d.attempts > 0 AND d.deadline_at < :deadline_before
      AND NOT EXISTS (SELECT 1 FROM alarms a WHERE a.kind = 'lane-stuck' AND a.closed_at IS NULL
                      AND a.subject = CAST(d.lane_id AS TEXT))
LIMIT :most

-- alarms_to_close --
-- Open alarms whose reason is gone.
SELECT a.alarm_id FROM alarms a
WHERE a.closed_at IS NULL AND a.kind = 'receipt-overdue'
      AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.delivery_id = a.delivery_id AND d.overdue = 1)
UNION ALL
SELECT a.alarm_id FROM alarms a
WHERE a.closed_at IS NULL AND a.kind IN ('parked-too-long', 'dead-letter')
      AND NOT EXISTS (SELECT 1 FROM deliveries d
                      WHERE d.delivery_id = a.delivery_id AND d.state = 'handed' AND d.settled_at IS NULL)
UNION ALL
SELECT a.alarm_id FROM alarms a
WHERE a.closed_at IS NULL AND a.kind = 'lane-stuck'
      AND NOT EXISTS (SELECT 1 FROM deliveries d
                      WHERE d.delivery_id = a.delivery_id AND d.state IN ('queued', 'sending'))
UNION ALL
SELECT a.alarm_id FROM alarms a
WHERE a.closed_at IS NULL AND a.kind = 'endpoint-down'
      AND NOT EXISTS (SELECT 1 FROM outages o WHERE o.endpoint = a.subject)

-- open_alarm --
INSERT INTO alarms (kind, subject, delivery_id, receiver_her, code, opened_at, told)
VALUES (:kind, :subject, :delivery_id, :receiver_her, :code, :opened_at, :told)
ON CONFLICT DO NOTHING

-- close_alarm --
UPDATE alarms SET closed_at = :now WHERE alarm_id = :alarm_id AND closed_at IS NULL

-- alarms_untold --
SELECT {alarm_columns}
FROM alarms a LEFT JOIN deliveries d ON d.delivery_id = a.delivery_id LEFT JOIN messages m ON m.sequence = d.message
WHERE a.told < 2 AND (a.told = 0 OR a.closed_at IS NOT NULL)
ORDER BY a.alarm_id LIMIT :most

-- alarm_told --
UPDATE alarms SET told = :told WHERE alarm_id = :alarm_id AND told < :told
