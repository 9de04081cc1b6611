-- @postgres
-- Where most users have one session, PostgreSQL takes all sessions of a user for as cheap as one by its id,
-- and may read the five thousand of one user in each of that user's requests. Told that a user has at least
-- two, it takes the id.
ALTER TABLE sessions ALTER COLUMN user_id SET (n_distinct = -0.5);
ANALYZE sessions;
-- @end
