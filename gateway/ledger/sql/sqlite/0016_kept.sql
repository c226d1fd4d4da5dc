-- What stays when everything is made anew, because what told it is not here any more.

-- Of a message that was looked at: 1: everything is made anew, and it waits for its turn. What it said is known all the while,
-- and stays so where its body is removed.
ALTER TABLE pathway_events ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
-- 1: the stay it stood in was forgotten with another message; it has no part in a pathway any more, whatever its body says.
ALTER TABLE pathway_events ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;

-- A plan whose stay was forgotten is forgotten with it.
UPDATE measured SET rules = NULL, marked = marked + 1
WHERE patient_key IN (SELECT p.patient_key FROM plans p WHERE p.reason = 'discharge' AND p.state <> 'revoked'
                      AND NOT EXISTS (SELECT 1 FROM stays s WHERE s.stay_id = p.stay_id));
DELETE FROM plan_tasks
WHERE plan_id IN (SELECT p.plan_id FROM plans p WHERE p.reason = 'discharge' AND p.state <> 'revoked'
                  AND NOT EXISTS (SELECT 1 FROM stays s WHERE s.stay_id = p.stay_id));
DELETE FROM plans
WHERE reason = 'discharge' AND state <> 'revoked' AND NOT EXISTS (SELECT 1 FROM stays s WHERE s.stay_id = plans.stay_id);

-- What was said at the API first (of a task: last), where that told it; of a plan, what started it.
ALTER TABLE plans ADD COLUMN input_id INTEGER;
ALTER TABLE goals ADD COLUMN input_id INTEGER;
ALTER TABLE wishes ADD COLUMN input_id INTEGER;
ALTER TABLE plan_tasks ADD COLUMN input_id INTEGER;
UPDATE goals SET input_id = (
    SELECT MIN(i.input_id) FROM inputs i WHERE i.kind = 'resource' AND i.patient_key = goals.patient_key
    AND i.detail LIKE '{"type": "Goal", "id": "' || goals.goal_id || '"%')
WHERE message IS NULL;
UPDATE wishes SET input_id = (
    SELECT MIN(i.input_id) FROM inputs i WHERE i.kind = 'resource' AND i.patient_key = wishes.patient_key
    AND i.detail LIKE '{"type": "QuestionnaireResponse", "id": "' || wishes.wish_id || '"%');
UPDATE plan_tasks SET input_id = (
    SELECT MAX(i.input_id) FROM inputs i JOIN plans p ON p.patient_key = i.patient_key
    WHERE i.kind = 'resource' AND p.plan_id = plan_tasks.plan_id
    AND i.detail LIKE '{"type": "Task", "id": "' || plan_tasks.task_id || '"%')
WHERE done_by = 'task';

-- Everything that was said has its turn among the messages; until now only resources had.
UPDATE projections SET inputs = (SELECT MAX(n.input_id) FROM inputs n)
WHERE inputs < (SELECT MAX(n.input_id) FROM inputs n)
      AND NOT EXISTS (SELECT 1 FROM inputs i JOIN bodies b ON b.body_id = i.body_id
                      WHERE i.kind = 'resource' AND i.input_id > projections.inputs AND b.removed_at IS NULL);

-- That a clock was settled is said of its patient.
UPDATE inputs SET patient_key = (
    SELECT s.patient_key FROM clocks c JOIN stays s ON s.stay_id = c.stay_id
    WHERE inputs.detail LIKE '{"clock": "' || c.clock_id || '"%')
WHERE kind = 'settled' AND patient_key IS NULL;
