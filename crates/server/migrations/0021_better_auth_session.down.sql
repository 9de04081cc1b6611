-- @postgres
DROP FUNCTION doorward_better_auth_session(TEXT, TIMESTAMPTZ, TEXT);
-- @end
