DROP INDEX audit_log_event;
