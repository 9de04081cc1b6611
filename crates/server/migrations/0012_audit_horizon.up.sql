-- What is older than the horizon can be deleted, so the horizon itself is guarded: it only moves forward,
-- and stays half a day behind the database's clock. A retention time is at least a day, and two clocks differ by less than half of one.
-- @sqlite
CREATE TRIGGER audit_horizon_update BEFORE UPDATE ON audit_horizon
WHEN NOT (typeof(NEW.at) = 'text' AND NEW.at > OLD.at
    AND NEW.at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-12 hours'))
BEGIN
    SELECT RAISE(ABORT, 'audit_horizon only moves forward, to half a day ago at most');
END;
CREATE TRIGGER audit_horizon_insert BEFORE INSERT ON audit_horizon
BEGIN
    SELECT RAISE(ABORT, 'audit_horizon only moves forward, to half a day ago at most');
END;
CREATE TRIGGER audit_horizon_delete BEFORE DELETE ON audit_horizon
BEGIN
    SELECT RAISE(ABORT, 'audit_horizon only moves forward, to half a day ago at most');
END;
-- `INSERT OR REPLACE` deletes what it replaces without asking the trigger of deletions.
CREATE TRIGGER audit_log_replace BEFORE INSERT ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_log WHERE id = NEW.id)
    OR (NEW.rowid <> -1 AND EXISTS (SELECT 1 FROM audit_log WHERE rowid = NEW.rowid))
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;
-- @end
-- @postgres
CREATE FUNCTION audit_horizon_forward() RETURNS TRIGGER LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.at > OLD.at AND NEW.at <= clock_timestamp() - INTERVAL '12 hours' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit_horizon only moves forward, to half a day ago at most';
END $$;
CREATE TRIGGER audit_horizon_change BEFORE INSERT OR UPDATE OR DELETE ON audit_horizon
    FOR EACH ROW EXECUTE FUNCTION audit_horizon_forward();
CREATE TRIGGER audit_horizon_truncate BEFORE TRUNCATE ON audit_horizon
    FOR EACH STATEMENT EXECUTE FUNCTION audit_horizon_forward();
-- Reads the horizon of the log's own schema: a temporary table of that name comes first in every search path.
CREATE OR REPLACE FUNCTION audit_log_append_only() RETURNS TRIGGER LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    horizon TIMESTAMPTZ;
BEGIN
    IF TG_OP = 'DELETE' THEN
        EXECUTE format('SELECT h.at FROM %I.audit_horizon h', TG_TABLE_SCHEMA) INTO horizon;
        IF OLD.at < horizon THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit_log is append-only';
END $$;
-- @end
