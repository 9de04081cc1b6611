-- The log by event: rare events are found without reading the others.
CREATE INDEX audit_log_event ON audit_log (event, at, id);
