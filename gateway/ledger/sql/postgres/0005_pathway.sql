-- The rows that were moved brought their numbers with them.
SELECT setval(pg_get_serial_sequence('alarms', 'alarm_id'), COALESCE((SELECT MAX(alarm_id) FROM alarms), 0) + 1, false);
