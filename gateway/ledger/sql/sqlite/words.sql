-- skip_locked --
-- Nobody else writes here.

-- kept_body --
last_insert_rowid()

-- among_her_ids --
(SELECT value FROM json_each(:her_ids))

-- horizon --
-- The newest message. Nobody else writes here: what is not seen now has no smaller number later.
SELECT COALESCE((SELECT MAX(sequence) FROM messages), 0) AS newest, 0 AS next_one, 0 AS oldest

-- among_scope --
(SELECT value FROM json_each(:scope))

-- among_kinds --
(SELECT value FROM json_each(:kinds))
