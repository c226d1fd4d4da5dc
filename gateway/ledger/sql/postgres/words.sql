-- skip_locked --
-- A lane that somebody holds a lock on is somebody else's.
FOR UPDATE SKIP LOCKED

-- by_line --
-- It finds the index of what stands in line by itself.

-- new_message_key --
nextval('messages_sequence_seq')

-- new_delivery_key --
nextval('deliveries_delivery_id_seq')

-- new_lane_number --
nextval('lanes_lane_id_seq')

-- message_key --
COALESCE(CAST(:key AS bigint), nextval('messages_sequence_seq'))

-- delivery_key --
COALESCE(CAST(:key AS bigint), nextval('deliveries_delivery_id_seq'))

-- lane_number --
COALESCE(CAST(:key AS bigint), nextval('lanes_lane_id_seq'))

-- kept_body --
currval('bodies_body_id_seq')

-- among_her_ids --
(SELECT json_array_elements_text(CAST(:her_ids AS json)))

-- horizon --
-- The newest message that is seen, and the numbers of transactions: `next_one` has not begun, all before `oldest` are over.
SELECT COALESCE((SELECT MAX(sequence) FROM messages), 0) AS newest,
       CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint) AS next_one,
       CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) AS oldest

-- among_scope --
(SELECT json_array_elements_text(CAST(:scope AS json)))

-- each_of_rows --
json_array_elements(CAST(:rows AS json)) AS j (value)

-- each_of_entries --
json_array_elements(j.value -> 1) AS e (value)

-- among_kinds --
(SELECT json_array_elements_text(CAST(:kinds AS json)))

-- among_patients --
(SELECT json_array_elements_text(CAST(:patients AS json)))
