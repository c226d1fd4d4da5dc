-- skip_locked --
-- A lane that somebody holds a lock on is somebody else's.
FOR UPDATE SKIP LOCKED

-- kept_body --
currval('bodies_body_id_seq')

-- among_her_ids --
(SELECT json_array_elements_text(CAST(:her_ids AS json)))
