-- Which alarm a delivery has (0 none, 1 receipt overdue, 2 dead letter), and an index that holds only those deliveries whose
-- alarm is not the one they should have: to look for them costs nothing, however many alarms are open.

ALTER TABLE deliveries ADD COLUMN alarmed INTEGER NOT NULL DEFAULT 0;

CREATE INDEX deliveries_alarm_differs ON deliveries (delivery_id)
WHERE alarmed <> CASE WHEN overdue = 1 THEN 1 WHEN state = 'handed' AND settled_at IS NULL THEN 2 ELSE 0 END;

CREATE INDEX alarms_delivery ON alarms (delivery_id) WHERE delivery_id IS NOT NULL;
