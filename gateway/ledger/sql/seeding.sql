-- seed_messages --
-- Made-up messages :first to :last, for measuring: ten or so of each patient, scattered; all with one body.
INSERT INTO messages (
    id, message_id, sender_her, sender_organisation_her, receiver_her, receiver_organisation_her, format,
    message_type, status, parent_id, conversation_id, patient_key, content_digest, acknowledgement, processing,
    signed, body_known, is_receipt, partner, generated_at, received_at, body_id, size, dated_events
)
WITH RECURSIVE numbers (n) AS (SELECT CAST(:first AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)
SELECT '00000000-0000-4000-8000-' || CAST(100000000000 + n AS TEXT),
       '00000000-0000-4000-9000-' || CAST(100000000000 + n AS TEXT),
       '88810012', '88810001', '88840011', '88840001', 'plo-1.6', 'UTSKRIVNINGSRAPPORT', 'N', NULL, NULL,
       {seeded_patient}, 'seeded', 'N', 'T', :no, :yes, :no, 'seeded', n, n, :body_id, 20000, '[]'
FROM numbers

-- seeded_patient --
'00000000000000000000000000000000000000000000000000000000' || CAST(10000000 + (n * 7919) % :patients AS TEXT)

-- seed_deliveries --
-- Their deliveries, all over.
INSERT INTO deliveries (message, is_receipt, receiver_her, lane_id, position, state, format, unchanged, created_at,
                        sent_at, final_at)
SELECT m.sequence, :no, m.receiver_her, :lane_id, m.sequence, 'delivered', m.format, :yes, m.received_at, m.received_at,
       m.received_at
FROM messages m WHERE m.content_digest = 'seeded' AND m.received_at BETWEEN :first AND :last

-- seed_events --
-- The first and the last event of each.
INSERT INTO events (message, at, code)
SELECT m.sequence, m.received_at, c.code
FROM messages m CROSS JOIN (SELECT 'message.accepted' AS code UNION ALL SELECT 'delivery.delivered') c
WHERE m.content_digest = 'seeded' AND m.received_at BETWEEN :first AND :last
