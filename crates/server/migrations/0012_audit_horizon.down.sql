-- @sqlite
DROP TRIGGER audit_log_replace;
DROP TRIGGER audit_horizon_delete;
DROP TRIGGER audit_horizon_insert;
DROP TRIGGER audit_horizon_update;
-- @end
-- @postgres
CREATE OR REPLACE FUNCTION audit_log_append_only() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.at < (SELECT h.at FROM audit_horizon h) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit_log is append-only';
END $$;
DROP TRIGGER audit_horizon_truncate ON audit_horizon;
DROP TRIGGER audit_horizon_change ON audit_horizon;
DROP FUNCTION audit_horizon_forward();
-- @end
