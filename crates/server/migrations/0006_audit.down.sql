DROP TABLE audit_log;
DROP TABLE audit_horizon;
-- @postgres
DROP FUNCTION audit_log_append_only();
-- @end
