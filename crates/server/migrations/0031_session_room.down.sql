-- @postgres
ALTER TABLE sessions RESET (fillfactor);
-- @end
