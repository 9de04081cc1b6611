-- Who did what to whom. Rows keep ids, never addresses, and refer to nothing, so they outlive what
-- they tell of. They can only be added; those before the horizon, which retention moves, can go.
CREATE TABLE audit_log (
    id         UUID        NOT NULL PRIMARY KEY,
    at         TIMESTAMPTZ NOT NULL,
    event      TEXT        NOT NULL,
    outcome    TEXT        NOT NULL,
    actor      TEXT        NOT NULL,
    actor_id   UUID,
    subject_id UUID,
    session_id UUID,
    detail     TEXT,
    ip         TEXT,
    user_agent TEXT,
    request_id TEXT
);
CREATE INDEX audit_log_at ON audit_log (at, id);
CREATE INDEX audit_log_subject ON audit_log (subject_id, at, id);
CREATE INDEX audit_log_actor ON audit_log (actor_id, at, id);
CREATE TABLE audit_horizon (
    only_row INTEGER     NOT NULL PRIMARY KEY CHECK (only_row = 1),
    at       TIMESTAMPTZ NOT NULL
);
INSERT INTO audit_horizon (only_row, at) VALUES (1, '1970-01-01T00:00:00.000000Z');
-- @sqlite
CREATE TRIGGER audit_log_update BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;
CREATE TRIGGER audit_log_delete BEFORE DELETE ON audit_log
WHEN OLD.at >= (SELECT at FROM audit_horizon)
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;
-- @end
-- @postgres
CREATE FUNCTION audit_log_append_only() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.at < (SELECT h.at FROM audit_horizon h) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit_log is append-only';
END $$;
CREATE TRIGGER audit_log_change BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_append_only();
CREATE TRIGGER audit_log_truncate BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_append_only();
-- @end
