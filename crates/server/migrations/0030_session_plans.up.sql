-- @postgres
-- Where most users have one session, the planner considers all sessions of a user as cheap to read as one by
-- its id, and may read the five thousand of one user in each of that user's requests. With two sessions per
-- user it prefers the id.
ALTER TABLE sessions ALTER COLUMN user_id SET (n_distinct = -0.5);
ANALYZE sessions;
-- @end
