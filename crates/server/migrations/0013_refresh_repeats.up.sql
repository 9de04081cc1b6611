-- How often a refresh token that had been replaced was forgiven, generation after generation, and when last.
ALTER TABLE sessions ADD COLUMN repeats BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN repeated_at TIMESTAMPTZ;
