-- Bodies are read whole and once or twice: packing them costs more time than the space is worth.
ALTER TABLE bodies ALTER COLUMN content SET STORAGE EXTERNAL;
