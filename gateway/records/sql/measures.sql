-- What measures read: every stay and every plan, in a few whole reads.

-- measured_stays --
SELECT stay_id, patient_key, trust_her, municipality_her, state, began_at, admitted_at, admitted_is_day, ended_at, ended_is_day,
       discharged_to, doubts
FROM stays ORDER BY patient_key, began_at, stay_id

-- measured_told --
-- To which municipality was told, where there were several: what holds still, the last one last.
SELECT sm.stay_id, COALESCE(m.receiver_organisation_her, m.receiver_her) AS municipality_her
FROM stay_messages sm JOIN messages m ON m.sequence = sm.message
WHERE sm.live = 1 AND sm.kind IN ('LOG_INNLAGT', 'LOG_UTSKRIVNINGSKLAR', 'LOG_AVMELDING', 'HELSEOPPL_SOKNAD')
  AND sm.stay_id IN (SELECT stay_id FROM stay_municipalities GROUP BY stay_id HAVING COUNT(*) > 1)
ORDER BY sm.stay_id, sm.sent_at, sm.message

-- measured_clocks --
SELECT c.stay_id, c.municipality_her, c.kind, c.started_at, c.due_at, c.state_after, c.stopped_at, n.withdrawn_at
FROM clocks c LEFT JOIN ready_notices n ON n.message = c.about
WHERE c.kind IN ('notice', 'reply') ORDER BY c.stay_id, c.started_at

-- measured_ready --
SELECT stay_id, municipality_her, MIN(COALESCE(ready_at, sent_at)) AS ready_at, MAX(withdrawn_at) AS withdrawn_at
FROM ready_notices WHERE cancelled = 0 GROUP BY stay_id, municipality_her

-- measured_days --
SELECT stay_id, municipality_her, day, MAX(CASE WHEN state = 'reply-not-coded' THEN 1 ELSE 0 END) AS not_coded
FROM basis_days GROUP BY stay_id, municipality_her, day

-- measured_epikrises --
SELECT stay_id, sent_at FROM stay_messages WHERE kind = 'EPIKRISE' AND live = 1 AND is_first = 1 ORDER BY stay_id, sent_at

-- measured_plans --
SELECT plan_id, patient_key, stay_id, municipality_her, started_day, state, state_reason, state_at
FROM plans ORDER BY patient_key, started_day, plan_id

-- measured_checklists --
SELECT t.plan_id, t.checklist, MIN(t.done_day) AS done_day
FROM plan_tasks t WHERE t.checklist IS NOT NULL AND t.done_day IS NOT NULL AND t.state = 'completed'
GROUP BY t.plan_id, t.checklist

-- measured_goals --
SELECT patient_key, voice, stated_at, review_day, evaluated_at, linked
FROM goals WHERE erroneous = 0 ORDER BY patient_key, stated_at

-- measured_wishes --
SELECT patient_key, asked_day, answer FROM wishes ORDER BY patient_key, asked_at, wish_id

-- measured_dimensions --
SELECT patient_key, dimension, code, valid_from, valid_to FROM dimensions ORDER BY patient_key, valid_from

-- measured_births --
SELECT r.patient_key, v.content FROM resources r
JOIN resource_versions v ON v.resource_key = r.resource_key AND v.version = r.version
WHERE r.resource_type = 'Patient' AND r.deleted = 0 AND r.patient_key IS NOT NULL

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
