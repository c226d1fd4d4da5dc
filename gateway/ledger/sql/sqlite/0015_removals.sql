-- How often everything was removed to be made anew: what was read before the last time says nothing about what stands now.
ALTER TABLE projections ADD COLUMN removals INTEGER NOT NULL DEFAULT 0;
