-- @postgres
DROP FUNCTION doorward_refuse(TEXT);
-- @end
ALTER TABLE users DROP COLUMN ban_reason;
ALTER TABLE users DROP COLUMN banned_until;
