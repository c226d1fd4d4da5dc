-- skip_locked --
-- Nobody else writes here.

-- among_her_ids --
(SELECT value FROM json_each(:her_ids))
