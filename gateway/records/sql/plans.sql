-- tasks_due --
-- Tasks that are not done, and fall due before a time; the first due stands first.
SELECT t.task_id, t.plan_id, t.action, t.checklist, t.role, t.due_day, t.due_at, t.state, t.done_at, t.done_day, t.done_role,
       t.done_by, t.state_reason, p.stay_id, p.municipality_her, p.patient_key
FROM plan_tasks t JOIN plans p ON p.plan_id = t.plan_id
WHERE t.state IN ('requested', 'in-progress') AND t.due_at < :until AND p.state = 'active' {conditions}
ORDER BY t.due_at, t.task_id LIMIT :most

-- tasks_due_count --
SELECT COUNT(*) AS number FROM ({tasks_due}) found

-- tasks_due_of --
p.municipality_her IN {among_scope}

-- plans_of_patient --
SELECT plan_id, patient_key, stay_id, reason, definition, municipality_her, started_day, state, state_reason, state_at
FROM plans WHERE patient_key = :patient_key ORDER BY started_day, plan_id

-- tasks_of_plan --
SELECT t.task_id, t.plan_id, t.action, t.checklist, t.role, t.due_day, t.due_at, t.state, t.done_at, t.done_day, t.done_role,
       t.done_by, t.state_reason, p.stay_id, p.municipality_her, p.patient_key
FROM plan_tasks t JOIN plans p ON p.plan_id = t.plan_id
WHERE t.plan_id = :plan_id ORDER BY COALESCE(t.due_at, 9223372036854775807), t.action

-- goals_of_patient --
SELECT goal_id, patient_key, voice, lifecycle, stated_at, review_day, evaluated_at, achievement, linked, message
FROM goals WHERE patient_key = :patient_key AND erroneous = 0 ORDER BY stated_at, goal_id

-- wishes_of_patient --
SELECT wish_id, asked_at, answer FROM wishes WHERE patient_key = :patient_key ORDER BY asked_at, wish_id

-- dimensions_of_patient --
SELECT dimension, code, valid_from, valid_to, source FROM dimensions WHERE patient_key = :patient_key
ORDER BY dimension, valid_from

-- keep_plan --
INSERT INTO plans (plan_id, patient_key, stay_id, reason, definition, municipality_her, started_day, state, state_reason, state_at,
                   input_id)
VALUES (:plan_id, :patient_key, :stay_id, :reason, :definition, :municipality_her, :started_day, :state, :state_reason, :state_at,
        :input_id)
ON CONFLICT (plan_id) DO UPDATE SET
    municipality_her = excluded.municipality_her, started_day = excluded.started_day, state = excluded.state,
    state_reason = excluded.state_reason,
    state_at = CASE WHEN plans.state = excluded.state THEN plans.state_at ELSE excluded.state_at END,
    input_id = CASE WHEN plans.input_id IS NULL OR excluded.input_id < plans.input_id
               THEN excluded.input_id ELSE plans.input_id END

-- keep_plan_task --
INSERT INTO plan_tasks (task_id, plan_id, action, checklist, role, due_day, due_at, state, state_reason, done_at, done_day,
                        done_role, done_by)
VALUES (:task_id, :plan_id, :action, :checklist, :role, :due_day, :due_at, :state, :state_reason, :done_at, :done_day,
        :done_role, :done_by)
ON CONFLICT (task_id) DO UPDATE SET
    due_day = excluded.due_day, due_at = excluded.due_at, state = excluded.state, state_reason = excluded.state_reason,
    done_at = excluded.done_at, done_day = excluded.done_day, done_role = excluded.done_role, done_by = excluded.done_by

-- revoke_plan --
UPDATE plans SET state = 'revoked', state_reason = :reason, state_at = :now WHERE plan_id = :plan_id

-- cancel_tasks --
UPDATE plan_tasks SET state = 'cancelled', state_reason = :reason
WHERE plan_id = :plan_id AND state IN ('requested', 'in-progress')

-- plan_task --
SELECT t.task_id, t.plan_id, t.action, t.checklist, t.role, t.due_day, t.due_at, t.state, t.done_at, t.done_day, t.done_role,
       t.done_by, t.state_reason, p.stay_id, p.municipality_her, p.patient_key
FROM plan_tasks t JOIN plans p ON p.plan_id = t.plan_id WHERE t.task_id = :task_id

-- task_done --
UPDATE plan_tasks SET state = :state, done_at = :done_at, done_day = :done_day, done_role = :done_role, done_by = :done_by,
                      input_id = :input_id
WHERE task_id = :task_id

-- answered_tasks_of_action --
-- The tasks that answered questionnaires have done.
SELECT t.task_id FROM plan_tasks t JOIN plans p ON p.plan_id = t.plan_id
WHERE p.patient_key = :patient_key AND t.action = :action AND t.done_by = 'questionnaire' ORDER BY t.task_id

-- open_task_of_action --
-- The task that an answered questionnaire does: of the plan named (also when it is told late, after the plan's time), else of
-- the newest that went on when it was told, whenever that is asked.
SELECT t.task_id FROM plan_tasks t JOIN plans p ON p.plan_id = t.plan_id
WHERE p.patient_key = :patient_key AND t.action = :action AND (p.state = 'active' OR p.state_reason = 'window-closed')
      AND t.state IN ('requested', 'in-progress') AND (p.input_id IS NULL OR p.input_id < :input_id)
      AND (p.plan_id = CAST(:plan_id AS TEXT)
           OR (CAST(:plan_id AS TEXT) IS NULL
               AND :told_at <= :closed_after + (SELECT MAX(x.due_at) FROM plan_tasks x WHERE x.plan_id = p.plan_id)))
ORDER BY p.started_day DESC, t.task_id LIMIT 1

-- prefilled --
SELECT r.id FROM resources r
WHERE r.patient_key = :patient_key AND r.resource_type = :resource_type AND r.deleted = 0 AND r.source = 'message'
ORDER BY r.resource_key DESC LIMIT :most

-- prefilled_from --
-- What messages say of a patient that questions can be answered from, as far as one party may read it; the oldest first.
SELECT v.content FROM (
    SELECT r.resource_key, r.version FROM resources r
    WHERE r.patient_key = :patient_key AND r.resource_type = :resource_type AND r.deleted = 0 AND r.source = 'message'
          AND r.party_set IN (SELECT party_set FROM parties WHERE her_id = :her_id)
    ORDER BY r.resource_key DESC LIMIT :most
) r JOIN resource_versions v ON v.resource_key = r.resource_key AND v.version = r.version
ORDER BY r.resource_key

-- patients_with_old_plans --
SELECT DISTINCT patient_key FROM plans WHERE state = 'active' AND started_day < :before LIMIT :most

-- keep_goal --
-- It was stated by the first that told it, also where that is told again after what was said since: a message before the API.
INSERT INTO goals (goal_id, patient_key, voice, lifecycle, stated_at, review_day, evaluated_at, achievement, message, erroneous,
                   input_id)
VALUES (:goal_id, :patient_key, :voice, :lifecycle, :stated_at, :review_day, :evaluated_at, :achievement, :message, :erroneous,
        :input_id)
ON CONFLICT (goal_id) DO UPDATE SET
    voice = excluded.voice, lifecycle = excluded.lifecycle, review_day = excluded.review_day,
    evaluated_at = excluded.evaluated_at, achievement = excluded.achievement, erroneous = excluded.erroneous,
    stated_at = CASE WHEN goals.message IS NULL AND (excluded.message IS NOT NULL OR excluded.input_id < goals.input_id)
                THEN excluded.stated_at ELSE goals.stated_at END,
    input_id = CASE WHEN goals.message IS NULL AND excluded.input_id < goals.input_id
               THEN excluded.input_id ELSE goals.input_id END,
    message = COALESCE(goals.message, excluded.message)

-- link_goals --
-- How many plans name a goal, or tasks with an owner serve it. Of a goal whose content is removed that stays as it was.
UPDATE goals SET linked = (
    SELECT COUNT(DISTINCT x.resource_key) FROM resource_index x JOIN resources r ON r.resource_key = x.resource_key
    WHERE x.name IN ('goal', 'focus') AND x.value = 'Goal/' || goals.goal_id AND r.deleted = 0
          AND ((x.name = 'goal' AND r.source <> 'pathway')
               OR (x.name = 'focus' AND EXISTS (SELECT 1 FROM resource_index o
                                                WHERE o.resource_key = x.resource_key AND o.name IN ('owner', 'owner.identifier')))))
WHERE patient_key = :patient_key AND EXISTS (SELECT 1 FROM resources r WHERE r.resource_type = 'Goal' AND r.id = goals.goal_id)

-- keep_wish --
INSERT INTO wishes (wish_id, patient_key, asked_at, asked_day, answer, input_id)
VALUES (:wish_id, :patient_key, :asked_at, :asked_day, :answer, :input_id)
ON CONFLICT (wish_id) DO UPDATE SET asked_at = excluded.asked_at, asked_day = excluded.asked_day, answer = excluded.answer,
    input_id = CASE WHEN excluded.input_id < wishes.input_id THEN excluded.input_id ELSE wishes.input_id END

-- remove_wish --
DELETE FROM wishes WHERE wish_id = :wish_id

-- replace_dimension --
-- What a person said before of the same dimension from the same day on.
DELETE FROM dimensions WHERE patient_key = :patient_key AND dimension = :dimension AND valid_from = :valid_from
                             AND code <> :code AND source = 'person'

-- remove_told_dimensions --
-- What messages told; they are read anew.
DELETE FROM dimensions WHERE patient_key = :patient_key AND source = 'message'

-- keep_told_dimension --
INSERT INTO dimensions (patient_key, dimension, code, valid_from, valid_to, source)
VALUES (:patient_key, :dimension, :code, :valid_from, :valid_to, 'message')
ON CONFLICT (patient_key, dimension, code, valid_from) DO NOTHING

-- keep_dimension --
INSERT INTO dimensions (patient_key, dimension, code, valid_from, valid_to, source)
VALUES (:patient_key, :dimension, :code, :valid_from, :valid_to, :source)
ON CONFLICT (patient_key, dimension, code, valid_from) DO UPDATE SET valid_to = excluded.valid_to, source = excluded.source
