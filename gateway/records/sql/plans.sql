-- tasks_due --
-- Tasks that are not done, and fall due before a time; the first due stands first.
SELECT t.task_id, t.plan_id, t.action, t.checklist, t.role, t.due_day, t.due_at, t.state, t.done_at, t.done_day, t.done_role,
       t.done_by, t.state_reason, p.stay_id, p.municipality_her, p.patient_key
FROM plan_tasks t JOIN plans p ON p.plan_id = t.plan_id
WHERE t.state IN ('requested', 'in-progress') AND t.due_at < :until AND p.state = 'active'
ORDER BY t.due_at, t.task_id LIMIT :most

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
