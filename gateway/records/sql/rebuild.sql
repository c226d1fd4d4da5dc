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

-- said_is_removed --
-- What was said at the API and is not here any more.
(SELECT i.input_id FROM inputs i JOIN bodies b ON b.body_id = i.body_id WHERE b.removed_at IS NOT NULL)

-- rebuild_tasks --
-- What was done stays where what said so is removed.
DELETE FROM plan_tasks WHERE input_id IS NULL OR input_id NOT IN {said_is_removed}

-- rebuild_plans --
DELETE FROM plans WHERE NOT EXISTS (SELECT 1 FROM plan_tasks t WHERE t.plan_id = plans.plan_id)

-- rebuild_kept_plans --
-- Until what started it has its turn again, it does not stand.
UPDATE plans SET state = 'revoked', state_reason = 'discharge-cancelled'

-- rebuild_goals --
-- What is counted of a goal stays where the first that told it is removed.
DELETE FROM goals
WHERE (input_id IS NULL OR input_id NOT IN {said_is_removed})
      AND (message IS NULL OR EXISTS (SELECT 1 FROM messages m JOIN bodies b ON b.body_id = m.body_id
                                      WHERE m.sequence = goals.message AND b.removed_at IS NULL))

-- rebuild_wishes --
DELETE FROM wishes WHERE input_id IS NULL OR input_id NOT IN {said_is_removed}

-- rebuild_index --
DELETE FROM resource_index
WHERE resource_key IN (SELECT resource_key FROM resources WHERE source NOT IN ('measure', 'audit'))

-- rebuild_versions --
DELETE FROM resource_versions
WHERE resource_key IN (SELECT resource_key FROM resources WHERE source NOT IN ('measure', 'audit'))

-- rebuild_resources --
DELETE FROM resources WHERE source NOT IN ('measure', 'audit')

-- rebuild_events --
-- All messages wait for their turn again.
UPDATE pathway_events SET again = 1 WHERE again = 0
