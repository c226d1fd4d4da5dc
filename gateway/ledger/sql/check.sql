-- Each query finds what must not be: rows with the message's id and the delivery's, in one statement, so that it sees
-- one moment of a ledger that others write to.

-- check_no_delivery --
SELECT m.id, NULL AS delivery_id FROM messages m
WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message = m.sequence)

-- check_final_without_end --
SELECT m.id, d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE d.state IN ('acknowledged', 'rejected', 'cancelled', 'delivered', 'handed')
      AND (d.final_at IS NULL OR d.deadline_at IS NOT NULL OR d.overdue = 1)

-- check_open_with_end --
SELECT m.id, d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE d.state IN ('queued', 'parked', 'sending', 'sent') AND (d.final_at IS NOT NULL OR d.settled_at IS NOT NULL)

-- check_open_without_limit --
-- An open state that nothing would ever end.
SELECT m.id, d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE (d.state IN ('queued', 'parked', 'sending') AND d.deadline_at IS NULL)
      OR (d.state = 'sent' AND d.deadline_at IS NULL AND d.overdue = 0)

-- check_in_line_without_place --
SELECT m.id, d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE d.state IN ('queued', 'sending') AND d.position IS NULL

-- check_place_twice --
SELECT m.id, d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE d.position IS NOT NULL
      AND EXISTS (SELECT 1 FROM deliveries o WHERE o.lane_id = d.lane_id AND o.position = d.position
                  AND o.delivery_id <> d.delivery_id)

-- check_nobody_tries --
-- A lane with work that is neither due, nor leased, nor held.
SELECT m.id, d.delivery_id
FROM lanes l JOIN deliveries d ON d.lane_id = l.lane_id AND d.state = 'queued' JOIN messages m ON m.sequence = d.message
WHERE l.due_at IS NULL AND l.lease_until IS NULL
      AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.receiver_her = l.receiver_her)

-- check_sending_without_lease --
SELECT m.id, d.delivery_id
FROM deliveries d JOIN lanes l ON l.lane_id = d.lane_id JOIN messages m ON m.sequence = d.message
WHERE d.state = 'sending' AND l.lease_until IS NULL

-- check_two_sending --
SELECT m.id, d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE d.state = 'sending'
      AND EXISTS (SELECT 1 FROM deliveries o WHERE o.lane_id = d.lane_id AND o.state = 'sending'
                  AND o.delivery_id <> d.delivery_id)

-- check_overtaken --
-- Sent on while one before it in the lane still waits.
SELECT m.id, d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE d.state IN ('sent', 'delivered') AND d.sent_at IS NOT NULL
      AND EXISTS (SELECT 1 FROM deliveries o WHERE o.lane_id = d.lane_id AND o.position < d.position
                  AND o.state IN ('queued', 'sending'))

-- check_order --
-- In the order of the lane, each was taken over by the receiver's transport after the one before it. Counted from when it
-- last stood in line; what a person got in between went its own way, and what a receipt took out of the line, too.
SELECT o.id, o.delivery_id
FROM (
    SELECT s.id, s.delivery_id, s.sent, MAX(s.sent) OVER (PARTITION BY s.lane_id ORDER BY s.position
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_it
    FROM (
        SELECT m.id, d.delivery_id, d.lane_id, d.position,
               (SELECT MIN(e.event_id) FROM events e
                WHERE e.message = d.message AND e.delivery_id = d.delivery_id
                      AND e.code IN ('delivery.sent', 'delivery.delivered')
                      AND e.event_id > (SELECT MAX(q.event_id) FROM events q
                                        WHERE q.message = d.message AND q.delivery_id = d.delivery_id AND q.code IN
                                        ('delivery.queued', 'delivery.released', 'delivery.requeued'))) AS sent
        FROM deliveries d JOIN messages m ON m.sequence = d.message
        WHERE d.position IS NOT NULL AND d.attempts > 0
              AND NOT EXISTS (SELECT 1 FROM events h WHERE h.message = d.message AND h.delivery_id = d.delivery_id
                              AND h.code = 'delivery.handed')
    ) s
    WHERE s.sent IS NOT NULL
) o
WHERE o.sent < o.before_it

-- check_correction_first --
-- A correction or cancellation that was sent while what it changes still waits.
SELECT c.id, d.delivery_id
FROM messages c
JOIN deliveries d ON d.message = c.sequence AND d.state IN ('sent', 'delivered', 'acknowledged') AND d.attempts > 0
JOIN messages o ON o.message_id = COALESCE(c.parent_id, c.conversation_id) AND o.sender_her = c.sender_her
JOIN deliveries p ON p.message = o.sequence AND p.receiver_her = d.receiver_her
     AND (p.state IN ('queued', 'sending', 'parked') OR (p.state = 'handed' AND p.reason = 'routing.quarantined'))
WHERE c.status IN ('M', 'A', 'C') AND c.is_receipt = 0 AND o.is_receipt = 0
      AND NOT EXISTS (SELECT 1 FROM events e WHERE e.message = o.sequence AND e.code = 'delivery.requeued')

-- check_state_without_receipt --
SELECT m.id, d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE d.state IN ('acknowledged', 'rejected')
      AND (d.receipt_status IS NULL OR (d.state = 'rejected' AND d.receipt_status <> '2')
           OR (d.state = 'acknowledged' AND d.receipt_status = '2')
           OR NOT EXISTS (SELECT 1 FROM receipts r WHERE r.delivery_id = d.delivery_id AND r.effect = 'settled'
                          AND r.status = d.receipt_status))

-- check_settled_twice --
-- More receipts gave a final state than the delivery was in line for one.
SELECT m.id, d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE d.is_receipt = 0
      AND (SELECT COUNT(*) FROM receipts r WHERE r.delivery_id = d.delivery_id AND r.effect = 'settled')
          > 1 + (SELECT COUNT(*) FROM events e WHERE e.message = d.message AND e.delivery_id = d.delivery_id
                 AND e.code = 'delivery.requeued')

-- check_trail_says_otherwise --
-- The last final state in the trail is not the one the delivery has.
SELECT m.id, d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE d.state IN ('acknowledged', 'rejected', 'cancelled', 'delivered', 'handed')
      AND NOT EXISTS (
          SELECT 1 FROM events e
          WHERE e.message = d.message AND e.delivery_id = d.delivery_id
                AND (e.code = 'delivery.' || d.state
                     OR (d.state = 'cancelled' AND e.code = 'delivery.annuls')
                     OR (d.state = 'delivered' AND e.code = 'delivery.to-fetch'))
                AND e.event_id = (SELECT MAX(f.event_id) FROM events f
                                  WHERE f.message = d.message AND f.delivery_id = d.delivery_id AND f.code IN
                                  ('delivery.acknowledged', 'delivery.rejected', 'delivery.cancelled',
                                   'delivery.delivered', 'delivery.handed', 'delivery.annuls', 'delivery.to-fetch')))

-- check_delivered_but_awaited --
-- "Delivered" is final only where no receipt is expected.
SELECT m.id, d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE d.state = 'delivered' AND d.is_receipt = 0 AND m.acknowledgement = 'J'

-- check_receipt_on_receipt --
SELECT m.id, r.delivery_id FROM receipts r JOIN messages o ON o.sequence = r.original JOIN messages m ON m.sequence = r.message
WHERE o.is_receipt = 1

-- check_receipt_awaited_for_receipt --
SELECT m.id, d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE d.is_receipt = 1 AND d.state IN ('sent', 'acknowledged', 'rejected')

-- check_receipt_about_nothing --
SELECT m.id, NULL AS delivery_id FROM messages m
WHERE m.is_receipt = 1 AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.message = m.sequence)

-- check_body_missing --
-- The bytes received are here as they came, until they are removed; and that only when all is over.
SELECT m.id, NULL AS delivery_id FROM messages m JOIN bodies b ON b.body_id = m.body_id
WHERE (b.removed_at IS NULL AND LENGTH(b.content) <> m.size)
      OR (b.removed_at IS NOT NULL
          AND EXISTS (SELECT 1 FROM deliveries d WHERE d.message = m.sequence
                      AND (d.final_at IS NULL OR (d.state = 'handed' AND d.settled_at IS NULL))))

-- check_outbound_missing --
-- What was sent in another format, since it last stood in line, is kept with the delivery, with its loss report.
SELECT m.id, d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE d.unchanged = 0
      AND EXISTS (SELECT 1 FROM events e
                  WHERE e.message = d.message AND e.delivery_id = d.delivery_id AND d.attempts > 0
                        AND e.code IN ('delivery.sent', 'delivery.delivered')
                        AND e.event_id > COALESCE((SELECT MAX(q.event_id) FROM events q
                                                   WHERE q.message = d.message AND q.delivery_id = d.delivery_id
                                                         AND q.code = 'delivery.requeued'), 0))
      AND (d.body_id IS NULL OR NOT EXISTS (SELECT 1 FROM losses o WHERE o.delivery_id = d.delivery_id))

-- check_held_without_report --
-- Held for what a translation lost, and the report or the bytes that a person must look at are not here.
SELECT m.id, d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE d.state = 'handed' AND d.reason = 'routing.quarantined' AND d.unchanged = 0 AND d.attempts > 0
      AND (d.body_id IS NULL OR NOT EXISTS (SELECT 1 FROM losses o WHERE o.delivery_id = d.delivery_id))

-- check_held_and_sent --
-- Held, and sent all the same since it last stood in line.
SELECT m.id, d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message
WHERE d.state = 'handed' AND d.reason = 'routing.quarantined'
      AND EXISTS (SELECT 1 FROM events e WHERE e.message = d.message AND e.delivery_id = d.delivery_id
                  AND e.code IN ('delivery.sent', 'delivery.delivered')
                  AND e.event_id > COALESCE((SELECT MAX(q.event_id) FROM events q
                                             WHERE q.message = d.message AND q.delivery_id = d.delivery_id
                                                   AND q.code IN ('delivery.queued', 'delivery.requeued')), 0))

-- check_counts --
SELECT state, COUNT(*) AS number FROM deliveries GROUP BY state
