-- Bodies are read whole and once or twice: packing them costs more time than the space is worth.
ALTER TABLE bodies ALTER COLUMN content SET STORAGE EXTERNAL;

-- Rows that change several times on their way leave old versions behind, which the queue would have to step over.
ALTER TABLE lanes SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
ALTER TABLE deliveries SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
