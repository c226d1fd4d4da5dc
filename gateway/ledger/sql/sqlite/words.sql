-- skip_locked --
-- Nobody else writes here.

-- kept_body --
last_insert_rowid()

-- among_her_ids --
(SELECT value FROM json_each(:her_ids))
