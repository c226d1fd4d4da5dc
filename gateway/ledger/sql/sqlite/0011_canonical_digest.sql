-- What stays of a received body that was removed after its time: a repetition of it is still recognised.
ALTER TABLE bodies ADD COLUMN canonical_digest TEXT;   -- SHA-256 (hex) of what it said, however it was spelled
