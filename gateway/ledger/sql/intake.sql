-- find_message --
-- The message a sender has given this id, if it was accepted before.
SELECT sequence, id, content_digest, body_id FROM messages WHERE message_id = :message_id AND sender_her = :sender_her

-- new_keys --
-- For a message, its delivery and its lane: numbers that nobody else gets; null: they get theirs when they are kept.
SELECT {new_message_key} AS message, {new_delivery_key} AS delivery, {new_lane_number} AS lane

-- keep_body --
INSERT INTO bodies (media_type, content) VALUES (:media_type, :content) RETURNING body_id

-- keep_message --
-- With the body that was kept just before.
INSERT INTO messages (
    sequence, id, message_id, sender_her, sender_organisation_her, receiver_her, receiver_organisation_her, format,
    message_type, status, parent_id, conversation_id, patient_key, content_digest, acknowledgement, processing,
    signed, body_known, is_receipt, partner, generated_at, received_at, body_id, size, dated_events, header_id
) VALUES (
    {message_key}, :id, :message_id, :sender_her, :sender_organisation_her, :receiver_her, :receiver_organisation_her, :format,
    :message_type, :status, :parent_id, :conversation_id, :patient_key, :content_digest, :acknowledgement, :processing,
    :signed, :body_known, :is_receipt, :partner, :generated_at, :received_at, {kept_body}, :size, :dated_events,
    :header_id
) RETURNING sequence

-- keep_event --
INSERT INTO events (message, delivery_id, at, code, detail) VALUES (:message, :delivery_id, :at, :code, :detail)

-- keep_refusal --
INSERT INTO refusals (at, partner, code, size, format, message_id, message_type, sender_her, receiver_her)
VALUES (:at, :partner, :code, :size, :format, :message_id, :message_type, :sender_her, :receiver_her)

-- keep_receipt --
INSERT INTO receipts (message, original, delivery_id, status, errors, effect, received_at)
VALUES (:message, :original, :delivery_id, :status, :errors, :effect, :received_at)

-- keep_loss --
INSERT INTO losses (delivery_id, mapping_version, total, native, extension, lost, report)
VALUES (:delivery_id, :mapping_version, :total, :native, :extension, :lost, :report)
ON CONFLICT (delivery_id) DO NOTHING

-- fact_of_ledger --
SELECT value FROM facts_of_ledger WHERE name = :name

-- keep_fact_of_ledger --
INSERT INTO facts_of_ledger (name, value) VALUES (:name, :value)
