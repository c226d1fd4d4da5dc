-- How often everything was removed to be made anew: what was read before the last time says nothing about what stands now.
ALTER TABLE projections ADD COLUMN removals INTEGER NOT NULL DEFAULT 0;
-- The newest input of that time: until it has its turn again, what was said may be there although it does not stand.
ALTER TABLE projections ADD COLUMN said_before INTEGER NOT NULL DEFAULT 0;
