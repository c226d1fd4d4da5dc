-- FHIR's own name of a message, where it is not the message's id: a receipt in FHIR refers to MessageHeader.id.
ALTER TABLE messages ADD COLUMN header_id TEXT;

CREATE INDEX messages_header ON messages (header_id) WHERE header_id IS NOT NULL;
