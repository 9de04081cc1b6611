-- A refresh moves `expires_at`, and an index on what it moves would cost it an entry in every index of
-- the table. Nothing looks sessions up by it. The absolute limit never moves.
DROP INDEX sessions_expires_at;
CREATE INDEX sessions_max_expires_at ON sessions (max_expires_at);
