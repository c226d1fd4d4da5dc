-- delivery_to_act_on --
-- Everything that decides what may be done with a delivery.
SELECT d.delivery_id, d.state, d.is_receipt, d.receiver_her, d.lane_id, d.format, d.unchanged, d.attempts, d.reason,
       d.overdue, d.settled_at, d.receipt_status, m.sequence, m.id, m.message_id, m.sender_her, m.message_type, m.status,
       m.parent_id, m.conversation_id, m.patient_key, m.processing, m.signed, m.body_known, m.format AS source_format,
       b.removed_at
FROM deliveries d JOIN messages m ON m.sequence = d.message JOIN bodies b ON b.body_id = m.body_id
WHERE d.delivery_id = :delivery_id

-- mark_requeued --
UPDATE deliveries SET state = 'queued', position = :position, lane_id = :lane_id, reason = NULL, receipt_status = NULL, overdue = 0,
    deadline_at = :deadline_at, final_at = NULL, settled_at = NULL
WHERE delivery_id = :delivery_id

-- outbound_of --
-- The translation that is kept with a delivery and has not been sent.
SELECT d.body_id, b.content FROM deliveries d JOIN bodies b ON b.body_id = d.body_id
WHERE d.delivery_id = :delivery_id AND d.sent_at IS NULL AND d.unchanged = 0

-- replace_outbound --
-- With a person's note in it; never the bytes received.
UPDATE bodies SET content = :content
WHERE body_id = :body_id AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.body_id = bodies.body_id)

-- change_format --
-- The receiver takes another format now: the bytes will be made anew.
UPDATE deliveries SET format = :format, unchanged = :unchanged, body_id = NULL WHERE delivery_id = :delivery_id

-- forget_loss --
DELETE FROM losses WHERE delivery_id = :delivery_id

-- mark_settled --
UPDATE deliveries SET settled_at = :now WHERE delivery_id = :delivery_id

-- has_delivery_to --
SELECT delivery_id FROM deliveries WHERE message = :message AND receiver_her = :receiver_her

-- find_action --
SELECT request, answer FROM actions WHERE action_key = :action_key

-- keep_action --
INSERT INTO actions (action_key, at, request, answer) VALUES (:action_key, :at, :request, :answer)

-- take_duty --
-- Begins, goes on, or takes over from a node that has not been heard of; changes no row when another node has it.
INSERT INTO duties (name, owner, until) VALUES (:name, :owner, :until)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
WHERE duties.owner = excluded.owner OR duties.until < :now

-- end_duty --
DELETE FROM duties WHERE name = :name AND owner = :owner

-- hold --
INSERT INTO holds (receiver_her, mode, since, by_whom, why) VALUES (:receiver_her, :mode, :since, :by_whom, :why)
ON CONFLICT (receiver_her) DO UPDATE SET mode = excluded.mode, since = excluded.since, by_whom = excluded.by_whom,
    why = excluded.why

-- hold_of --
SELECT mode, since, by_whom, why FROM holds WHERE receiver_her = :receiver_her

-- end_hold --
DELETE FROM holds WHERE receiver_her = :receiver_her

-- hold_lane --
-- Nobody works on the lane, and nobody should: what ends the hold makes it due again.
UPDATE lanes SET lease_owner = NULL, lease_until = NULL, due_at = NULL WHERE lane_id = :lane_id

-- lanes_due_again --
UPDATE lanes SET due_at = :now
WHERE receiver_her = :receiver_her AND lease_until IS NULL
      AND EXISTS {queued_in_lane}

-- limits_begin_anew --
-- The time in which it was held does not count; nor for what stood in line and waits now for one that a person holds.
UPDATE deliveries SET deadline_at = :deadline_at
WHERE receiver_her = :receiver_her AND (state = 'queued' OR (state = 'parked' AND reason = 'routing.original-held'))

-- put_off --
UPDATE deliveries SET deadline_at = :deadline_at WHERE delivery_id = :delivery_id

-- trouble_seen --
INSERT INTO troubles (kind, endpoint, node, since, seen_at) VALUES (:kind, :endpoint, :node, :now, :now)
ON CONFLICT (kind, endpoint, node) DO UPDATE SET seen_at = excluded.seen_at

-- trouble_over --
DELETE FROM troubles WHERE kind = :kind AND endpoint = :endpoint AND node = :node

-- troubles_forgotten --
-- A node that has not been heard of says nothing any more.
DELETE FROM troubles WHERE seen_at < :seen_before
