-- What measures read of some patients: their stays and plans, in a few reads.

-- measured_patients --
SELECT patient_key FROM stays UNION SELECT patient_key FROM plans ORDER BY patient_key

-- measured_stays --
SELECT s.stay_id, s.patient_key, s.trust_her, s.municipality_her, s.state, s.began_at, s.admitted_at, s.admitted_is_day,
       s.ended_at, s.ended_is_day, s.discharged_to, s.doubts
FROM stays s WHERE s.patient_key IN {among_patients} ORDER BY s.patient_key, s.began_at, s.stay_id

-- measured_told --
-- To which municipality was told, where there were several: what holds still, the last one last.
SELECT sm.stay_id, COALESCE(m.receiver_organisation_her, m.receiver_her) AS municipality_her
FROM stays s JOIN stay_messages sm ON sm.stay_id = s.stay_id JOIN messages m ON m.sequence = sm.message
WHERE s.patient_key IN {among_patients} AND sm.live = 1
  AND sm.kind IN ('LOG_INNLAGT', 'LOG_UTSKRIVNINGSKLAR', 'LOG_AVMELDING', 'HELSEOPPL_SOKNAD')
  AND (SELECT COUNT(*) FROM stay_municipalities x WHERE x.stay_id = s.stay_id) > 1
ORDER BY sm.stay_id, sm.sent_at, sm.message

-- measured_clocks --
SELECT c.stay_id, c.municipality_her, c.kind, c.started_at, c.due_at, c.state_after, c.stopped_at, n.withdrawn_at
FROM stays s JOIN clocks c ON c.stay_id = s.stay_id LEFT JOIN ready_notices n ON n.message = c.about
WHERE s.patient_key IN {among_patients} AND c.kind IN ('notice', 'reply') ORDER BY c.stay_id, c.started_at, c.clock_id

-- measured_ready --
SELECT n.stay_id, n.municipality_her, MIN(COALESCE(n.ready_at, n.sent_at)) AS ready_at, MAX(n.withdrawn_at) AS withdrawn_at
FROM stays s JOIN ready_notices n ON n.stay_id = s.stay_id
WHERE s.patient_key IN {among_patients} AND n.cancelled = 0 GROUP BY n.stay_id, n.municipality_her

-- measured_days --
SELECT d.stay_id, d.municipality_her, d.day, MAX(CASE WHEN d.state = 'reply-not-coded' THEN 1 ELSE 0 END) AS not_coded
FROM stays s JOIN basis_days d ON d.stay_id = s.stay_id
WHERE s.patient_key IN {among_patients} GROUP BY d.stay_id, d.municipality_her, d.day

-- measured_epikrises --
SELECT x.stay_id, x.sent_at FROM stays s JOIN stay_messages x ON x.stay_id = s.stay_id
WHERE s.patient_key IN {among_patients} AND x.kind = 'EPIKRISE' AND x.live = 1 AND x.is_first = 1 ORDER BY x.stay_id, x.sent_at

-- measured_plans --
SELECT s.plan_id, s.patient_key, s.stay_id, s.municipality_her, s.started_day, s.state, s.state_reason, s.state_at
FROM plans s WHERE s.patient_key IN {among_patients} ORDER BY s.patient_key, s.started_day, s.plan_id

-- measured_checklists --
SELECT t.plan_id, t.checklist, MIN(t.done_day) AS done_day
FROM plans s JOIN plan_tasks t ON t.plan_id = s.plan_id
WHERE s.patient_key IN {among_patients} AND t.checklist IS NOT NULL AND t.done_day IS NOT NULL AND t.state = 'completed'
GROUP BY t.plan_id, t.checklist

-- measured_goals --
SELECT s.patient_key, s.voice, s.stated_at, s.review_day, s.evaluated_at, s.linked
FROM goals s WHERE s.patient_key IN {among_patients} AND s.erroneous = 0 ORDER BY s.patient_key, s.stated_at, s.goal_id

-- measured_wishes --
SELECT s.patient_key, s.asked_day, s.answer FROM wishes s
WHERE s.patient_key IN {among_patients} ORDER BY s.patient_key, s.asked_at, s.wish_id

-- measured_dimensions --
SELECT s.patient_key, s.dimension, s.code, s.valid_from, s.valid_to, s.source FROM dimensions s
WHERE s.patient_key IN {among_patients} ORDER BY s.patient_key, s.valid_from, s.dimension_id

-- measured_births --
SELECT s.patient_key, v.content FROM resources s
JOIN resource_versions v ON v.resource_key = s.resource_key AND v.version = s.version
WHERE s.patient_key IN {among_patients} AND s.resource_type = 'Patient' AND s.deleted = 0 ORDER BY s.patient_key, s.resource_key

-- counted --
-- What is kept of each patient; NULL: it does not hold any more, or was counted by other rules.
SELECT patient_key, CASE WHEN rules = :rules THEN counted END AS counted FROM measured

-- to_count --
SELECT patient_key, marked FROM measured WHERE rules IS NULL OR rules < :rules OR rules > :rules LIMIT :most

-- mark_measured --
-- Something was written of a patient that measures read.
INSERT INTO measured (patient_key, marked) VALUES (:patient_key, :now)
ON CONFLICT (patient_key) DO UPDATE SET
    rules = NULL, marked = CASE WHEN excluded.marked > measured.marked THEN excluded.marked ELSE measured.marked + 1 END

-- mark_measured_stay --
UPDATE measured SET rules = NULL, marked = marked + 1
WHERE patient_key = (SELECT patient_key FROM stays WHERE stay_id = :stay_id)

-- mark_measured_resource --
UPDATE measured SET rules = NULL, marked = marked + 1
WHERE patient_key = (SELECT patient_key FROM resources WHERE resource_key = :resource_key)

-- mark_measured_all --
UPDATE measured SET rules = NULL, marked = marked + 1

-- keep_counted --
-- Not where something was written since.
UPDATE measured SET rules = :rules, counted = :counted WHERE patient_key = :patient_key AND marked = :marked

-- remove_counted --
DELETE FROM measured WHERE patient_key = :patient_key AND marked = :marked

-- measure_annotations --
SELECT annotation_id, day, stage, text, effect, measure, municipality_her, by_whom, at
FROM measure_annotations WHERE removed_at IS NULL ORDER BY day, annotation_id

-- keep_annotation --
INSERT INTO measure_annotations (day, stage, text, effect, measure, municipality_her, by_whom, at)
VALUES (:day, :stage, :text, :effect, :measure, :municipality_her, :by_whom, :at)
RETURNING annotation_id

-- remove_annotation --
UPDATE measure_annotations SET removed_at = :at, removed_by = :by_whom
WHERE annotation_id = :annotation_id AND removed_at IS NULL
