-- @postgres
DROP FUNCTION doorward_better_auth_session_of(TEXT, TIMESTAMPTZ, TEXT);
-- @end
