-- rebuild_basis_days --
DELETE FROM basis_days

-- rebuild_ready_notices --
DELETE FROM ready_notices

-- rebuild_clocks --
DELETE FROM clocks

-- rebuild_stay_messages --
DELETE FROM stay_messages

-- rebuild_stay_municipalities --
DELETE FROM stay_municipalities

-- rebuild_unplaced --
DELETE FROM unplaced

-- rebuild_stays --
DELETE FROM stays

-- rebuild_tasks --
DELETE FROM plan_tasks WHERE plan_id IN (SELECT plan_id FROM plans WHERE reason = 'discharge')

-- rebuild_plans --
-- A plan that no discharge started stays: nothing but its input tells of it.
DELETE FROM plans WHERE reason = 'discharge'

-- rebuild_goals --
DELETE FROM goals

-- rebuild_wishes --
DELETE FROM wishes

-- rebuild_index --
DELETE FROM resource_index
WHERE resource_key IN (SELECT resource_key FROM resources WHERE source NOT IN ('measure', 'audit'))

-- rebuild_versions --
DELETE FROM resource_versions
WHERE resource_key IN (SELECT resource_key FROM resources WHERE source NOT IN ('measure', 'audit'))

-- rebuild_resources --
DELETE FROM resources WHERE source NOT IN ('measure', 'audit')

-- rebuild_events --
-- What was read of a message stays where its body is not here any more.
DELETE FROM pathway_events
WHERE message IN (SELECT m.sequence FROM messages m JOIN bodies b ON b.body_id = m.body_id WHERE b.removed_at IS NULL)
