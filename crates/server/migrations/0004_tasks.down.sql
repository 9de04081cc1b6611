-- @postgres
-- The view is the role's, and the login need not inherit from it. The role stays: it belongs to the
-- whole cluster, and other databases may use it.
DO $$
DECLARE
    login name := current_user;
BEGIN
    IF EXISTS (SELECT FROM pg_class WHERE oid = 'own_tasks'::regclass
        AND pg_get_userbyid(relowner) = 'doorward_tenant') THEN
        SET LOCAL ROLE doorward_tenant;
    END IF;
    DROP VIEW own_tasks;
    EXECUTE format('SET LOCAL ROLE %I', login);
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM doorward_tenant', current_schema());
END $$;
-- @end
DROP TABLE tasks;
