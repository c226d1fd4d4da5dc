-- clocks_kept --
SELECT c.clock_id, c.alarmed, c.settled_at FROM clocks c JOIN stays s ON s.stay_id = c.stay_id
WHERE s.patient_key = :patient_key AND (c.alarmed > 0 OR c.settled_at IS NOT NULL)

-- remove_basis_days_of --
DELETE FROM basis_days WHERE stay_id IN (SELECT stay_id FROM stays WHERE patient_key = :patient_key)

-- remove_ready_notices_of --
DELETE FROM ready_notices WHERE stay_id IN (SELECT stay_id FROM stays WHERE patient_key = :patient_key)

-- remove_clocks_of --
DELETE FROM clocks WHERE stay_id IN (SELECT stay_id FROM stays WHERE patient_key = :patient_key)

-- remove_stay_messages_of --
DELETE FROM stay_messages WHERE stay_id IN (SELECT stay_id FROM stays WHERE patient_key = :patient_key)

-- remove_stay_municipalities_of --
DELETE FROM stay_municipalities WHERE stay_id IN (SELECT stay_id FROM stays WHERE patient_key = :patient_key)

-- remove_unplaced_of --
DELETE FROM unplaced WHERE patient_key = :patient_key

-- remove_stays_of --
DELETE FROM stays WHERE patient_key = :patient_key

-- keep_stay --
INSERT INTO stays (stay_id, patient_key, trust_her, municipality_her, state, began_at, admitted_at, admitted_is_day,
                   ready_at, ready_is_day, ended_at, ended_is_day, ended_day, discharged_to, doubts, looked_on)
VALUES (:stay_id, :patient_key, :trust_her, :municipality_her, :state, :began_at, :admitted_at, :admitted_is_day,
        :ready_at, :ready_is_day, :ended_at, :ended_is_day, :ended_day, :discharged_to, :doubts, :looked_on)

-- keep_stay_municipality --
INSERT INTO stay_municipalities (stay_id, municipality_her) VALUES (:stay_id, :municipality_her)

-- keep_stay_message --
INSERT INTO stay_messages (message, stay_id, kind, sent_at, is_first, live)
VALUES (:message, :stay_id, :kind, :sent_at, :is_first, :live)

-- keep_unplaced --
INSERT INTO unplaced (message, patient_key, kind, reason, candidates)
VALUES (:message, :patient_key, :kind, :reason, :candidates)

-- keep_ready_notice --
INSERT INTO ready_notices (message, stay_id, municipality_her, ready_at, ready_is_day, sent_at, withdrawn_at, cancelled,
                           replied_at, reply_message, answer, answered_at)
VALUES (:message, :stay_id, :municipality_her, :ready_at, :ready_is_day, :sent_at, :withdrawn_at, :cancelled,
        :replied_at, :reply_message, :answer, :answered_at)

-- keep_basis_day --
INSERT INTO basis_days (notice, day, stay_id, municipality_her, state, verdict)
VALUES (:notice, :day, :stay_id, :municipality_her, :state, :verdict)

-- keep_clock --
INSERT INTO clocks (clock_id, stay_id, municipality_her, kind, owner_her, about, started_at, started_is_day, due_at, warn_at,
                    state, state_after, stopped_at, stopped_by, source, notes, alarmed, settled_at)
VALUES (:clock_id, :stay_id, :municipality_her, :kind, :owner_her, :about, :started_at, :started_is_day, :due_at, :warn_at,
        :state, :state_after, :stopped_at, :stopped_by, :source, :notes, :alarmed, :settled_at)

-- patients_ready_before --
-- Patients who lie ready, and whose basis days were last counted on an earlier day.
SELECT DISTINCT patient_key FROM stays WHERE state = 'klar' AND looked_on < :today LIMIT :most

-- stay_columns --
s.stay_id, s.patient_key, s.trust_her, s.municipality_her, s.state, s.began_at, s.admitted_at, s.admitted_is_day, s.ready_at,
s.ready_is_day, s.ended_at, s.ended_is_day, s.discharged_to, s.doubts

-- clock_columns --
c.clock_id, c.stay_id, c.municipality_her, c.kind, c.owner_her, c.about, c.started_at, c.started_is_day, c.due_at, c.warn_at,
c.stopped_at, c.stopped_by, c.source, c.notes, c.settled_at,
CASE WHEN c.due_at IS NULL OR :now <= c.due_at THEN c.state ELSE c.state_after END AS state,
CASE WHEN c.state = 'running' AND c.warn_at <= :now AND :now <= c.due_at THEN 1 ELSE 0 END AS warning

-- stay_by_id --
SELECT {stay_columns} FROM stays s WHERE s.stay_id = :stay_id

-- stays_of_patient --
SELECT {stay_columns} FROM stays s WHERE s.patient_key = :patient_key ORDER BY s.began_at

-- stays_listed --
-- Newest first. `party`: HER-id of level 1 of a trust or municipality; NULL: everybody's.
SELECT {stay_columns} FROM stays s
WHERE (s.began_at < :before_at OR (s.began_at = :before_at AND s.stay_id < :before_id)){conditions}
ORDER BY s.began_at DESC, s.stay_id DESC LIMIT :most

-- stays_where_open --
s.state IN ('innlagt', 'klar')

-- stays_where_ended_since --
s.ended_at >= :ended_since

-- stays_where_state --
s.state = :state

-- stays_where_trust --
s.trust_her = :trust

-- stays_where_municipality --
EXISTS (SELECT 1 FROM stay_municipalities m WHERE m.stay_id = s.stay_id AND m.municipality_her = :municipality)

-- stays_where_missed --
EXISTS (SELECT 1 FROM clocks c WHERE c.stay_id = s.stay_id AND c.due_at < :now AND c.state_after = 'missed')

-- stays_where_undone_since --
EXISTS (SELECT 1 FROM clocks c WHERE c.stay_id = s.stay_id AND c.state = 'running' AND c.state_after = 'missed'
        AND c.due_at >= :undone_since AND c.due_at < :now AND c.settled_at IS NULL)

-- count_stays --
SELECT COUNT(*) AS number FROM stays s WHERE s.state <> 'cancelled'{conditions}

-- clocks_of_stay --
SELECT {clock_columns} FROM clocks c WHERE c.stay_id = :stay_id ORDER BY c.started_at, c.kind, c.clock_id

-- clocks_near --
-- Clocks that run, or are missed and nobody has done or settled it: the one that falls due first stands first.
SELECT {clock_columns}, s.patient_key, s.trust_her FROM clocks c JOIN stays s ON s.stay_id = c.stay_id
WHERE c.state = 'running' AND c.due_at IS NOT NULL AND c.due_at >= :since AND c.due_at < :until AND c.settled_at IS NULL
      AND (:now <= c.due_at OR c.state_after = 'missed') {conditions}
ORDER BY c.due_at, c.clock_id LIMIT :most

-- clocks_near_count --
SELECT COUNT(*) AS number FROM ({clocks_near}) found

-- clocks_near_of --
(c.owner_her IN {among_scope} OR c.municipality_her IN {among_scope})

-- notices_unanswered --
-- Ready-notices that stand in a stay that goes on, and to which nothing came back; the oldest first.
SELECT n.message, n.stay_id, n.municipality_her, n.ready_at, n.ready_is_day, n.sent_at, s.trust_her, s.patient_key,
       m.id AS message_id
FROM ready_notices n JOIN stays s ON s.stay_id = n.stay_id JOIN messages m ON m.sequence = n.message
WHERE n.replied_at IS NULL AND n.withdrawn_at IS NULL AND n.cancelled = 0 AND s.state = 'klar' {conditions}
ORDER BY n.sent_at LIMIT :most

-- notices_unanswered_count --
SELECT COUNT(*) AS number FROM ({notices_unanswered}) found

-- notices_unanswered_of --
(n.municipality_her IN {among_scope} OR s.trust_her IN {among_scope})

-- notices_of_stay --
SELECT n.message, n.stay_id, n.municipality_her, n.ready_at, n.ready_is_day, n.sent_at, n.withdrawn_at, n.cancelled, n.replied_at,
       n.answer, n.answered_at, m.id AS message_id
FROM ready_notices n JOIN messages m ON m.sequence = n.message WHERE n.stay_id = :stay_id ORDER BY n.sent_at, n.message

-- unplaced_listed --
SELECT u.message, u.patient_key, u.kind, u.reason, u.candidates, m.id AS message_id, m.received_at, m.sender_her, m.receiver_her
FROM unplaced u JOIN messages m ON m.sequence = u.message WHERE u.message > 0 {conditions} ORDER BY u.message LIMIT :most

-- unplaced_listed_count --
SELECT COUNT(*) AS number FROM ({unplaced_listed}) found

-- unplaced_listed_of --
(m.sender_her IN {among_scope} OR m.receiver_her IN {among_scope})

-- messages_of_stay --
SELECT x.message, x.kind, x.sent_at, x.is_first, x.live, m.id, m.message_type, m.status, m.sender_her, m.receiver_her
FROM stay_messages x JOIN messages m ON m.sequence = x.message WHERE x.stay_id = :stay_id ORDER BY x.sent_at, x.message

-- stay_of_message --
SELECT x.stay_id FROM stay_messages x JOIN messages m ON m.sequence = x.message WHERE m.id = :id

-- stay_with --
SELECT stay_id FROM stay_messages WHERE message = :sequence

-- forget_basis_days --
DELETE FROM basis_days WHERE stay_id = :stay_id

-- forget_ready_notices --
DELETE FROM ready_notices WHERE stay_id = :stay_id

-- forget_clocks --
DELETE FROM clocks WHERE stay_id = :stay_id

-- forget_stay_municipalities --
DELETE FROM stay_municipalities WHERE stay_id = :stay_id

-- forget_events --
-- The messages were looked at, and have no part in a pathway any more.
UPDATE pathway_events SET event = NULL, undelivered = 0, forgotten = 1
WHERE message IN (SELECT message FROM stay_messages WHERE stay_id = :stay_id)

-- forget_tasks --
DELETE FROM plan_tasks WHERE plan_id IN (SELECT plan_id FROM plans WHERE stay_id = :stay_id)

-- forget_plans --
-- The plan that its discharge started: without the stay it would be told as one whose discharge was taken back.
DELETE FROM plans WHERE stay_id = :stay_id

-- forget_stay_messages --
DELETE FROM stay_messages WHERE stay_id = :stay_id

-- forget_stay --
DELETE FROM stays WHERE stay_id = :stay_id

-- remove_unplaced --
DELETE FROM unplaced WHERE message = :sequence

-- patient_of_clock --
SELECT s.patient_key FROM clocks c JOIN stays s ON s.stay_id = c.stay_id WHERE c.clock_id = :clock_id

-- settle_clock --
UPDATE clocks SET settled_at = :now WHERE clock_id = :clock_id AND settled_at IS NULL

-- unplaced_of_patient --
SELECT u.message, u.patient_key, u.kind, u.reason, u.candidates, m.id AS message_id, m.received_at, m.sender_her, m.receiver_her
FROM unplaced u JOIN messages m ON m.sequence = u.message WHERE u.patient_key = :patient_key ORDER BY u.message
