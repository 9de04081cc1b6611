ALTER TABLE sessions DROP COLUMN repeated_at;
ALTER TABLE sessions DROP COLUMN repeats;
