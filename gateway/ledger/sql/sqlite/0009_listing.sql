-- Lists of messages are narrowed by partner and by type, newest first, however many messages there are. The conditions are
-- always true: only a query that says them too is answered from these indexes, so that they change the way of no other.
CREATE INDEX messages_sender ON messages (sender_her, sequence) WHERE sequence > 0;
CREATE INDEX messages_receiver ON messages (receiver_her, sequence) WHERE sequence > 0;
CREATE INDEX messages_sender_organisation ON messages (sender_organisation_her, sequence) WHERE sequence > 0;
CREATE INDEX messages_receiver_organisation ON messages (receiver_organisation_her, sequence) WHERE sequence > 0;
CREATE INDEX messages_type ON messages (message_type, sequence) WHERE sequence > 0;
CREATE INDEX deliveries_receiver ON deliveries (receiver_her, message) WHERE message > 0;
