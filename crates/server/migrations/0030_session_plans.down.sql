-- @postgres
ALTER TABLE sessions ALTER COLUMN user_id RESET (n_distinct);
-- @end
