-- Lists of messages are narrowed by partner and by type, newest first, however many messages there are.
CREATE INDEX messages_sender ON messages (sender_her, sequence);
CREATE INDEX messages_receiver ON messages (receiver_her, sequence);
CREATE INDEX messages_sender_organisation ON messages (sender_organisation_her, sequence)
WHERE sender_organisation_her IS NOT NULL;
CREATE INDEX messages_receiver_organisation ON messages (receiver_organisation_her, sequence)
WHERE receiver_organisation_her IS NOT NULL;
CREATE INDEX messages_type ON messages (message_type, sequence);
CREATE INDEX deliveries_receiver ON deliveries (receiver_her, message);
