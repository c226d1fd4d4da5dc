-- keep_replay --
INSERT INTO replays (begun_at, by_whom, why, selection, per_second, state)
VALUES (:begun_at, :by_whom, :why, :selection, :per_second, 'running') RETURNING replay_id

-- keep_replay_item --
INSERT INTO replay_items (replay_id, place, delivery_id) VALUES (:replay_id, :place, :delivery_id)

-- waiting_in_replays --
-- Deliveries that a replay will send again, or has sent since a time.
SELECT i.delivery_id FROM replay_items i JOIN replays p ON p.replay_id = i.replay_id
WHERE (p.state = 'running' AND i.done_at IS NULL) OR i.done_at >= :since

-- running_replay --
SELECT replay_id, per_second, by_whom, why, selection FROM replays WHERE state = 'running' ORDER BY replay_id LIMIT 1

-- next_replay_item --
SELECT place, delivery_id FROM replay_items WHERE replay_id = :replay_id AND done_at IS NULL ORDER BY place LIMIT 1

-- replay_item_done --
UPDATE replay_items SET done_at = :now, outcome = :outcome WHERE replay_id = :replay_id AND place = :place

-- end_replay --
UPDATE replays SET state = :state, reason = :reason, ended_at = :now WHERE replay_id = :replay_id AND state = 'running'

-- replay_state --
SELECT state FROM replays WHERE replay_id = :replay_id

-- replay_columns --
p.replay_id, p.begun_at, p.by_whom, p.why, p.selection, p.per_second, p.state, p.reason, p.ended_at,
(SELECT COUNT(*) FROM replay_items i WHERE i.replay_id = p.replay_id) AS total,
(SELECT COUNT(*) FROM replay_items i WHERE i.replay_id = p.replay_id AND i.done_at IS NOT NULL) AS done,
(SELECT COUNT(*) FROM replay_items i WHERE i.replay_id = p.replay_id AND i.outcome = 'resent') AS resent,
(SELECT COUNT(*) FROM replay_items i JOIN deliveries d ON d.delivery_id = i.delivery_id
 WHERE i.replay_id = p.replay_id AND i.outcome = 'resent' AND d.final_at >= i.done_at) AS answered,
(SELECT COUNT(*) FROM replay_items i JOIN deliveries d ON d.delivery_id = i.delivery_id
 WHERE i.replay_id = p.replay_id AND i.outcome = 'resent' AND d.final_at >= i.done_at
       AND d.state IN ('rejected', 'handed')) AS negative

-- replays --
SELECT {replay_columns} FROM replays p WHERE p.replay_id < :before ORDER BY p.replay_id DESC LIMIT :most

-- replay --
SELECT {replay_columns} FROM replays p WHERE p.replay_id = :replay_id

-- replay_items --
SELECT i.delivery_id, i.outcome, m.id
FROM replay_items i LEFT JOIN deliveries d ON d.delivery_id = i.delivery_id LEFT JOIN messages m ON m.sequence = d.message
WHERE i.replay_id = :replay_id ORDER BY i.place
