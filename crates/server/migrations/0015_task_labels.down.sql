-- The rank above high, which older binaries cannot read.
UPDATE tasks SET priority = 3 WHERE priority > 3;
-- @postgres
DROP FUNCTION doorward_merge_patch(TEXT, TEXT, INTEGER);
DO $$
DECLARE
    login name := current_user;
    place name := current_schema();
BEGIN
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO doorward_tenant', place);
    IF EXISTS (SELECT FROM pg_class WHERE oid = 'own_tasks'::regclass
        AND pg_get_userbyid(relowner) = 'doorward_tenant') THEN
        SET LOCAL ROLE doorward_tenant;
    END IF;
    EXECUTE format('DROP VIEW %I.own_tasks', place);
    SET LOCAL ROLE doorward_tenant;
    EXECUTE format('CREATE VIEW %1$I.own_tasks AS SELECT id, user_id, title, description, completed, completed_at, priority,
    due_at, due_sort, title_search, description_search, version, created_at, updated_at FROM %1$I.tasks', place);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I.own_tasks TO %I', place, login);
    EXECUTE format('SET LOCAL ROLE %I', login);
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM doorward_tenant', place);
END $$;
-- @end
ALTER TABLE tasks DROP COLUMN metadata;
ALTER TABLE tasks DROP COLUMN tags;
