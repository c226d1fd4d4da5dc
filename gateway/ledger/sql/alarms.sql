-- deliveries_alarm_differs --
-- Deliveries whose alarm is not the one they should have; `wanted` as in the column `alarmed`. The condition is that of the
-- index, word for word.
SELECT d.delivery_id, d.receiver_her, d.reason, d.alarmed,
       CASE WHEN d.overdue = 1 THEN 1 WHEN d.state = 'handed' AND d.settled_at IS NULL THEN 2 ELSE 0 END AS wanted
FROM deliveries d
WHERE d.alarmed <> CASE WHEN d.overdue = 1 THEN 1 WHEN d.state = 'handed' AND d.settled_at IS NULL THEN 2 ELSE 0 END
LIMIT :most

-- dead_for_another_reason --
-- Dead letters that were sent again, and became dead letters once more, before anybody looked: their alarm says why the
-- first time.
SELECT d.delivery_id
FROM alarms a JOIN deliveries d ON d.delivery_id = a.delivery_id
WHERE a.closed_at IS NULL AND a.kind IN ('dead-letter', 'parked-too-long') AND d.alarmed = 2
      AND d.state = 'handed' AND d.settled_at IS NULL AND a.code <> COALESCE(d.reason, 'routing.not-deliverable')
LIMIT :most

-- mark_alarmed --
UPDATE deliveries SET alarmed = :alarmed WHERE delivery_id = :delivery_id

-- close_alarms_of --
UPDATE alarms SET closed_at = :now
WHERE delivery_id = :delivery_id AND closed_at IS NULL AND kind IN ('receipt-overdue', 'dead-letter', 'parked-too-long')

-- troubles_without_alarm --
SELECT t.kind, t.endpoint AS subject, NULL AS delivery_id, t.endpoint AS receiver_her
FROM troubles t
WHERE NOT EXISTS (SELECT 1 FROM alarms a WHERE a.kind = t.kind AND a.closed_at IS NULL AND a.subject = t.endpoint)

-- lanes_stuck --
-- Lanes whose first delivery has been tried in vain for long: its limit is nearer than it was when it began.
SELECT 'lane-stuck' AS kind, CAST(d.lane_id AS TEXT) AS subject, d.delivery_id, d.receiver_her
FROM deliveries d
WHERE d.receiver_her = :receiver_her AND d.state = 'queued' AND d.attempts > 0 AND d.deadline_at < :deadline_before
      AND NOT EXISTS (SELECT 1 FROM alarms a WHERE a.kind = 'lane-stuck' AND a.closed_at IS NULL
                      AND a.subject = CAST(d.lane_id AS TEXT))
LIMIT :most

-- alarms_to_close --
-- Open alarms of lanes and endpoints whose reason is gone.
SELECT a.alarm_id, a.kind, a.subject FROM alarms a
WHERE a.closed_at IS NULL AND a.kind = 'lane-stuck'
      AND NOT EXISTS (SELECT 1 FROM deliveries d
                      WHERE d.delivery_id = a.delivery_id AND d.state IN ('queued', 'sending'))
UNION ALL
SELECT a.alarm_id, a.kind, a.subject FROM alarms a
WHERE a.closed_at IS NULL AND a.kind IN ('endpoint-down', 'inbox-stuck')
      AND NOT EXISTS (SELECT 1 FROM troubles t WHERE t.kind = a.kind AND t.endpoint = a.subject)
UNION ALL
SELECT a.alarm_id, a.kind, a.subject FROM alarms a
WHERE a.closed_at IS NULL AND a.kind = 'clock-warning'
      AND NOT EXISTS (SELECT 1 FROM clocks c WHERE c.clock_id = a.subject AND c.state = 'running' AND c.state_after = 'missed'
                      AND c.warn_at <= :now AND c.due_at >= :now AND c.settled_at IS NULL)
UNION ALL
SELECT a.alarm_id, a.kind, a.subject FROM alarms a
WHERE a.closed_at IS NULL AND a.kind = 'clock-missed'
      AND NOT EXISTS (SELECT 1 FROM clocks c WHERE c.clock_id = a.subject AND c.state = 'running' AND c.state_after = 'missed'
                      AND c.due_at < :now AND c.due_at >= :missed_since AND c.settled_at IS NULL)
UNION ALL
SELECT a.alarm_id, a.kind, a.subject FROM alarms a
WHERE a.closed_at IS NULL AND a.kind = 'certificate-ending'
      AND NOT EXISTS (SELECT 1 FROM certificates c WHERE c.fingerprint = a.subject AND c.valid_to > :now
                      AND c.valid_to <= :soon)
UNION ALL
SELECT a.alarm_id, a.kind, a.subject FROM alarms a
WHERE a.closed_at IS NULL AND a.kind = 'certificate-ended'
      AND NOT EXISTS (SELECT 1 FROM certificates c WHERE c.fingerprint = a.subject AND c.valid_to <= :now)

-- clocks_without_alarm --
-- Clocks that must be done soon, or were missed a short while ago, and of which nobody was told.
SELECT 'clock-missed' AS kind, c.clock_id AS subject, c.owner_her AS receiver_her
FROM clocks c
WHERE c.state = 'running' AND c.state_after = 'missed' AND c.due_at < :now AND c.due_at >= :missed_since AND c.alarmed < 2
      AND c.settled_at IS NULL
UNION ALL
SELECT 'clock-warning' AS kind, c.clock_id AS subject, c.owner_her AS receiver_her
FROM clocks c
WHERE c.state = 'running' AND c.state_after = 'missed' AND c.warn_at <= :now AND c.warn_at < c.due_at AND c.due_at >= :now
      AND c.alarmed < 1 AND c.settled_at IS NULL
LIMIT :most

-- mark_clock_alarmed --
UPDATE clocks SET alarmed = :alarmed WHERE clock_id = :clock_id

-- clock_is_no_alarm --
-- Its alarm is over: should the reason come back, it is told anew. A warning that became a miss stays told.
UPDATE clocks SET alarmed = 0 WHERE clock_id = :clock_id AND alarmed = :alarmed

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
