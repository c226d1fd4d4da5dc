-- skip_locked --
-- Nobody else writes here.

-- by_line --
-- Left to itself it would walk through everything that ever stood in the lane.
INDEXED BY deliveries_in_line

-- new_message_key --
-- The only writer waits for no answer: numbers come with the rows.
NULL

-- new_delivery_key --
NULL

-- new_lane_number --
NULL

-- message_key --
:key

-- delivery_key --
:key

-- lane_number --
:key

-- kept_body --
last_insert_rowid()

-- among_her_ids --
(SELECT value FROM json_each(:her_ids))

-- horizon --
-- The newest message. Nobody else writes here: what is not seen now has no smaller number later.
SELECT COALESCE((SELECT MAX(sequence) FROM messages), 0) AS newest, 0 AS next_one, 0 AS oldest

-- among_scope --
(SELECT value FROM json_each(:scope))

-- each_of_rows --
-- The rows of a JSON array; each is an array, in `value`.
json_each(:rows) AS j

-- each_of_entries --
-- The arrays that stand second in such a row.
json_each(j.value -> 1) AS e

-- among_kinds --
(SELECT value FROM json_each(:kinds))

-- among_patients --
(SELECT value FROM json_each(:patients))
